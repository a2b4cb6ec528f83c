// The engine's part in frames of version 1: until the store has said which were taken, those that
// come wait in their connections; and what came of one waits until the store has it, and says that
// no other process of the data folder took it.
#include <utility>
#include <vector>

#include "core/engine/engine.hpp"

namespace culver::engine {

void Engine::on(FrameKept&& kept, Env& env, Effects& out) {
  for (const auto id : roster_.of(kept.key)) {
    if (!roster_.edit(id)->unkept.keep(kept.nonce)) continue;
    // Somebody has what the peer has said elsewhere, and perhaps no more than that.
    if (!kept.is_first) return end_unkept(id, Fault::replayed, out);
    return take_kept(id, env, out);
  }
}

void Engine::take_kept(ConnectionId id, Env& env, Effects& out) {
  auto& unkept = roster_.edit(id)->unkept;
  while (auto then = unkept.take(env.now + store_patience)) {
    if (unkept.is_low()) pause(id, Pausing::frames, false, out);
    perform_now(id, std::move(*then), env, out);
  }
}

/// Nothing of what waited is told.
void Engine::end_unkept(ConnectionId id, Fault fault, Effects& out) {
  roster_.edit(id)->unkept.clear();
  out.emplace_back(Dropped{fault, FrameKind::message, id});
  to_connection(id, connection::Abandon{fault});
}

void Engine::pause(ConnectionId id, Pausing who, bool pauses, Effects& out) {
  auto* peer = roster_.edit(id);
  if (peer != nullptr && peer->pauses.set(who, pauses) && !connection::is_closed(peer->connection))
    out.emplace_back(ToTransport{id, connection::PauseReading{pauses}});
}

/// Without it, nothing of version 1 can be told from a repetition.
void Engine::on(FramesLoaded&& loaded, Env&, Effects& out) {
  loading_frames_.erase(loaded.key);
  const auto seen = seen_.find(loaded.key);
  if (seen == seen_.end()) return;
  if (loaded.fault)
    seen->second.lose();
  else
    seen->second.know(loaded.nonces);
  const auto theirs = roster_.of(loaded.key);
  for (const auto id : theirs)
    if (loaded.fault && !roster_.find(id)->unkept.empty()) end_unkept(id, *loaded.fault, out);
  for (const auto id : theirs) to_connection(id, connection::FramesRead{});
}

}  // namespace culver::engine
