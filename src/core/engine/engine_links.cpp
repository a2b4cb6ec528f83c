// The engine's part in the life of a peer: asked for, matched, established, written into the book,
// connected, closed.
#include "core/crypto/keys.hpp"
#include "core/engine/engine.hpp"
#include "core/wire/signaling.hpp"

namespace culver::engine {

namespace sig = wire::signaling;

// ---- pairing ------------------------------------------------------------------------------------

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
  if (!crypto::is_canonical(request.key)) {
    out.emplace_back(Dropped{Fault::bad_public_key, FrameKind::pair_request});
    return perform(pairing_.answer(request.from, false, env.now), env, out);
  }
  // Another process on our data folder, or on a copy of it. The match tells the other side why; as
  // anybody can name our key, seldom.
  if (request.key == public_key()) {
    const bool is_told = !told_own_key_ || env.now >= *told_own_key_ + own_key_pause;
    if (is_told) told_own_key_ = env.now;
    return perform(pairing_.answer(request.from, is_told, env.now), env, out);
  }
  if (!has_place(request.key))
    return perform(pairing_.answer(request.from, false, env.now), env, out);
  request.proposed_name = name_of_peer(std::move(request.proposed_name), request.key);
  const auto verdict = directory_.judge(request.key, request.proposed_name);
  const auto* why = std::get_if<Unwelcome>(&verdict);
  if (why && directory_.may_be_another(*why)) {
    namesakes_.insert_or_assign(request.from,
                                Namesake{request.key, *why->of, request.proposed_name});
    return out.push_back(
        Tell{PairRequested{request.from, request.key, std::move(request.proposed_name), why->of}});
  }
  if (why) {
    perform(pairing_.answer(request.from, false, env.now), env, out);
    turn_away(*why, request.key, KeyStanding::claimed, FrameKind::pair_request, {}, out);
    if (why->fault != Fault::peer_blocked)
      out.emplace_back(Tell{
          PairFailed{request.from, why->fault, whom(*why, request.key, request.proposed_name)}});
    return;
  }
  if (rendezvous_.is_sought(request.key)) {
    rendezvous_.let_in(request.from);
    return accept(request.from, env, out);
  }
  out.emplace_back(
      Tell{PairRequested{request.from, request.key, std::move(request.proposed_name)}});
}

