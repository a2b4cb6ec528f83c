// The handlers of session.hpp.
#include "core/signaling/session.hpp"

#include <algorithm>

#include "core/signaling/backoff.hpp"

namespace culver::signaling {
namespace {

namespace sig = wire::signaling;

/// As zajel-server 4 says it.
constexpr std::string_view pace_is_exceeded = "Rate limit exceeded";

PairingCode fresh_code(SessionContext& context) {
  return PairingCode::from_random(context.env.rng.bytes<PairingCode::length>());
}

Dialing dial(Place place, SessionContext& context, SessionEffects& effects) {
  effects.push_back(Dial{});
  return Dialing{std::move(place), context.env.now + dial_time};
}

void send(const sig::ClientMessage& message, SessionEffects& effects) {
  effects.push_back(SendFrame{sig::print(message)});
}

void send_registration(const Place& place, SessionContext& context, SessionEffects& effects) {
  send(sig::Register{place.code, context.config.key}, effects);
}

Backoff back_off(Place place, SessionContext& context) {
  const Duration wait = backoff(place.failures, context.env.rng);
  if (backoff_ceiling(place.failures) < backoff_cap) ++place.failures;
  return Backoff{std::move(place), context.env.now + wait};
}

Closed end(Failure fault, SessionEffects& effects) {
  effects.push_back(Announce{WentOffline{std::move(fault), false}});
  return Closed{};
}

Backoff lose(Place place, Failure fault, SessionContext& context, SessionEffects& effects) {
  effects.push_back(Announce{WentOffline{std::move(fault), true}});
  return back_off(std::move(place), context);
}

/// An attempt failed: the first one for good unless it passes with time, one after a loss until the
/// next.
template <class Next>
Next give_up(Place place, Failure fault, SessionContext& context, SessionEffects& effects) {
  if (place.held) return back_off(std::move(place), context);
  if (!passes_with_time(fault)) return end(std::move(fault), effects);
  place.held = true;
  return lose(std::move(place), std::move(fault), context, effects);
}

Closed hang_up(SessionEffects& effects) {
  effects.push_back(Hangup{});
  return Closed{};
}

/// What the session keeps to itself once it is registered.
bool is_own_business(const sig::ServerMessage& message) {
  return std::holds_alternative<sig::ServerInfo>(message) ||
         std::holds_alternative<sig::Registered>(message) ||
         std::holds_alternative<sig::CodeCollision>(message) ||
         std::holds_alternative<sig::Pong>(message) ||
         std::holds_alternative<sig::Ignored>(message);
}

}  // namespace

// ---- Offline ------------------------------------------------------------------------------------

OneOf<Dialing> Offline::on(Start&&, SessionContext& context, SessionEffects& effects) && {
  return dial(Place{fresh_code(context)}, context, effects);
}

OneOf<Closed> Offline::on(Stop&&, SessionContext&, SessionEffects&) && { return Closed{}; }

// ---- Dialing ------------------------------------------------------------------------------------

OneOf<Registering> Dialing::on(SocketOpened&&, SessionContext& context,
                               SessionEffects& effects) && {
  send_registration(place, context, effects);
  return Registering{std::move(place), context.env.now + register_time};
}

OneOf<Backoff, Closed> Dialing::on(SocketLost&& lost, SessionContext& context,
                                   SessionEffects& effects) && {
  if (lost.final) return end(std::move(lost.fault), effects);
  return give_up<OneOf<Backoff, Closed>>(std::move(place), std::move(lost.fault), context, effects);
}

OneOf<Dialing, Backoff, Closed> Dialing::on(Tick&&, SessionContext& context,
                                            SessionEffects& effects) && {
  if (context.env.now < deadline) return std::move(*this);
  effects.push_back(Hangup{});
  return give_up<OneOf<Dialing, Backoff, Closed>>(std::move(place), Fault::server_unreachable,
                                                  context, effects);
}

OneOf<Dialing> Dialing::on(NetworkChanged&&, SessionContext& context, SessionEffects& effects) && {
  effects.push_back(Hangup{});
  return dial(std::move(place), context, effects);
}

OneOf<Closed> Dialing::on(Stop&&, SessionContext&, SessionEffects& effects) && {
  return hang_up(effects);
}

// ---- Registering --------------------------------------------------------------------------------

/// Only these three are a reply; server_info and the like may come first (zajel-peer 1.1).
OneOf<Registering, Ready, Backoff, Closed> Registering::on(Frame&& frame, SessionContext& context,
                                                           SessionEffects& effects) && {
  bad_frames = 0;
  if (const auto* registered = std::get_if<sig::Registered>(&frame.message);
      registered && registered->code == place.code) {
    place.held = true;
    effects.push_back(Announce{WentOnline{place.code}});
    return Ready{std::move(place), context.env.now + ping_interval};
  }
  const bool collision = std::holds_alternative<sig::CodeCollision>(frame.message);
  if (collision && collisions < collisions_in_a_row) {
    ++collisions;
    place.code = fresh_code(context);
    send_registration(place, context, effects);
    return std::move(*this);
  }
  const auto* error = std::get_if<sig::Error>(&frame.message);
  if (!collision && !error) return std::move(*this);
  const bool is_pace = error && error->message.starts_with(pace_is_exceeded);
  effects.push_back(Hangup{});
  return give_up<OneOf<Registering, Ready, Backoff, Closed>>(
      std::move(place), is_pace ? Fault::rate_limited : Fault::registration_failed, context,
      effects);
}

OneOf<Registering, Backoff, Closed> Registering::on(BadFrame&& bad, SessionContext& context,
                                                    SessionEffects& effects) && {
  if (++bad_frames <= bad_frames_in_a_row) return std::move(*this);
  effects.push_back(Hangup{});
  return give_up<OneOf<Registering, Backoff, Closed>>(std::move(place), bad.fault, context,
                                                      effects);
}

OneOf<Backoff, Closed> Registering::on(SocketLost&& lost, SessionContext& context,
                                       SessionEffects& effects) && {
  if (lost.final) return end(std::move(lost.fault), effects);
  return give_up<OneOf<Backoff, Closed>>(std::move(place), std::move(lost.fault), context, effects);
}

OneOf<Registering, Backoff, Closed> Registering::on(Tick&&, SessionContext& context,
                                                    SessionEffects& effects) && {
  if (context.env.now < deadline) return std::move(*this);
  effects.push_back(Hangup{});
  return give_up<OneOf<Registering, Backoff, Closed>>(std::move(place), Fault::server_silent,
                                                      context, effects);
}

OneOf<Closed> Registering::on(Stop&&, SessionContext&, SessionEffects& effects) && {
  return hang_up(effects);
}

// ---- Ready --------------------------------------------------------------------------------------

OneOf<Ready> Ready::on(Frame&& frame, SessionContext&, SessionEffects& effects) && {
  unanswered = 0;
  bad_frames = 0;
  if (!is_own_business(frame.message))
    effects.push_back(Announce{Received{std::move(frame.message)}});
  return std::move(*this);
}

OneOf<Ready, Backoff> Ready::on(BadFrame&& bad, SessionContext& context,
                                SessionEffects& effects) && {
  unanswered = 0;
  if (++bad_frames <= bad_frames_in_a_row) return std::move(*this);
  effects.push_back(Hangup{});
  return lose(std::move(place), bad.fault, context, effects);
}

OneOf<Ready> Ready::on(SendMessage&& message, SessionContext&, SessionEffects& effects) && {
  send(message.message, effects);
  return std::move(*this);
}

/// TCP would take minutes to notice; peers that look for us need the server in seconds.
OneOf<Ready> Ready::on(NetworkChanged&&, SessionContext& context, SessionEffects& effects) && {
  if (unanswered < pings_unanswered) send(sig::Ping{}, effects);
  unanswered = pings_unanswered;
  deadline = std::min(deadline, context.env.now + moved_patience);
  return std::move(*this);
}

OneOf<Backoff, Closed> Ready::on(SocketLost&& lost, SessionContext& context,
                                 SessionEffects& effects) && {
  if (lost.final) return end(std::move(lost.fault), effects);
  return lose(std::move(place), std::move(lost.fault), context, effects);
}

OneOf<Ready, Backoff> Ready::on(Tick&&, SessionContext& context, SessionEffects& effects) && {
  if (context.env.now < deadline) return std::move(*this);
  if (unanswered == pings_unanswered) {
    effects.push_back(Hangup{});
    return lose(std::move(place), Fault::server_silent, context, effects);
  }
  // The backoff begins anew only now: a server that takes us and drops us is not hammered.
  if (unanswered == 0) place.failures = 0;
  ++unanswered;
  deadline = context.env.now + ping_interval;
  send(sig::Ping{}, effects);
  return std::move(*this);
}

OneOf<Closed> Ready::on(Stop&&, SessionContext&, SessionEffects& effects) && {
  return hang_up(effects);
}

// ---- Backoff ------------------------------------------------------------------------------------

OneOf<Dialing> Backoff::on(NetworkChanged&&, SessionContext& context, SessionEffects& effects) && {
  return dial(std::move(place), context, effects);
}

OneOf<Backoff, Dialing> Backoff::on(Tick&&, SessionContext& context, SessionEffects& effects) && {
  if (context.env.now < deadline) return std::move(*this);
  return dial(std::move(place), context, effects);
}

OneOf<Closed> Backoff::on(Stop&&, SessionContext&, SessionEffects&) && { return Closed{}; }

}  // namespace culver::signaling
