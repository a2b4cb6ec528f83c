// Sockets of devices: the handshake, the frames of a session, and signaling on the same socket.
#include <algorithm>
#include <chrono>

#include "core/relay/hub.hpp"
#include "core/wire/limits.hpp"

namespace culver::relay {
namespace {

namespace sig = wire::signaling;
using device_session::BadFrame;

device_session::Event event_of(wire::gateway::SessionMessage message) {
  namespace gateway = wire::gateway;
  namespace said = device_session;
  using Said = device_session::Event;
  return std::visit(
      fsm::overload{
          [](gateway::NewEvent&& m) -> Said { return said::EventCame{std::move(m)}; },
          [](gateway::AckReceived&& m) -> Said { return said::AckCame{m}; },
          [](gateway::ReplayRequest&& m) -> Said { return said::ReplayAsked{m}; },
          [](gateway::Ping&&) -> Said { return said::PingCame{}; },
          [](gateway::ScratchpadSync&& m) -> Said { return said::ScratchpadCame{std::move(m)}; },
          [](gateway::InitiatePairing&& m) -> Said { return said::CodeAsked{m}; },
          [](gateway::AnswerPairing&& m) -> Said { return said::AnswerCame{m}; },
          [](gateway::CompletePairing&& m) -> Said { return said::CodeCame{std::move(m)}; },
      },
      std::move(message));
}

BadFrame bad(Fault fault, Duration retry_after = {}) {
  return {{fault, std::nullopt, std::nullopt}, retry_after};
}

}  // namespace

// ---- the handshake ------------------------------------------------------------------------------

void Hub::open_gateway(SocketId id, Socket& socket, Effects& effects) {
  effects.push_back(LimitFrames{id, wire::limits::handshake_frame_in});
  const auto deadline = socket.accepted + limits_.handshake;
  socket.place = std::make_unique<Handshaking>(
      Handshaking{handshake::server::AwaitingHello{deadline}, {}, false});
  due_.set(id, deadline);
}

Gateway::Context Hub::gateway_context(SocketId id, const Socket& socket, const Env& env) {
  return {id, socket.address, env, limits_, addresses_, questions_, counters_};
}

void Hub::take_handshake(SocketId id, Socket& socket, std::string text, const Env& env,
                         Effects& effects) {
  auto& shaking = *socket.handshaking();
  if (text.size() > wire::limits::handshake_frame_in)
    return take_too_large(id, socket, env, effects);
  const bool is_early = !shaking.is_counted && wire::gateway::is_of_session(text) &&
                        !wire::gateway::is_handshake(text);
  if (is_early) return take_early(id, socket, env, effects);
  // What a machine forgives it counts itself.
  if (!handshake::server::forgives(shaking.state) &&
      (!socket.messages.take(limits_.messages_per_socket, env.now) ||
       !addresses_.take_message(socket.address, env.now)))
    return close(id, Fault::rate_limited, env, effects);
  auto context = gateway_context(id, socket, env);
  gateway_.take(shaking, std::move(text), context, effects);
  due_.set(id, fsm::deadline_of(shaking.state));
}

/// A handshake has no frame of that size; but a client of version 1 may have kept one.
void Hub::take_too_large(SocketId id, Socket& socket, const Env& env, Effects& effects) {
  auto& shaking = *socket.handshaking();
  if (!handshake::server::forgives(shaking.state)) return close(id, Fault::too_large, env, effects);
  auto context = gateway_context(id, socket, env);
  gateway_.overlook(shaking, context, effects);
  due_.set(id, fsm::deadline_of(shaking.state));
}

void Hub::answered(const ForHandshake& asked, Answer&& answer, const Env& env, Effects& effects) {
  auto* socket = find(asked.socket);
  auto* shaking = socket ? socket->handshaking() : nullptr;
  if (!shaking) return;
  const auto* typed = std::get_if<Result<Admission>>(&answer);
  const auto admission = typed ? *typed : Result<Admission>(fail(Fault::store_failed));
  auto context = gateway_context(asked.socket, *socket, env);
  gateway_.answer(*shaking, admission, devices_, context, effects);
  if (std::holds_alternative<handshake::server::Established>(shaking->state))
    establish(asked.socket, *socket, *admission, env, effects);
}

void Hub::establish(SocketId id, Socket& socket, const Admission& admission, const Env& env,
                    Effects& effects) {
  auto& shaking = *socket.handshaking();
  auto established = std::get<handshake::server::Established>(std::move(shaking.state));
  auto waiting = shaking.waiting.take();
  gateway_.end(shaking, counters_);
  const unsigned version = established.records ? 2 : 1;
  ++counters_.established[version - 1];

  const auto& record = admission.device;
  const auto older = devices_.socket_of(record.device);
  if (older) step_device(*older, device_session::Replaced{}, env, effects);
  device_session::SessionData data{record.user,
                                   record.device,
                                   record.key,
                                   version,
                                   record.name,
                                   record.type,
                                   Position(admission.cursor, admission.head),
                                   env.now + limits_.session_life,
                                   established.admitted.expires_at,
                                   env.now + limits_.ping_interval};
  effects.push_back(LimitFrames{id, wire::limits::gateway_frame_in});
  effects.push_back(SendToSocket{id, std::move(established.greeting)});
  auto context = device_context(id, socket, env);
  device_session::enter(data, older.has_value(), context, effects);
  socket.place = std::make_unique<DeviceSocket>(
      DeviceSocket{device_session::Live{std::move(data)},
                   session::Unregistered{established.proof, std::nullopt},
                   std::move(established.records),
                   {},
                   {}});
  due_.set(id, device_session::deadline_of(socket.device()->session, limits_));
  for (auto& frame : waiting) take_sealed(id, std::move(frame), env, effects);
}

// ---- a device's frames --------------------------------------------------------------------------

device_session::Context Hub::device_context(SocketId id, const Socket& socket, const Env& env) {
  return {id,         socket.address, env,      clock_.ran(env.now), limits_, devices_, addresses_,
          questions_, codes_,         counters_};
}

void Hub::step_device(SocketId id, device_session::Event event, const Env& env, Effects& effects) {
  auto* socket = find(id);
  auto* device = socket ? socket->device() : nullptr;
  if (!device) return;
  auto context = device_context(id, *socket, env);
  device->session = fsm::step<device_session::Machine>(std::move(device->session), std::move(event),
                                                       context, effects);
  due_.set(id, device_session::deadline_of(device->session, limits_));
  // At most one step deep: whoever waits to be let in decides about nobody by being answered.
  for (auto& [joining, verdict] : context.verdicts)
    std::visit([&, to = joining](auto&& v) { step_device(to, std::move(v), env, effects); },
               std::move(verdict));
}

/// As it came: opened if the session is sealed.
void Hub::take_sealed(SocketId id, std::string frame, const Env& env, Effects& effects) {
  auto& device = *find(id)->device();
  if (!device_session::data_of(device.session)) {
    ++counters_.frames_ignored;
    return;
  }
  step_device(id, device_session::Heard{}, env, effects);
  step_session(id, session::Heard{}, env, effects);
  if (device.records) {
    auto text = device.records->in.open(frame);
    if (!text) return close(id, text.error(), env, effects);
    frame = std::move(*text);
  }
  if (device_session::wants_input(device.session))
    return take_device(id, std::move(frame), env, effects);
  ++counters_.frames_waited;
  if (!device.waiting.push(std::move(frame), limits_)) close(id, Fault::queue_full, env, effects);
}

void Hub::take_device(SocketId id, std::string text, const Env& env, Effects& effects) {
  auto& socket = *find(id);
  auto& device = *socket.device();
  const auto wait = device.frames.wait(limits_.frames_per_session, env.now);
  if (wait > Duration::zero()) return step_device(id, bad(Fault::rate_limited, wait), env, effects);
  device.frames.take(limits_.frames_per_session, env.now);

  using wire::gateway::Dialect;
  auto message =
      wire::gateway::parse_session(text, device.records ? Dialect::own : Dialect::original);
  if (message) return step_device(id, event_of(std::move(*message)), env, effects);
  if (message.error().fault == Fault::unknown_message)
    return take_signaling(id, socket, text, env, effects);
  step_device(id, BadFrame{message.error()}, env, effects);
}

/// A message of open signaling, from a device that is known.
void Hub::take_signaling(SocketId id, Socket& socket, const std::string& text, const Env& env,
                         Effects& effects) {
  auto message = sig::parse_client(text);
  // In version 1 what we do not know is passed over, a late frame of the handshake as well.
  if (!message && message.error() == Fault::unknown_message && !socket.device()->records) {
    ++counters_.frames_ignored;
    return;
  }
  const auto& rate = limits_.messages_per_device;
  const auto wait = socket.messages.wait(rate, env.now);
  if (!socket.messages.take(rate, env.now) || !addresses_.take_message(socket.address, env.now))
    return refuse_signaling(id, Fault::rate_limited, std::max(wait, limits_.store_retry), effects);
  if (!message) {
    const bool is_late =
        message.error() == Fault::unknown_message && wire::gateway::is_handshake(text);
    const auto fault = is_late ? Fault::handshake_out_of_order : message.error();
    return refuse_signaling(id, fault, Duration::zero(), effects);
  }
  auto asked = admit(socket, std::move(*message), env.now);
  if (!asked) return refuse_signaling(id, Fault::rate_limited, asked.error(), effects);
  step_session(id, std::move(*asked), env, effects);
}

/// Whoever speaks signaling understands an error, in either version.
void Hub::refuse_signaling(SocketId id, Fault fault, Duration retry_after, Effects& effects) {
  counters_.messages_refused.add(fault);
  wire::gateway::Error error{fault, std::nullopt, std::nullopt, std::nullopt};
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(retry_after).count();
  if (wait > 0) error.retry_after_ms = static_cast<std::uint64_t>(wait);
  effects.push_back(SendToSocket{id, print(error)});
}

}  // namespace culver::relay
