// The engine's part in how connections end: for which others one makes room, what is told, and what
// is freed.
#include <utility>
#include <vector>

#include "core/engine/engine.hpp"

namespace culver::engine {

void Engine::make_room(const PublicKey& key, ConnectionId fresh) {
  for (const auto id : roster_.of(key))
    if (id != fresh && std::holds_alternative<peer::Connected>(roster_.find(id)->standing))
      to_connection(id, connection::Abandon{Fault::replaced});
}

/// What was begun under less than the key is known for now.
void Engine::end_lesser(const PublicKey& key) {
  for (const auto id : roster_.of(key)) {
    const auto& standing = roster_.find(id)->standing;
    const auto* connected = std::get_if<peer::Connected>(&standing);
    if (std::holds_alternative<peer::Claimed>(standing) || (connected && !connected->is_culver))
      to_connection(id, connection::Abandon{Fault::peer_downgraded});
  }
}

/// What was said of files before is on a channel of its own, and may come behind; letters may still
/// be on their way to the disk.
void Engine::tell_goodbyes(Effects& out) {
  std::erase_if(goodbyes_, [&](ConnectionId id) {
    if (transfers_.has(id) || letters_.is_keeping(id)) return false;
    out.emplace_back(Tell{GoodbyeReceived{id}});
    return true;
  });
}

void Engine::settle(Env& env, Effects& out) {
  tell_goodbyes(out);
  roster_.settle();
  const auto ending = roster_.ending();
  for (const auto id : ending) forget_if_over(id, env, out);
}

namespace {

signaling::lookup::Parted how_it_ended(std::optional<Fault> fault) {
  using How = signaling::lookup::Parted::How;
  if (!fault) return {How::goodbye};
  const bool is_sent_away = fault == Fault::peer_replaced || fault == Fault::pair_refused;
  return {is_sent_away ? How::sent_away : How::lost};
}

/// Of a side that names a key: it did not show it, or came with less than the peer has.
bool is_failed_claim(std::optional<Fault> fault) {
  return fault == Fault::peer_downgraded || fault == Fault::key_mismatch ||
         fault == Fault::fingerprint_mismatch || fault == Fault::bad_handshake ||
         fault == Fault::handshake_timeout;
}

}  // namespace

/// A try that nobody asked for comes to nothing in silence, but somebody who plays a known peer is
/// news: also that peer may be the one who has less now, and waits to be let in.
void Engine::tell_failed_claim(const Peer& peer, std::optional<Fault> fault, Effects& out) {
  if (!peer.sought || peer::was_connected(peer.standing) || !is_failed_claim(fault)) return;
  if (!failed_claims_.emplace(peer.key, *fault).second) return;
  const auto* known = directory_.find(peer.key);
  out.emplace_back(Tell{ClaimFailed{peer.key, known ? known->called() : std::nullopt, *fault}});
}

void Engine::tell_closed(ConnectionId id, std::optional<Fault> fault, Env& env, Effects& out) {
  const auto& peer = *roster_.find(id);
  const bool is_refusal = fault == Fault::peer_key_changed || fault == Fault::name_of_another ||
                          fault == Fault::peer_not_known || fault == Fault::peer_blocked;
  const bool is_no_path = fault == Fault::ice_failed || fault == Fault::ice_timeout;
  const auto* refused = std::get_if<peer::Refused>(&peer.standing);
  const auto* establishing = std::get_if<peer::Establishing>(&peer.standing);
  Closed closed{id, fault, peer::was_connected(peer.standing), std::nullopt, std::nullopt};
  if (is_refusal)
    closed.about = whom({*fault, refused ? refused->namesake : std::nullopt}, peer.key, peer.name);
  if (is_no_path && establishing) closed.tried = establishing->tried;
  letters_.close(id);
  goodbyes_.erase(id);
  TransferEffects effects;
  transfers_.close(id, fault.value_or(Fault::peer_gone), env, effects);
  perform(std::move(effects), env, out);
  tell_failed_claim(peer, fault, out);
  out.emplace_back(Tell{std::move(closed)});
  to_peer(id, peer::EndTold{}, env, out);
}

void Engine::forget_if_over(ConnectionId id, Env& env, Effects& out) {
  const auto& peer = *roster_.find(id);
  // What it said before it left is still to be told.
  if (peer.is_owing() || letters_.is_keeping(id)) return;
  const auto* over = std::get_if<connection::Closed>(&peer.connection);
  const auto fault = over ? over->fault : Fault::replaced;
  if (!std::holds_alternative<peer::Ended>(peer.standing)) tell_closed(id, fault, env, out);
  if (!over) return;
  const auto key = peer.key;
  const auto code = peer.code;
  const bool was_connected = peer::was_connected(peer.standing);
  roster_.remove(id);
  if (!roster_.find(code)) pacer_.drop(code);
  if (roster_.has(key)) return;
  const bool is_free_again = !was_connected && place_.give_up(key);
  seen_.erase(key);
  loading_frames_.erase(key);
  rendezvous_.parted(key, how_it_ended(fault), env);
  if (is_free_again && looks_for_known_) obey(LookForKnown{}, env, out);
}

}  // namespace culver::engine
