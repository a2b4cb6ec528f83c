// The handlers of server_channel.hpp.
#include "core/engine/server_channel.hpp"

#include <utility>

#include "core/wire/limits.hpp"
#include "core/wire/signaling.hpp"

namespace culver::engine::server_channel {
namespace {

namespace hs = handshake::client;

std::optional<wire::signaling::ServerInfo> read_server_info(const std::string& frame) {
  auto message = wire::signaling::parse_server(frame);
  if (!message) return std::nullopt;
  auto* info = std::get_if<wire::signaling::ServerInfo>(&*message);
  return info ? std::optional(std::move(*info)) : std::nullopt;
}

Handshaking begin(TimePoint opened, std::string greeting, Context& context, Effects& effects) {
  hs::Context hands{context.env, context.account, context.pin};
  auto begun = hs::begin(opened, hands);
  effects.emplace_back(Transmit{std::move(begun.frame), false});
  const auto deadline = fsm::deadline_of(begun.state).value_or(opened);
  return {std::move(begun.state), std::move(greeting), false, deadline};
}

/// Lets the machine of the handshake take one event, and passes on what it sends.
void step(hs::Machine::State& machine, hs::Event event, Context& context, Effects& effects) {
  hs::Context hands{context.env, context.account, context.pin};
  hs::Effects sent;
  machine = fsm::step<hs::Machine>(std::move(machine), std::move(event), hands, sent);
  for (auto& effect : sent)
    std::visit(
        [&](hs::SendFrame&& send) {
          effects.emplace_back(Transmit{std::move(send.frame), send.binary});
        },
        std::move(effect));
}

Closed end(Failure fault, bool hang_up, Effects& effects) {
  effects.emplace_back(Ended{std::move(fault), hang_up});
  return {};
}

void pass(std::string greeting, Effects& effects) {
  effects.emplace_back(Ready{});
  if (!greeting.empty()) effects.emplace_back(Deliver{std::move(greeting)});
}

/// What is longer than any signal is an event from another device of the account: not for us.
void deliver(std::string text, Effects& effects) {
  if (text.size() > wire::limits::signaling_frame_in)
    effects.emplace_back(Ignored{Fault::too_large});
  else
    effects.emplace_back(Deliver{std::move(text)});
}

/// The server has proven who it is, and has let us in.
template <class Next>
Next enter(hs::Established now, std::string greeting, Effects& effects) {
  effects.emplace_back(Authenticated{now.proof.identity(), now.proof.version(), now.session.user});
  pass(std::move(greeting), effects);
  if (now.records) return Sealed{std::move(*now.records)};
  return Plain{};
}

/// A server that is known to shake hands and says that it cannot, or somebody who says so for it.
Failure reason(const Handshaking& state, Failure fault) {
  const bool proven = !std::holds_alternative<hs::AwaitingServerHello>(state.machine);
  if (state.claims_no_handshake && !proven) return Fault::server_downgraded;
  return fault;
}

}  // namespace

bool is_final(Fault fault) {
  switch (fault) {
    case Fault::server_not_authentic:
    case Fault::server_identity_changed:
    case Fault::server_downgraded:
    case Fault::device_revoked:
    case Fault::device_of_another:
    case Fault::device_name_refused:
    case Fault::device_replaced:
    case Fault::too_many_devices:
      return true;
    default:
      return false;
  }
}

// ---- Closed -------------------------------------------------------------------------------------

OneOf<AwaitingGreeting, Handshaking> Closed::on(Opened&&, Context& context, Effects& effects) && {
  const auto now = context.env.now;
  if (context.pin.identity) return begin(now, "", context, effects);
  return AwaitingGreeting{now, now + greeting_time};
}

// ---- AwaitingGreeting ---------------------------------------------------------------------------

OneOf<Handshaking, Open> AwaitingGreeting::on(Frame&& frame, Context& context,
                                              Effects& effects) && {
  const auto info = read_server_info(frame.bytes);
  if (info && info->gateway >= wire::gateway::oldest_version)
    return begin(opened, std::move(frame.bytes), context, effects);
  pass(std::move(frame.bytes), effects);
  return Open{};
}

OneOf<AwaitingGreeting, Open> AwaitingGreeting::on(Tick&&, Context& context, Effects& effects) && {
  if (context.env.now < deadline) return std::move(*this);
  pass("", effects);
  return Open{};
}

// ---- Handshaking
// ------------------------------------------------------------------------------------

OneOf<Handshaking, Plain, Sealed, Closed> Handshaking::on(Frame&& frame, Context& context,
                                                          Effects& effects) && {
  using Next = OneOf<Handshaking, Plain, Sealed, Closed>;
  if (const auto info = greeting.empty() ? read_server_info(frame.bytes) : std::nullopt) {
    greeting = std::move(frame.bytes);
    claims_no_handshake = info->gateway < wire::gateway::oldest_version;
    // It may be a lie: the proof is still waited for, but not for long.
    if (claims_no_handshake) deadline = std::min(deadline, context.env.now + greeting_time);
    return std::move(*this);
  }
  auto event = hs::read(machine, std::move(frame.bytes));
  step(machine, std::move(event), context, effects);
  if (auto* established = std::get_if<hs::Established>(&machine))
    return enter<Next>(std::move(*established), std::move(greeting), effects);
  if (const auto* rejected = std::get_if<hs::Rejected>(&machine))
    return end(rejected->fault, true, effects);
  if (const auto* proven = std::get_if<hs::AwaitingEstablished>(&machine))
    deadline = proven->deadline;
  return std::move(*this);
}

OneOf<Handshaking, Closed> Handshaking::on(Tick&&, Context& context, Effects& effects) && {
  if (context.env.now < deadline) return std::move(*this);
  return end(reason(*this, Fault::gateway_timeout), true, effects);
}

OneOf<Closed> Handshaking::on(Lost&& lost, Context&, Effects& effects) && {
  return end(reason(*this, std::move(lost.fault)), false, effects);
}

// ---- Open ---------------------------------------------------------------------------------------

OneOf<Open> Open::on(Frame&& frame, Context&, Effects& effects) && {
  effects.emplace_back(Deliver{std::move(frame.bytes)});
  return std::move(*this);
}

// ---- Plain --------------------------------------------------------------------------------------

OneOf<Plain> Plain::on(Frame&& frame, Context&, Effects& effects) && {
  deliver(std::move(frame.bytes), effects);
  return std::move(*this);
}

// ---- Sealed -------------------------------------------------------------------------------------

OneOf<Sealed, Closed> Sealed::on(Frame&& frame, Context&, Effects& effects) && {
  auto text = records.in.open(frame.bytes);
  if (!text) return end(text.error(), true, effects);
  deliver(std::move(*text), effects);
  return std::move(*this);
}

OneOf<Sealed> Sealed::on(Say&& say, Context&, Effects& effects) && {
  effects.emplace_back(Transmit{records.out.seal(say.text), true});
  return std::move(*this);
}

}  // namespace culver::engine::server_channel