/// A new match for a code replaces what the code was establishing: the peer began anew. A
/// connection that is up stays until the new one is, and one that is ending ends as it would.
void Engine::matched(signaling::Matched match, Env& env, Effects& out) {
  if (!crypto::is_canonical(match.key))
    return failed({match.peer, Fault::bad_public_key}, env, out);
  if (match.key == public_key()) return failed({match.peer, Fault::own_key}, env, out);
  if (match.crossing == signaling::Crossing::second) return matched_again(match, env, out);
  if (!rendezvous_.expects(match.peer, match.key)) {
    out.emplace_back(Dropped{Fault::key_mismatch, FrameKind::pair_match});
    return rendezvous_.failed(match.peer, Fault::key_mismatch, env);
  }
  const auto verdict = directory_.judge(match.key, std::nullopt);
  if (const auto* why = std::get_if<Unwelcome>(&verdict)) {
    turn_away(*why, match.key, KeyStanding::claimed, FrameKind::pair_match, {}, out);
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
  if (const auto id = roster_.find(match.peer); id && !link::is_secured(roster_.find(*id)->state) &&
                                                !link::is_ending(roster_.find(*id)->state))
    to_link(*id, link::Abandon{Fault::replaced}, env, out);
  if (roster_.all().size() >= links_at_once)
    return failed({match.peer, Fault::queue_full}, env, out);
  rendezvous_.matched(match.peer, match.key, env);
  Peer peer{match.peer, match.key, name_of_peer(std::move(match.proposed_name), match.key),
            {},         env.now,   match.initiator};
  peer.crossed = match.crossing == signaling::Crossing::first;
  if (is_sought) peer.sought = match.key;
  add_link(std::move(peer), env, out);
}

LinkId Engine::add_link(Peer peer, Env& env, Effects& out) {
  const LinkId id{next_link_++};
  const auto* known = directory_.find(peer.key);
  const auto demand = known && known->is_culver ? link::Demand::confirmation : link::Demand::any;
  auto link_context = context(peer.key, env);
  link::Effects effects;
  peer.state = link::start(peer.initiator, peer.key, demand, link_context, effects);
  const auto& added = roster_.add(id, std::move(peer));
  // Long before there is a channel on which a frame could come.
  if (demand == link::Demand::any) {
    out.emplace_back(LoadFrames{added.key});
    loading_frames_.insert_or_assign(added.key, env.now + book_patience);
  }
  out.emplace_back(Tell{Connecting{id, added.code, added.sought}});
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
  if (old.crossed && old.key == match.key && link::is_awaiting_offer(old.state))
    swap_roles(*id, env, out);
}

/// The same peer in the other match. What was established for it so far is dropped.
LinkId Engine::swap_roles(LinkId id, Env& env, Effects& out) {
  auto& old = *roster_.find(id);
  old.superseded = true;
  Peer peer{old.code, old.key, old.name, {}, old.matched, !old.initiator};
  peer.crossed = true;
  peer.sought = old.sought;
  const auto fresh = add_link(std::move(peer), env, out);
  to_link(id, link::Abandon{Fault::replaced}, env, out);
  return fresh;
}

// ---- links --------------------------------------------------------------------------------------

void Engine::on(FromTransport&& from, Env& env, Effects& out) {
  const auto* peer = roster_.find(from.link);
  if (peer == nullptr) return;  // late
  if (const auto* own = std::get_if<link::LocalCandidate>(&from.event))
    roster_.find(from.link)->tried.ours.count(own->candidate);
  auto event = link::event_of(std::move(from.event), peer->state);
  if (event) to_link(from.link, std::move(*event), env, out);
}

void Engine::to_link(LinkId id, link::Machine::Event event, Env& env, Effects& out) {
  auto* peer = roster_.find(id);
  if (peer == nullptr) return;
  auto link_context = context(peer->key, env);
  link::Effects effects;
  peer->state =
      fsm::step<link::Machine>(std::move(peer->state), std::move(event), link_context, effects);
  tell_how_far(id, out);
  perform(id, std::move(effects), env, out);
  if (const auto* now = roster_.find(id))
    // The peer still has to hear of it; here it is over before the newer one is told. Other ends
    // are told when the peer has heard: the program may be over then.
    if (const auto* refusing = std::get_if<link::Refusing>(&now->state);
        refusing && refusing->fault == Fault::replaced && !Roster::is_owing(*now) &&
        !letters_.is_keeping(id))
      tell_closed(id, refusing->fault, env, out);
  forget_if_closed(id, env, out);
}

/// What a proven peer has said, or has taken, and what comes of it.
struct Engine::Arrivals {
  Engine& engine;
  LinkId id;
  Env& env;
  Effects& out;
  TransferEffects files = {};
  LetterEffects letters = {};

  void take(link::TextArrived&& e) { out.emplace_back(Tell{TextReceived{id, std::move(e.text)}}); }
  void take(link::LetterArrived&& e) {
    engine.letters_.on_letter(id, std::move(e.letter), env, letters);
  }
  void take(link::LettersHadArrived&& e) { engine.letters_.on_had(id, e.had, env, letters); }
  void take(link::GoodbyeArrived&&) { engine.goodbyes_.insert(id); }
  void take(link::FileFrameArrived&& e) {
    engine.transfers_.on_frame(id, std::move(e.frame), env, files);
  }
  void take(link::ChunkArrived&& e) { engine.transfers_.on_chunk(id, std::move(e), env, files); }
  void take(link::FileFrameRefused&& e) { engine.transfers_.on_refused_frame(id, e, env, files); }
  void take(link::StreamFrameArrived&& e) {
    engine.transfers_.on_stream(id, std::move(e.frame), env, files);
  }
  void take(link::FilesWindow&& e) { engine.transfers_.on_window(id, e.bytes, env, files); }
  void take(link::EverythingSent&&) {
    engine.transfers_.on_everything_sent(id, env, files);
    engine.letters_.on_everything_sent(id, env, letters);
    for (const auto text : std::exchange(engine.roster_.find(id)->texts, {}))
      out.emplace_back(Tell{TextDelivered{id, text, false}});
  }

  void perform() {
    engine.perform(std::move(files), env, out);
    engine.perform(std::move(letters), env, out);
  }
};

void Engine::perform_at_once(LinkId id, link::Effects effects, Env& env, Effects& out) {
  Arrivals arrivals{*this, id, env, out};
  bool is_refused = false;  // with its proof: what stands behind it is not told
  for (auto& effect : effects) {
    // A signal that could not leave may have ended the link halfway.
    auto* peer = roster_.find(id);
    if (peer == nullptr || is_refused) break;
    if (peer->unremembered && !std::holds_alternative<link::TransportEffect>(effect)) {
      peer->unremembered->held.push_back(std::move(effect));
      continue;
    }
    std::visit(fsm::overload{
                   [&](link::TransportEffect&& e) {
                     if (const auto* reading = std::get_if<link::PauseReading>(&e))
                       return pause(id, Pausing::link, reading->paused, out);
                     out.emplace_back(ToTransport{id, std::move(e)});
                   },
                   [&](link::SignalOut&& e) {
                     const auto code = roster_.find(id)->code;
                     auto relay = std::visit([&](const auto& s) { return sig::relay_of(code, s); },
                                             e.signal);
                     say(std::move(relay), env, out);
                   },
                   [&](link::Dropped&& e) {
                     out.emplace_back(Dropped{e.fault, e.kind, id});
                   },
                   [&](link::Claimed&& e) { claimed(id, std::move(e), env, out); },
                   [](link::FrameTaken&&) {},  // never behind another: engine_frames.cpp
                   [&](link::GiveAgain&& e) {
                     for (auto& frame : e.frames) to_link(id, std::move(frame), env, out);
                     if (e.end) to_link(id, *e.end, env, out);
                   },
                   [&](link::Established&& e) {
                     established(id, std::move(e), env, out);
                     const auto* now = roster_.find(id);
                     is_refused = now && !now->unremembered && now->standing != Standing::connected;
                   },
                   [&](auto&& e) { arrivals.take(std::move(e)); },
               },
               std::move(effect));
  }
  arrivals.perform();
  tell_goodbyes(out);
}

/// What was said of files before is on a channel of its own, and may come behind; letters may still
/// be on their way to the disk.
void Engine::tell_goodbyes(Effects& out) {
  std::erase_if(goodbyes_, [&](LinkId id) {
    if (transfers_.has(id) || letters_.is_keeping(id)) return false;
    out.emplace_back(Tell{GoodbyeReceived{id}});
    return true;
  });
}

/// Nothing of it is believed or handed over yet, and nobody makes room for it. Whether its name is
/// another's is judged when it is proven; until then it is shown without.
void Engine::claimed(LinkId id, link::Claimed now, Env& env, Effects& out) {
  auto& peer = *roster_.find(id);
  if (auto name = name_of_peer(now.username, peer.key)) peer.name = std::move(name);
  if (directory_.is_less_than_known(peer.key, false))
    return to_link(id, link::Abandon{Fault::peer_downgraded}, env, out);
  if (!has_place(peer.key)) return to_link(id, link::Abandon{Fault::pair_refused}, env, out);
  const auto* known = directory_.find(peer.key);
  const auto verdict = directory_.judge(peer.key, peer.name);
  const auto* why = std::get_if<Unwelcome>(&verdict);
  if (why && !directory_.may_be_another(*why)) {
    turn_away(*why, peer.key, KeyStanding::claimed, FrameKind::handshake, id, out);
    peer.refused_for = why->of;
    return to_link(id, link::Abandon{why->fault}, env, out);
  }
  peer.standing = Standing::claimed;
  peer.largest_message = now.largest_message;
  pacer_.release(peer.code);
  transfers_.open(id, peer.key, {.acks = false, .largest_message = now.largest_message});
  auto name = known ? known->called() : why ? std::nullopt : peer.name;
  out.emplace_back(
      Tell{Unproven{id, peer.key, std::move(name), now.path, peer.sought.has_value()}});
}

/// The peer has proven its keys. It is connected once the book has it; until then nothing is read.
void Engine::established(LinkId id, link::Established now, Env& env, Effects& out) {
  auto& peer = *roster_.find(id);
  if (directory_.is_less_than_known(peer.key, now.is_culver))
    return to_link(id, link::Abandon{Fault::peer_downgraded}, env, out);
  if (!has_place(peer.key)) return to_link(id, link::Abandon{Fault::pair_refused}, env, out);
  if (auto name = name_of_peer(now.username, peer.key)) peer.name = std::move(name);
  const auto verdict = directory_.judge(peer.key, peer.name);
  if (const auto* why = std::get_if<Unwelcome>(&verdict)) {
    if (directory_.may_be_another(*why)) return ask_name(id, std::move(now), *why->of, env, out);
    turn_away(*why, peer.key, KeyStanding::proven, FrameKind::handshake, id, out);
    peer.refused_for = why->of;
    return to_link(id, link::Abandon{why->fault}, env, out);
  }
  pause(id, Pausing::book, true, out);
  peer.unremembered = Unremembered{std::move(now), {}, {}, {}};
  remember(id, std::get<Welcome>(verdict).instead_of, env, out);
}

void Engine::remember(LinkId id, const std::optional<PublicKey>& instead_of, Env& env,
                      Effects& out) {
  auto& peer = *roster_.find(id);
  if (!has_place(peer.key)) {
    peer.unremembered.reset();
    to_link(id, link::Abandon{Fault::pair_refused}, env, out);
    return forget_if_closed(id, env, out);
  }
  give_place(peer.key);
  auto& waiting = *peer.unremembered;
  waiting.namesake.reset();
  waiting.instead_of = instead_of;
  waiting.deadline = env.now + book_patience;
  out.emplace_back(Remember{id, peer.key, directory_.name_to_keep(peer.key, peer.name),
                            waiting.established.is_culver, instead_of});
}

void Engine::on(Remembered&& answer, Env& env, Effects& out) {
  auto* peer = roster_.find(answer.link);
  if (peer == nullptr || !peer->unremembered || peer->unremembered->namesake) return;
  auto fault = answer.fault;
  if (!fault && directory_.is_less_than_known(peer->key, peer->unremembered->established.is_culver))
    fault = Fault::peer_downgraded;
  if (fault) {
    peer->unremembered.reset();
    to_link(answer.link, link::Abandon{*fault}, env, out);
    return forget_if_closed(answer.link, env, out);
  }
  connected(answer.link, env, out);
  forget_if_closed(answer.link, env, out);
}

/// Whatever has come in since is told after it, and an older connection of the key makes room,
/// unless this one is over already.
void Engine::connected(LinkId id, Env& env, Effects& out) {
  auto& peer = *roster_.find(id);
  auto now = std::move(*peer.unremembered);
  peer.unremembered.reset();
  peer.standing = Standing::connected;
  peer.is_culver = now.established.is_culver;
  peer.largest_message = now.established.largest_message;
  pacer_.release(peer.code);
  if (link::is_up(peer.state)) {
    if (now.instead_of) make_room(*now.instead_of, id, env, out);
    make_room(peer.key, id, env, out);
  }
  rendezvous_.proven(peer.key, env);
  const auto* before = directory_.find(peer.key);
  const auto called_before = before ? before->called() : std::nullopt;
  directory_.connected(peer.key, directory_.name_to_keep(peer.key, peer.name),
                       now.established.is_culver, now.instead_of);
  if (now.established.is_culver) end_lesser(peer.key, env, out);
  const auto& settled = now.established;
  transfers_.open(id, peer.key, {settled.file_acks, settled.stream_frame, settled.largest_message});
  const auto& known = *directory_.find(peer.key);
  const bool is_renamed = called_before && known.called() != called_before;
  out.emplace_back(Tell{Connected{
      id, peer.key, known.called(), now.established.path, env.now - peer.matched, now.instead_of,
      known.is_verified, now.established.is_culver, is_renamed ? called_before : std::nullopt}});
  LetterEffects letters;
  letters_.open(id, peer.key, settled.letters, settled.largest_message, env, letters);
  perform(std::move(letters), env, out);
  pause(id, Pausing::book, false, out);
  perform_at_once(id, std::move(now.held), env, out);
}

}  // namespace culver::engine
