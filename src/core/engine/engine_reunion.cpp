// The engine's part in meeting known peers again: Reunion says whom to look for and ask, Pairing
// asks. What comes of it without a person's doing is told when it succeeds, and not when it fails.
#include "core/engine/engine.hpp"

namespace culver::engine {

void Engine::obey(Meet&& meet, Env& env, Effects& out) {
  const auto* known = acquaintances_.find(meet.key);
  if (known && known->is_blocked) return;
  const bool is_culver = known && known->is_culver;
  perform(reunion_.meet(config_.identity, meet.key, is_culver, env), env, out);
  for (const auto& [id, peer] : roster_.all())
    if (peer.key == meet.key) reunion_.matched(peer.code, peer.key, env);
}

/// What was brought was for another hour.
void Engine::on(ClockStepped&&, Env& env, Effects& out) {
  perform(reunion_.clock_set(env), env, out);
}

void Engine::obey(Unmeet&& unmeet, Env&, Effects&) { stop_looking(unmeet.key); }

void Engine::stop_looking(const PublicKey& key) {
  const auto asked = reunion_.asked();
  reunion_.unmeet(key);
  if (asked && reunion_.asked() != asked) pairing_.let_go(*asked);
}

void Engine::perform(signaling::ReunionEffects effects, Env& env, Effects& out) {
  for (auto& effect : effects)
    std::visit(
        fsm::overload{
            [&](signaling::Send&& e) { say(std::move(e.message), env, out); },
            [&](signaling::search::AskFor&& e) {
              perform(pairing_.ask(e.code, config_.username, env.now), env, out);
            },
            [&](signaling::search::LetGo&& e) { pairing_.let_go(e.code); },
            [&](signaling::WasHere&& e) {
              out.emplace_back(Tell{WasHere{e.key, e.at}});
            },
            [&](signaling::AskingLater&& e) { out.emplace_back(Tell{Paced{e.at - env.now}}); },
        },
        std::move(effect));
}

void Engine::failed(const signaling::Failed& failure, Env& env, Effects& out) {
  const bool is_ours = reunion_.is_ours(failure.peer);
  const auto sought = reunion_.sought_by(failure.peer);
  reunion_.failed(failure.peer, failure.fault, env);
  namesakes_.erase(failure.peer);
  if (!is_ours) out.emplace_back(Tell{PairFailed{failure.peer, failure.fault}});
  if (sought && failure.fault == Fault::pair_refused) out.emplace_back(Tell{TurnedAway{*sought}});
}

void Engine::take_turns(Env& env, Effects& out) {
  if (!pairing_.is_asking()) perform(reunion_.turn(env), env, out);
}

void Engine::make_way(const PairingCode& code, Env& env) {
  const auto asked = reunion_.asked();
  if (!asked) return;
  if (*asked != code) pairing_.let_go(*asked);
  reunion_.failed(*asked, Fault::cancelled, env);
}

}  // namespace culver::engine
