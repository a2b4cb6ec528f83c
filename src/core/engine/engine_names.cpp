// The engine's part in a name that another peer has: who comes by it with proven keys is asked
// about before the book has it.
#include "core/engine/engine.hpp"

namespace culver::engine {

void Engine::turn_away(const Unwelcome& why, const PublicKey& key, KeyStanding standing,
                       FrameKind kind, std::optional<LinkId> link, Effects& out) {
  // A key that is somebody else's already is nobody's new one.
  if (why.of && !directory_.find(key)) out.emplace_back(KeepOffered{*why.of, key, standing});
  out.emplace_back(Dropped{why.fault, kind, link});
}

/// Whoever has typed or given a code expects somebody: only they can say whether it is this one.
void Engine::ask_name(LinkId id, link::Established now, const PublicKey& namesake, Env& env,
                      Effects& out) {
  auto& peer = *roster_.find(id);
  pause(id, Pausing::book, true, out);
  peer.unremembered = Unremembered{std::move(now), {}, env.now + name_patience, {}, namesake};
  out.emplace_back(Tell{NameTaken{id, peer.key, *peer.name, namesake}});
}

void Engine::obey(AnswerName&& answer, Env& env, Effects& out) {
  auto* peer = roster_.find(answer.link);
  if (peer == nullptr || !peer->unremembered || !peer->unremembered->namesake) return;
  if (!answer.accepted) return refuse_name(answer.link, env, out);
  directory_.tell_apart(peer->key);
  remember(answer.link, std::nullopt, env, out);
}

void Engine::refuse_name(LinkId id, Env& env, Effects& out) {
  auto& peer = *roster_.find(id);
  peer.refused_for = peer.unremembered->namesake;
  peer.unremembered.reset();
  const auto fault = directory_.why_not(peer.key);
  turn_away({fault, peer.refused_for}, peer.key, KeyStanding::proven, FrameKind::handshake, id,
            out);
  to_link(id, link::Abandon{fault}, env, out);
  forget_if_closed(id, env, out);
}

}  // namespace culver::engine
