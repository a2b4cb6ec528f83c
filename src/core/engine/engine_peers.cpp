// The engine's part in the standing of a peer (peer.hpp): who may go from one to the next, and what
// is done and told of it.
#include "core/engine/engine.hpp"

namespace culver::engine {

void Engine::to_peer(ConnectionId id, peer::Machine::Event event, Env& env, Effects& out) {
  auto& at = *roster_.edit(id);
  peer::Context peer_context{env.now};
  peer::Effects effects;
  at.standing =
      fsm::step<peer::Machine>(std::move(at.standing), std::move(event), peer_context, effects);
  perform(id, std::move(effects), env, out);
}

void Engine::perform(ConnectionId id, peer::Effects effects, Env& env, Effects& out) {
  const auto& peer = *roster_.find(id);
  for (auto& effect : effects)
    std::visit(
        fsm::overload{
            [&](peer::PauseReading&& e) { pause(id, Pausing::book, e.paused, out); },
            [&](peer::AskWhoseName&& e) {
              out.emplace_back(Tell{NameTaken{id, peer.key, *peer.name, e.namesake}});
            },
            [&](peer::WriteDown&& e) {
              const auto name = directory_.name_to_keep(peer.key, peer.name);
              out.emplace_back(Remember{id, peer.key, name, e.is_culver, e.instead_of});
            },
            [&](peer::EndConnection&& e) { to_connection(id, connection::Abandon{e.fault}); },
            [&](peer::GiveKept&& e) { perform_now(id, std::move(e.effects), env, out); },
        },
        std::move(effect));
}

/// Nothing of it is believed or handed over yet, and nobody makes room for it. Whether its name is
/// another's is judged when it is proven; until then it is shown without.
void Engine::claimed(ConnectionId id, connection::Claimed now, Env& env, Effects& out) {
  auto& peer = *roster_.edit(id);
  if (auto name = name_of_peer(now.username, peer.key)) peer.name = std::move(name);
  if (directory_.is_less_than_known(peer.key, false))
    return to_peer(id, peer::Rejected{Fault::peer_downgraded}, env, out);
  if (!place_.is_free_for(peer.key))
    return to_peer(id, peer::Rejected{Fault::pair_refused}, env, out);
  const auto* known = directory_.find(peer.key);
  const auto verdict = directory_.judge(peer.key, peer.name);
  const auto* why = std::get_if<Unwelcome>(&verdict);
  if (why && !directory_.may_be_another(*why)) {
    reject(*why, peer.key, KeyStanding::claimed, FrameKind::handshake, id, out);
    return to_peer(id, peer::Rejected{why->fault, why->of}, env, out);
  }
  to_peer(id, peer::Claim{now.largest_message}, env, out);
  pacer_.release(peer.code);
  transfers_.open(id, peer.key, {.acks = false, .largest_message = now.largest_message});
  auto name = known ? known->called() : why ? std::nullopt : peer.name;
  out.emplace_back(
      Tell{Unproven{id, peer.key, std::move(name), now.path, peer.sought.has_value()}});
}

/// The peer has proven its keys. It is connected once the book has it; until then nothing is read.
void Engine::established(ConnectionId id, connection::Established now, Env& env, Effects& out) {
  auto& peer = *roster_.edit(id);
  if (directory_.is_less_than_known(peer.key, now.is_culver))
    return to_peer(id, peer::Rejected{Fault::peer_downgraded}, env, out);
  if (!place_.is_free_for(peer.key))
    return to_peer(id, peer::Rejected{Fault::pair_refused}, env, out);
  if (auto name = name_of_peer(now.username, peer.key)) peer.name = std::move(name);
  const auto verdict = directory_.judge(peer.key, peer.name);
  if (const auto* why = std::get_if<Unwelcome>(&verdict)) {
    // Whoever has typed or given a code expects somebody: only they can say whether it is this one.
    if (directory_.may_be_another(*why) && config_.pair_requests != PairRequests::accept)
      return to_peer(id, peer::NameTaken{std::move(now), *why->of}, env, out);
    reject(*why, peer.key, KeyStanding::proven, FrameKind::handshake, id, out);
    return to_peer(id, peer::Rejected{why->fault, why->of}, env, out);
  }
  place_.promise(peer.key);
  to_peer(id, peer::Welcomed{std::move(now), std::get<Welcome>(verdict).instead_of}, env, out);
}

// ---- a name that another has
// ---------------------------------------------------------------------

void Engine::obey(AnswerName&& answer, Env& env, Effects& out) {
  const auto* peer = roster_.find(answer.connection);
  if (peer == nullptr || !std::holds_alternative<peer::AwaitingName>(peer->standing)) return;
  if (!answer.accepted) return refuse_name(answer.connection, env, out);
  directory_.tell_apart(peer->key);
  if (!place_.is_free_for(peer->key))
    return to_peer(answer.connection, peer::Rejected{Fault::pair_refused}, env, out);
  place_.promise(peer->key);
  to_peer(answer.connection, peer::ToldApart{}, env, out);
}

void Engine::refuse_name(ConnectionId id, Env& env, Effects& out) {
  const auto& peer = *roster_.find(id);
  const auto namesake = std::get<peer::AwaitingName>(peer.standing).namesake;
  const auto fault = directory_.why_not(peer.key);
  reject({fault, namesake}, peer.key, KeyStanding::proven, FrameKind::handshake, id, out);
  to_peer(id, peer::Rejected{fault, namesake}, env, out);
}

// ---- the book
// ------------------------------------------------------------------------------------

/// An older connection of the key makes room first, unless this one is over already.
void Engine::on(Remembered&& answer, Env& env, Effects& out) {
  const auto* peer = roster_.find(answer.connection);
  const auto* from = peer ? std::get_if<peer::AwaitingPeerBook>(&peer->standing) : nullptr;
  if (from == nullptr) return;
  auto fault = answer.fault;
  if (!fault && directory_.is_less_than_known(peer->key, from->waiting.proven.is_culver))
    fault = Fault::peer_downgraded;
  if (fault) return to_peer(answer.connection, peer::Rejected{*fault}, env, out);
  if (connection::is_up(peer->connection)) {
    if (from->instead_of) make_room(*from->instead_of, answer.connection);
    make_room(peer->key, answer.connection);
  }
  later(queued::Admit{answer.connection});
}

/// Whatever has come in since is told after it.
void Engine::take(queued::Admit&& admit, Env& env, Effects& out) {
  const auto id = admit.connection;
  const auto* at = roster_.find(id);
  const auto* from = at ? std::get_if<peer::AwaitingPeerBook>(&at->standing) : nullptr;
  if (from == nullptr) return;
  const auto& peer = *at;
  const auto settled = from->waiting.proven;
  const auto instead_of = from->instead_of;
  pacer_.release(peer.code);
  rendezvous_.proven(peer.key, env);
  std::erase_if(failed_claims_, [&](const auto& claim) { return claim.first == peer.key; });
  const auto* before = directory_.find(peer.key);
  const auto called_before = before ? before->called() : std::nullopt;
  directory_.connected(peer.key, directory_.name_to_keep(peer.key, peer.name), settled.is_culver,
                       instead_of);
  if (settled.is_culver) end_lesser(peer.key);
  transfers_.open(id, peer.key, {settled.file_acks, settled.stream_frame, settled.largest_message});
  const auto& known = *directory_.find(peer.key);
  const bool is_renamed = called_before && known.called() != called_before;
  out.emplace_back(Tell{Connected{id, peer.key, known.called(), settled.path,
                                  env.now - peer.matched, instead_of, known.is_verified,
                                  settled.is_culver, is_renamed ? called_before : std::nullopt}});
  LetterEffects letters;
  letters_.open(id, peer.key, settled.letters, settled.largest_message, env, letters);
  perform(std::move(letters), env, out);
  to_peer(id, peer::Written{}, env, out);
  if (place_.take(peer.key)) return refuse_others({}, env, out);
  // Whoever was let in once is known from now on.
  if (looks_for_known_ && !place_.is_taken()) obey(LookFor{peer.key}, env, out);
}

// ---- refusals
// ------------------------------------------------------------------------------------

void Engine::reject(const Unwelcome& why, const PublicKey& key, KeyStanding standing,
                    FrameKind kind, std::optional<ConnectionId> connection, Effects& out) {
  // A key that is somebody else's already is nobody's new one.
  if (why.of && !directory_.find(key)) out.emplace_back(KeepOffered{*why.of, key, standing});
  out.emplace_back(Dropped{why.fault, kind, connection});
}

Whom Engine::whom(const Unwelcome& why, const PublicKey& key,
                  std::optional<Plaintext> claimed) const {
  // A key that is known is told by the name by which it is.
  const bool is_known = why.fault == Fault::name_of_another;
  const auto about = is_known ? key : why.of.value_or(key);
  const auto* known = directory_.find(about);
  return {about, known ? known->called() : std::nullopt,
          is_known ? std::move(claimed) : std::nullopt};
}

}  // namespace culver::engine
