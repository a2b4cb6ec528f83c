// The engine's part in frames of version 1: until the store has said which were taken, those that
// come wait in their links; and what came of one waits until the store has it, and says that no
// other process of the data folder took it.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/engine/engine.hpp"

namespace culver::engine {
namespace {

/// What is not of a frame has no need to wait for one.
bool may_overtake(const link::Effect& effect) {
  return std::holds_alternative<link::TransportEffect>(effect) ||
         std::holds_alternative<link::SignalOut>(effect) ||
         std::holds_alternative<link::Dropped>(effect) ||
         std::holds_alternative<link::GiveAgain>(effect);
}

}  // namespace

void Engine::perform(LinkId id, link::Effects effects, Env& env, Effects& out) {
  auto& peer = *roster_.find(id);
  link::Effects at_once;
  for (auto& effect : effects) {
    if (const auto* taken = std::get_if<link::FrameTaken>(&effect)) {
      if (peer.unkept.empty()) peer.unkept_by = env.now + book_patience;
      peer.unkept.push_back({taken->nonce});
      out.emplace_back(KeepFrame{peer.key, taken->nonce});
    } else if (peer.unkept.empty() || may_overtake(effect)) {
      at_once.push_back(std::move(effect));
    } else {
      peer.unkept.back().then.push_back(std::move(effect));
    }
  }
  if (peer.unkept.size() > unkept_high) pause(id, Pausing::frames, true, out);
  perform_at_once(id, std::move(at_once), env, out);
}

void Engine::on(FrameKept&& kept, Env& env, Effects& out) {
  for (auto& [id, peer] : roster_.all()) {
    if (peer.key != kept.key) continue;
    const auto frame = std::ranges::find(peer.unkept, kept.nonce, &UnkeptFrame::nonce);
    if (frame == peer.unkept.end()) continue;
    // Somebody has what the peer has said elsewhere, and perhaps no more than that.
    if (!kept.is_first) return end_unkept(id, Fault::replayed, env, out);
    frame->is_kept = true;
    return take_kept(id, env, out);
  }
}

void Engine::take_kept(LinkId id, Env& env, Effects& out) {
  for (auto* peer = roster_.find(id);
       peer != nullptr && !peer->unkept.empty() && peer->unkept.front().is_kept;
       peer = roster_.find(id)) {
    auto then = std::move(peer->unkept.front().then);
    peer->unkept.pop_front();
    peer->unkept_by = env.now + book_patience;
    if (peer->unkept.size() < unkept_low) pause(id, Pausing::frames, false, out);
    perform_at_once(id, std::move(then), env, out);
  }
  forget_if_closed(id, env, out);
}

/// Nothing of what waited is told.
void Engine::end_unkept(LinkId id, Fault fault, Env& env, Effects& out) {
  roster_.find(id)->unkept.clear();
  out.emplace_back(Dropped{fault, FrameKind::message, id});
  to_link(id, link::Abandon{fault}, env, out);
  forget_if_closed(id, env, out);
}

void Engine::pause(LinkId id, Pausing who, bool pauses, Effects& out) {
  auto* peer = roster_.find(id);
  if (peer != nullptr && peer->pauses.set(who, pauses) && !link::is_closed(peer->state))
    out.emplace_back(ToTransport{id, link::PauseReading{pauses}});
}

/// Without it, nothing of version 1 can be told from a repetition.
void Engine::on(FramesLoaded&& loaded, Env& env, Effects& out) {
  loading_frames_.erase(loaded.key);
  const auto seen = seen_.find(loaded.key);
  if (seen == seen_.end()) return;
  if (loaded.fault)
    seen->second.lose();
  else
    seen->second.know(loaded.nonces);
  std::vector<LinkId> theirs, unkept;
  for (const auto& [id, peer] : roster_.all()) {
    if (peer.key != loaded.key) continue;
    theirs.push_back(id);
    if (loaded.fault && !peer.unkept.empty()) unkept.push_back(id);
  }
  for (const auto id : unkept) end_unkept(id, *loaded.fault, env, out);
  for (const auto id : theirs) to_link(id, link::FramesRead{}, env, out);
}

/// A store that does not answer is taken to be broken.
void Engine::give_up_loading_frames(Env& env, Effects& out) {
  std::vector<PublicKey> late;
  for (const auto& [key, deadline] : loading_frames_)
    if (deadline <= env.now) late.push_back(key);
  for (const auto& [id, peer] : roster_.all())
    if (!peer.unkept.empty() && peer.unkept_by <= env.now) late.push_back(peer.key);
  for (const auto& key : late) on(FramesLoaded{key, {}, Fault::store_failed}, env, out);
}

}  // namespace culver::engine
