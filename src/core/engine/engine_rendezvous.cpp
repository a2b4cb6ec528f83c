// The engine's part in finding known peers again: Rendezvous says whom to look for and ask, Pairing
// asks. What comes of it without a person's doing is told when it succeeds, and not when it fails.
#include "core/engine/engine.hpp"

namespace culver::engine {

void Engine::obey(LookFor&& sought, Env& env, Effects& out) {
  const auto* known = directory_.find(sought.key);
  if (known && known->is_blocked) return;
  const bool is_culver = known && known->is_culver;
  perform(rendezvous_.look_for(config_.identity, sought.key, is_culver, env), env, out);
  for (const auto& [id, peer] : roster_.all())
    if (peer.key == sought.key) rendezvous_.matched(peer.code, peer.key, env);
}

/// What was brought was for another hour.
void Engine::on(ClockStepped&&, Env& env, Effects& out) {
  perform(rendezvous_.clock_set(env), env, out);
}

void Engine::obey(StopLooking&& stop, Env&, Effects&) { stop_looking(stop.key); }

void Engine::obey(LookForKnown&&, Env& env, Effects& out) {
  looks_for_known_ = true;
  if (place_.is_taken()) return;
  for (const auto& key : directory_.welcome()) obey(LookFor{key}, env, out);
}

void Engine::obey(StopLookingForKnown&&, Env&, Effects&) {
  looks_for_known_ = false;
  for (const auto& key : directory_.welcome()) stop_looking(key);
}

void Engine::stop_looking(const PublicKey& key) {
  const auto asked = rendezvous_.asked();
  rendezvous_.stop_looking(key);
  if (asked && rendezvous_.asked() != asked) pairing_.let_go(*asked);
}

void Engine::perform(signaling::RendezvousEffects effects, Env& env, Effects& out) {
  for (auto& effect : effects)
    std::visit(
        fsm::overload{
            [&](signaling::SendMessage&& e) { say(std::move(e.message), env, out); },
            [&](signaling::lookup::AskFor&& e) {
              perform(pairing_.ask(e.code, config_.username, env.now), env, out);
            },
            [&](signaling::lookup::LetGo&& e) { pairing_.let_go(e.code); },
            [&](signaling::WasHere&& e) {
              out.emplace_back(Tell{WasHere{e.key, e.at}});
            },
            [&](signaling::AskingLater&& e) { out.emplace_back(Tell{Paced{e.at - env.now}}); },
        },
        std::move(effect));
}

void Engine::failed(const signaling::Failed& failure, Env& env, Effects& out) {
  const bool is_ours = rendezvous_.is_ours(failure.peer);
  const auto sought = rendezvous_.sought_by(failure.peer);
  rendezvous_.failed(failure.peer, failure.fault, env);
  namesakes_.erase(failure.peer);
  if (!is_ours) out.emplace_back(Tell{PairFailed{failure.peer, failure.fault}});
  if (sought && failure.fault == Fault::pair_refused)
    out.emplace_back(Tell{RefusedByPeer{*sought}});
}

void Engine::take_turns(Env& env, Effects& out) {
  if (!pairing_.is_asking()) perform(rendezvous_.turn(env), env, out);
}

void Engine::make_way(const PairingCode& code, Env& env) {
  const auto asked = rendezvous_.asked();
  if (!asked) return;
  if (*asked != code) pairing_.let_go(*asked);
  rendezvous_.failed(*asked, Fault::cancelled, env);
}

}  // namespace culver::engine
