// The engine's part in pairings that come to something: requests of others, matches, and the
// connections that are made for them.
#include <algorithm>

#include "core/crypto/keys.hpp"
#include "core/engine/engine.hpp"

namespace culver::engine {

void Engine::perform(signaling::PairingEffects effects, Env& env, Effects& out) {
  for (auto& effect : effects)
    std::visit(fsm::overload{
                   [&](signaling::SendMessage&& e) { say(std::move(e.message), env, out); },
                   [&](signaling::Requested&& e) { requested(std::move(e), env, out); },
                   [&](signaling::Withdrawn&& e) {
                     namesakes_.erase(e.from);
                     // Who was accepted, and has left before it could be told, has failed.
                     if (std::erase(accepted_, e.from) > 0)
                       return failed(
                           {e.from, pairing_.own() ? Fault::pair_left : Fault::server_lost}, env,
                           out);
                     out.emplace_back(Tell{PairWithdrawn{e.from}});
                   },
                   [&](signaling::Failed&& e) { failed(e, env, out); },
                   [&](signaling::Matched&& e) { matched(std::move(e), env, out); },
               },
               std::move(effect));
}

void Engine::requested(signaling::Requested request, Env& env, Effects& out) {
  namesakes_.erase(request.from);
  // To a server keys are texts, and each spelling would be another peer.
  if (const auto good = crypto::check_public_key(request.key); !good) {
    out.emplace_back(Dropped{good.error(), FrameKind::pair_request});
    return decline(request.from, env, out);
  }
  // Another process on our data folder, or on a copy of it. The match tells the other side why; as
  // anybody can name our key, seldom.
  if (request.key == public_key()) {
    const bool is_told = !told_own_key_ || env.now >= *told_own_key_ + own_key_pause;
    if (is_told) told_own_key_ = env.now;
    return perform(pairing_.answer(request.from, is_told, env.now), env, out);
  }
  if (place_.is_taken() || !place_.is_free_for(request.key)) return decline(request.from, env, out);
  request.proposed_name = name_of_peer(std::move(request.proposed_name), request.key);
  const auto verdict = directory_.judge(request.key, request.proposed_name);
  const auto* why = std::get_if<Unwelcome>(&verdict);
  if (why == nullptr) return take_request(std::move(request), env, out);
  if (directory_.may_be_another(*why) && config_.pair_requests == PairRequests::ask) {
    namesakes_.insert_or_assign(request.from,
                                Namesake{request.key, *why->of, request.proposed_name});
    return out.push_back(
        Tell{PairRequested{request.from, request.key, std::move(request.proposed_name), why->of}});
  }
  decline(request.from, env, out);
  reject(*why, request.key, KeyStanding::claimed, FrameKind::pair_request, {}, out);
  if (why->fault != Fault::peer_blocked)
    out.emplace_back(
        Tell{PairFailed{request.from, why->fault, whom(*why, request.key, request.proposed_name)}});
}

/// Of somebody who is welcome.
void Engine::take_request(signaling::Requested request, Env& env, Effects& out) {
  const auto from = request.from;
  if (rendezvous_.is_sought(request.key)) {
    rendezvous_.let_in(from);
    return accept(from, env, out);
  }
  if (config_.pair_requests == PairRequests::refuse) return decline(from, env, out);
  PairRequested asked{from, request.key, std::move(request.proposed_name)};
  asked.was_forgotten = directory_.was_forgotten(request.key);
  asked.is_accepted = config_.pair_requests == PairRequests::accept && !asked.was_forgotten;
  const bool is_accepted = asked.is_accepted;
  out.emplace_back(Tell{std::move(asked)});
  if (is_accepted) let_in(from, env, out);
}

void Engine::decline(const PairingCode& from, Env& env, Effects& out) {
  perform(pairing_.answer(from, false, env.now), env, out);
}

void Engine::let_in(const PairingCode& from, Env& env, Effects& out) {
  const auto key = pairing_.key_of(from);
  // Somebody else was let in before the person had answered.
  if (key && !place_.is_free_for(*key)) return decline(from, env, out);
  const bool is_place_taken = key && place_.take(*key);
  accept(from, env, out);
  if (is_place_taken) refuse_others(from, env, out);
}

void Engine::refuse_others(const std::optional<PairingCode>& but, Env& env, Effects& out) {
  for (const auto& key : directory_.welcome()) stop_looking(key);
  for (const auto& from : pairing_.undecided()) {
    if (from == but || std::ranges::find(accepted_, from) != accepted_.end()) continue;
    namesakes_.erase(from);
    decline(from, env, out);
    out.emplace_back(Tell{PairWithdrawn{from, true}});
  }
}

/// A new match for a code replaces what the code was establishing: the peer began anew. A
/// connection that is up stays until the new one is, and one that is ending ends as it would.
void Engine::matched(signaling::Matched match, Env& env, Effects& out) {
  if (const auto good = crypto::check_public_key(match.key); !good)
    return failed({match.peer, good.error()}, env, out);
  if (match.key == public_key()) return failed({match.peer, Fault::own_key}, env, out);
  if (match.crossing == signaling::Crossing::second) return matched_again(match, env, out);
  if (!rendezvous_.expects(match.peer, match.key)) {
    out.emplace_back(Dropped{Fault::key_mismatch, FrameKind::pair_match});
    return rendezvous_.failed(match.peer, Fault::key_mismatch, env);
  }
  const auto verdict = directory_.judge(match.key, std::nullopt);
  if (const auto* why = std::get_if<Unwelcome>(&verdict)) {
    reject(*why, match.key, KeyStanding::claimed, FrameKind::pair_match, {}, out);
    const bool is_ours = rendezvous_.is_ours(match.peer);
    rendezvous_.failed(match.peer, why->fault, env);
    if (!is_ours)
      out.emplace_back(Tell{PairFailed{match.peer, why->fault, whom(*why, match.key, {})}});
    return;
  }
  const bool is_sought = rendezvous_.is_ours(match.peer);
  // It was let in without a question, and is forgotten since.
  if (is_sought && !directory_.find(match.key) && !rendezvous_.is_sought(match.key)) {
    out.emplace_back(Dropped{Fault::peer_not_known, FrameKind::pair_match});
    return rendezvous_.failed(match.peer, Fault::peer_not_known, env);
  }
  if (const auto id = roster_.find(match.peer);
      id && !connection::is_secured(roster_.find(*id)->connection) &&
      !connection::is_ending(roster_.find(*id)->connection))
    to_connection(*id, connection::Abandon{Fault::replaced});
  later(queued::Begin{std::move(match), is_sought});
}

void Engine::take(queued::Begin&& begin, Env& env, Effects& out) {
  auto& match = begin.match;
  if (roster_.all().size() >= connections_at_once)
    return failed({match.peer, Fault::queue_full}, env, out);
  rendezvous_.matched(match.peer, match.key, env);
  const bool is_crossed = match.crossing == signaling::Crossing::first;
  add_connection(
      {match.peer, match.key, name_of_peer(std::move(match.proposed_name), match.key), env.now,
       match.initiator, begin.is_sought ? std::optional(match.key) : std::nullopt,
       peer::Establishing{is_crossed}},
      env, out);
}

ConnectionId Engine::add_connection(Peer peer, Env& env, Effects& out) {
  const ConnectionId id{next_connection_++};
  const auto* known = directory_.find(peer.key);
  const auto demand =
      known && known->is_culver ? connection::Demand::confirmation : connection::Demand::any;
  auto connection_context = context(peer.key, env);
  connection::Effects effects;
  peer.connection =
      connection::start(peer.initiator, peer.key, demand, connection_context, effects);
  // Long before there is a channel on which a frame could come.
  if (demand == connection::Demand::any) {
    out.emplace_back(LoadFrames{peer.key});
    loading_frames_.set(peer.key, env.now + store_patience);
  }
  out.emplace_back(Tell{Connecting{id, peer.code, peer.sought}});
  roster_.add(id, std::move(peer));
  perform(id, std::move(effects), env, out);
  return id;
}

// ---- two matches --------------------------------------------------------------------------------

/// Of two matches that were made at once the one counts whose initiator has the smaller code.
bool Engine::leads(const PairingCode& peer) const {
  return pairing_.own() && *pairing_.own() < peer;
}

/// Who is to lead decides: it has not taken the other's offer yet, and makes one of its own. Who is
/// to follow waits for that offer, in whichever match it is.
void Engine::matched_again(const signaling::Matched& match, Env& env, Effects& out) {
  const auto id = roster_.find(match.peer);
  if (!id || !match.initiator || !leads(match.peer)) return;
  const auto& old = *roster_.find(*id);
  const auto* establishing = std::get_if<peer::Establishing>(&old.standing);
  if (establishing && establishing->crossed && old.key == match.key &&
      connection::is_awaiting_offer(old.connection))
    swap_roles(*id, env, out);
}

/// The same peer in the other match. What was established for it so far is dropped, and its end is
/// nobody's news.
ConnectionId Engine::swap_roles(ConnectionId id, Env& env, Effects& out) {
  const auto& old = *roster_.find(id);
  Peer peer{old.code,
            old.key,
            old.name,
            old.matched,
            !old.initiator,
            old.sought,
            peer::Establishing{true}};
  to_peer(id, peer::EndTold{}, env, out);
  to_connection(id, connection::Abandon{Fault::replaced});
  return add_connection(std::move(peer), env, out);
}

}  // namespace culver::engine
