// The engine's part in how links end: for which others one makes room, what is told, and what is
// freed.
#include <utility>
#include <vector>

#include "core/engine/engine.hpp"

namespace culver::engine {

void Engine::make_room(const PublicKey& key, LinkId fresh, Env& env, Effects& out) {
  if (const auto old = roster_.connected(key, fresh))
    to_link(*old, link::Abandon{Fault::replaced}, env, out);
}

/// What was begun under less than the key is known for now.
void Engine::end_lesser(const PublicKey& key, Env& env, Effects& out) {
  std::vector<LinkId> lesser;
  for (const auto& [id, peer] : roster_.all())
    if (peer.key == key && peer.standing != Standing::establishing && !peer.is_culver &&
        !peer.unremembered)
      lesser.push_back(id);
  for (const auto id : lesser) to_link(id, link::Abandon{Fault::peer_downgraded}, env, out);
}

namespace {

signaling::lookup::Parted how_it_ended(std::optional<Fault> fault) {
  using How = signaling::lookup::Parted::How;
  if (!fault) return {How::goodbye};
  const bool is_sent_away = fault == Fault::peer_replaced || fault == Fault::pair_refused;
  return {is_sent_away ? How::sent_away : How::lost};
}

}  // namespace

/// Once; nothing more of it is told or taken then.
void Engine::tell_closed(LinkId id, std::optional<Fault> fault, Env& env, Effects& out) {
  auto& peer = *roster_.find(id);
  const bool is_refusal = fault == Fault::peer_key_changed || fault == Fault::name_of_another ||
                          fault == Fault::peer_not_known || fault == Fault::peer_blocked;
  const bool is_no_path = fault == Fault::ice_failed || fault == Fault::ice_timeout;
  const bool is_told = !std::exchange(peer.superseded, true);
  Closed closed{id, fault, peer.standing == Standing::connected,
                is_refusal ? std::optional(whom({*fault, peer.refused_for}, peer.key, peer.name))
                           : std::nullopt,
                is_no_path ? std::optional(peer.tried) : std::nullopt};
  letters_.close(id);
  goodbyes_.erase(id);
  TransferEffects effects;
  transfers_.close(id, fault.value_or(Fault::peer_gone), env, effects);
  perform(std::move(effects), env, out);
  if (is_told) out.emplace_back(Tell{std::move(closed)});
}

void Engine::forget_if_closed(LinkId id, Env& env, Effects& out) {
  const auto* peer = roster_.find(id);
  if (peer == nullptr || !link::is_closed(peer->state)) return;
  // What it said before it left is still to be told.
  if (Roster::is_owing(*peer) || letters_.is_keeping(id)) return;
  const auto fault = std::get<link::Closed>(peer->state).fault;
  const auto key = peer->key;
  const auto code = peer->code;
  const bool was_connected = peer->standing == Standing::connected;
  tell_closed(id, fault, env, out);
  roster_.remove(id);
  if (!roster_.find(code)) pacer_.drop(code);
  if (!roster_.has(key)) {
    if (!was_connected && the_only_one_ == key) the_only_one_.reset();
    seen_.erase(key);
    loading_frames_.erase(key);
    rendezvous_.parted(key, how_it_ended(fault), env);
  }
}

}  // namespace culver::engine
