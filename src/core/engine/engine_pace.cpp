// The engine's part in speaking no faster than the server takes it: signals wait in the pacer, and
// so do acceptances, for whose connections there is no room yet.
#include <algorithm>

#include "core/engine/engine.hpp"

namespace culver::engine {

namespace sig = wire::signaling;

/// Out of a session nothing waits for better times: the connection is to hear of it.
void Engine::say(sig::ClientMessage message, Env& env, Effects& out) {
  const bool is_ready = std::holds_alternative<signaling::Ready>(session_);
  auto* signal = std::get_if<sig::Relay>(&message);
  if (!signal || !is_ready) {
    if (is_ready) pacer_.note(env.now);
    return later(queued::ForSession{signaling::SendMessage{std::move(message)}});
  }
  const auto target = signal->target;
  if (!pacer_.push(std::move(*signal), env.now)) return later(queued::Unsaid{target});
  say_what_may(env, out);
}

void Engine::take(queued::Unsaid&& unsaid, Env& env, Effects& out) {
  const auto id = roster_.find(unsaid.target);
  if (id && connection::needs_server(roster_.find(*id)->connection))
    take(queued::ForConnection{*id, connection::Abandon{Fault::server_lost}}, env, out);
}

void Engine::say_what_may(Env& env, Effects& out) {
  for (auto& signal : pacer_.take(env.now))
    later(queued::ForSession{signaling::SendMessage{std::move(signal)}});
  accept_what_may(env, out);
}

// ---- accepting ----------------------------------------------------------------------------------

/// What was accepted and is not told to the server yet is Undecided to Pairing, which holds few.
void Engine::accept(const PairingCode& from, Env& env, Effects& out) {
  if (std::find(accepted_.begin(), accepted_.end(), from) == accepted_.end())
    accepted_.push_back(from);
  accept_what_may(env, out);
  const auto room = pacer_.room_at();
  if (!accepted_.empty() && accepted_.back() == from && room)
    out.emplace_back(Tell{Paced{std::max(*room - env.now, Duration(0))}});
}

void Engine::accept_what_may(Env& env, Effects& out) {
  while (!accepted_.empty() && pacer_.admit(accepted_.front(), env.now)) {
    const auto from = accepted_.front();
    accepted_.pop_front();
    perform(pairing_.answer(from, true, env.now), env, out);
  }
}

std::optional<TimePoint> Engine::pacing_deadline() const {
  return accepted_.empty() ? pacer_.deadline() : pacer_.room_at();
}

void Engine::take(queued::SignalingGone&&, Env& env, Effects& out) {
  rendezvous_.offline(env);
  const auto unsaid = pacer_.clear();
  perform(pairing_.offline(), env, out);
  for (const auto& from : std::exchange(accepted_, {}))
    failed({from, Fault::server_lost}, env, out);
  for (const auto& signal : unsaid) later(queued::Unsaid{signal.target});
}

}  // namespace culver::engine
