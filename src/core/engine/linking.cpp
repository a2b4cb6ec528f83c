// The handlers of linking.hpp.
#include "core/engine/linking.hpp"

#include <algorithm>

#include "core/wire/gateway.hpp"

namespace culver::engine::linking {
namespace {

namespace gateway = wire::gateway;

Over fail_with(Fault fault, Effects& effects) {
  effects.emplace_back(Failed{fault});
  return {};
}

template <class State>
OneOf<State, Over> tick(State&& state, Fault too_late, const Context& context, Effects& effects) {
  if (context.env.now < state.deadline) return std::move(state);
  return fail_with(too_late, effects);
}

Duration at_most(Duration longest, std::uint64_t told_ms) {
  using std::chrono::milliseconds;
  const auto longest_ms = std::chrono::duration_cast<milliseconds>(longest).count();
  return milliseconds(std::min(told_ms, static_cast<std::uint64_t>(longest_ms)));
}

// What the server's messages are to the machine.

using Read = std::optional<Event>;

Read event_of(const gateway::PairingInitiated& m) {
  const auto code = LinkCode::parse(m.code);
  if (!code) return std::nullopt;
  return CodeCame{*code, at_most(longest_offer, m.expires_in_ms),
                  m.asks ? Consent::asked : Consent::given};
}
Read event_of(const gateway::PairingCompleted& m) { return AccountCame{m.linked_user}; }
Read event_of(const gateway::PairingFailed& m) { return Refused{m.fault}; }
Read event_of(const gateway::DevicePaired& m) { return DeviceCame{m.device}; }
Read event_of(const gateway::PairingRequested& m) {
  return DeviceAsked{m.id, m.device, m.device_key, m.device_name,
                     at_most(longest_question, m.expires_in_ms)};
}
Read event_of(const gateway::PairingWithdrawn& m) { return Withdrawn{m.id, m.fault}; }
Read event_of(const gateway::PairingPending& m) {
  return Pending{at_most(longest_question, m.expires_in_ms)};
}

}  // namespace

// ---- Asking -------------------------------------------------------------------------------------

OneOf<Offering> Asking::on(CodeCame&& came, Context& context, Effects& effects) && {
  effects.emplace_back(Offered{came.code, came.time, came.consent});
  return Offering{context.env.now + came.time};
}

OneOf<Over> Asking::on(Refused&& refused, Context&, Effects& effects) && {
  return fail_with(refused.fault, effects);
}

OneOf<Asking, Over> Asking::on(Tick&&, Context& context, Effects& effects) && {
  return tick(std::move(*this), Fault::server_silent, context, effects);
}

// ---- Offering -----------------------------------------------------------------------------------

OneOf<Deciding> Offering::on(DeviceAsked&& asked, Context& context, Effects& effects) && {
  effects.emplace_back(Requested{asked.device, asked.device_key, std::move(asked.device_name)});
  return Deciding{context.env.now + asked.time, asked.id, asked.device};
}

OneOf<Over> Offering::on(DeviceCame&& came, Context&, Effects& effects) && {
  effects.emplace_back(Joined{came.device});
  return Over{};
}

/// Of a code that is shown, only one thing can be refused: that it is good any longer.
OneOf<Offering, Over> Offering::on(Refused&& refused, Context&, Effects& effects) && {
  if (refused.fault != Fault::link_code_burnt) return std::move(*this);
  return fail_with(refused.fault, effects);
}

OneOf<Offering, Over> Offering::on(Tick&&, Context& context, Effects& effects) && {
  return tick(std::move(*this), Fault::link_code_unused, context, effects);
}

// ---- Deciding -----------------------------------------------------------------------------------

OneOf<Admitting, Over> Deciding::on(Decided&& decided, Context& context, Effects& effects) && {
  effects.emplace_back(Say{print(gateway::AnswerPairing{id, decided.accepted})});
  if (!decided.accepted) return fail_with(Fault::link_refused_by_us, effects);
  return Admitting{context.env.now + answer_time, id, device};
}

OneOf<Deciding, Over> Deciding::on(Withdrawn&& withdrawn, Context&, Effects& effects) && {
  if (withdrawn.id != id) return std::move(*this);
  return fail_with(withdrawn.fault, effects);
}

OneOf<Deciding, Over> Deciding::on(Tick&&, Context& context, Effects& effects) && {
  return tick(std::move(*this), Fault::link_withdrawn, context, effects);
}

// ---- Admitting ----------------------------------------------------------------------------------

/// Others may come in by the codes of other devices.
OneOf<Admitting, Over> Admitting::on(DeviceCame&& came, Context&, Effects& effects) && {
  if (came.device != device) return std::move(*this);
  effects.emplace_back(Joined{came.device});
  return Over{};
}

OneOf<Admitting, Over> Admitting::on(Withdrawn&& withdrawn, Context&, Effects& effects) && {
  if (withdrawn.id != id) return std::move(*this);
  return fail_with(withdrawn.fault, effects);
}

OneOf<Over> Admitting::on(Refused&& refused, Context&, Effects& effects) && {
  return fail_with(refused.fault, effects);
}

OneOf<Admitting, Over> Admitting::on(Tick&&, Context& context, Effects& effects) && {
  return tick(std::move(*this), Fault::server_silent, context, effects);
}

// ---- Spending -----------------------------------------------------------------------------------

OneOf<AwaitingConsent> Spending::on(Pending&& pending, Context& context, Effects& effects) && {
  effects.emplace_back(Held{});
  return AwaitingConsent{context.env.now + pending.time + answer_time};
}

OneOf<Over> Spending::on(AccountCame&& came, Context&, Effects& effects) && {
  effects.emplace_back(Entered{came.account});
  return Over{};
}

OneOf<Over> Spending::on(Refused&& refused, Context&, Effects& effects) && {
  return fail_with(refused.fault, effects);
}

OneOf<Spending, Over> Spending::on(Tick&&, Context& context, Effects& effects) && {
  return tick(std::move(*this), Fault::server_silent, context, effects);
}

// ---- AwaitingConsent ----------------------------------------------------------------------------

OneOf<Over> AwaitingConsent::on(AccountCame&& came, Context&, Effects& effects) && {
  effects.emplace_back(Entered{came.account});
  return Over{};
}

OneOf<Over> AwaitingConsent::on(Refused&& refused, Context&, Effects& effects) && {
  return fail_with(refused.fault, effects);
}

OneOf<AwaitingConsent, Over> AwaitingConsent::on(Tick&&, Context& context, Effects& effects) && {
  return tick(std::move(*this), Fault::server_silent, context, effects);
}

// ---- beginning and reading ----------------------------------------------------------------------

Begun offer(Consent consent, const Env& env) {
  return {Asking{env.now + answer_time},
          print(gateway::InitiatePairing{consent == Consent::asked})};
}

Begun spend(const LinkCode& code, const Env& env) {
  return {Spending{env.now + answer_time},
          print(gateway::CompletePairing{std::string(code.text())})};
}

std::optional<Event> read(std::string_view frame) {
  auto message = gateway::parse_linking(frame);
  if (!message) return std::nullopt;
  return std::visit([](const auto& m) { return event_of(m); }, *message);
}

}  // namespace culver::engine::linking
