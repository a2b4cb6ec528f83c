// The engine's part in frames of version 1: until the store has said which were taken, those that
// come wait in their links.
#include "core/engine/engine.hpp"

namespace culver::engine {

/// Without it, nothing of version 1 can be told from a repetition.
void Engine::on(FramesLoaded&& loaded, Env& env, Effects& out) {
  loading_frames_.erase(loaded.key);
  const auto seen = seen_.find(loaded.key);
  if (seen == seen_.end()) return;
  if (loaded.fault)
    seen->second.lose();
  else
    seen->second.know(loaded.nonces);
  std::vector<LinkId> theirs;
  for (const auto& [id, peer] : roster_.all())
    if (peer.key == loaded.key) theirs.push_back(id);
  for (const auto id : theirs) to_link(id, link::FramesRead{}, env, out);
}

/// A store that does not answer is taken to be broken.
void Engine::give_up_loading_frames(Env& env, Effects& out) {
  std::vector<PublicKey> late;
  for (const auto& [key, deadline] : loading_frames_)
    if (deadline <= env.now) late.push_back(key);
  for (const auto& key : late) on(FramesLoaded{key, {}, Fault::store_failed}, env, out);
}

}  // namespace culver::engine
