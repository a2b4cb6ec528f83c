#include "core/engine/engine.hpp"

#include <algorithm>

#include "core/wire/sdp.hpp"
#include "core/wire/signaling.hpp"

namespace culver::engine {

namespace sig = wire::signaling;

Engine::Engine(Config config)
    : config_(std::move(config)),
      self_{config_.identity, config_.username, config_.streams},
      session_config_{config_.identity.shared},
      acquaintances_(std::move(config_.known), config_.trust),
      transfers_(config_.largest_file) {}

void Engine::step(Event event, Env& env, Effects& effects) {
  std::visit([&](auto&& e) { on(std::move(e), env, effects); }, std::move(event));
}

std::optional<TimePoint> Engine::deadline() const {
  auto next = fsm::earlier(server_deadline(), pairing_.deadline());
  next = fsm::earlier(next, reunion_.deadline());
  next = fsm::earlier(next, transfers_.deadline());
  for (const auto& [id, peer] : roster_.all()) {
    next = fsm::earlier(next, fsm::deadline_of(peer.state));
    if (peer.unremembered) next = fsm::earlier(next, peer.unremembered->deadline);
  }
  return next;
}

/// The session's time to dial stands still while the gate opens.
std::optional<TimePoint> Engine::server_deadline() const {
  return gate::is_opening(gate_) ? fsm::deadline_of(gate_) : fsm::deadline_of(session_);
}

Census Engine::census() const {
  const bool away = std::holds_alternative<signaling::Offline>(session_) ||
                    std::holds_alternative<signaling::Closed>(session_);
  return {roster_.all().size(), transfers_.live(), !away};
}

// ---- commands -----------------------------------------------------------------------------------

void Engine::on(Command&& command, Env& env, Effects& out) {
  std::visit([&](auto&& c) { obey(std::move(c), env, out); }, std::move(command));
  take_turns(env, out);
}

void Engine::obey(GoOnline&&, Env& env, Effects& out) {
  if (std::holds_alternative<signaling::Closed>(session_)) session_ = signaling::Offline{};
  to_session(signaling::Start{}, env, out);
}

void Engine::obey(GoOffline&&, Env& env, Effects& out) {
  to_session(signaling::Stop{}, env, out);
  reunion_.offline(env);
  perform(pairing_.offline(), env, out);
}

void Engine::obey(Pair&& pair, Env& env, Effects& out) {
  make_way(pair.code, env);
  perform(pairing_.ask(pair.code, config_.username, env.now), env, out);
}

void Engine::obey(AnswerPair&& answer, Env& env, Effects& out) {
  perform(pairing_.answer(answer.from, answer.accepted, env.now), env, out);
}

void Engine::obey(SendText&& send, Env& env, Effects& out) {
  const auto* peer = roster_.find(send.link);
  if (peer == nullptr || !peer->connected || !link::is_secured(peer->state)) {
    out.emplace_back(Tell{TextFailed{send.link, Fault::not_connected}});
  } else if (wire::peer::escape(send.text).size() > wire::limits::text) {
    out.emplace_back(Tell{TextFailed{send.link, Fault::text_too_long}});
  } else {
    to_link(send.link, link::SendText{std::move(send.text)}, env, out);
  }
}

void Engine::obey(SendFile&& file, Env& env, Effects& out) {
  TransferEffects effects;
  transfers_.send(file, env, effects);
  perform(std::move(effects), env, out);
}

void Engine::obey(AnswerFile&& answer, Env& env, Effects& out) {
  TransferEffects effects;
  transfers_.decide(answer.transfer, answer.accepted, env, effects);
  perform(std::move(effects), env, out);
}

void Engine::obey(CancelFile&& cancel, Env& env, Effects& out) {
  TransferEffects effects;
  transfers_.cancel(cancel.transfer, Fault::cancelled, env, effects);
  perform(std::move(effects), env, out);
}

void Engine::obey(CloseLink&& close, Env& env, Effects& out) {
  const auto* peer = roster_.find(close.link);
  if (peer == nullptr) return;
  if (link::is_secured(peer->state)) {
    // What is still under way is told to the peer before the goodbye.
    TransferEffects effects;
    transfers_.close(close.link, Fault::cancelled, env, effects);
    perform(std::move(effects), env, out);
    to_link(close.link, link::Goodbye{}, env, out);
  } else {
    to_link(close.link, link::Abandon{Fault::cancelled}, env, out);
  }
}

void Engine::obey(Know&& know, Env& env, Effects& out) {
  const auto key = know.peer.key;
  const bool is_blocked = know.peer.is_blocked;
  acquaintances_.know(std::move(know.peer));
  if (!is_blocked) return;
  stop_looking(key);
  std::vector<LinkId> theirs;
  for (auto& [id, peer] : roster_.all()) {
    if (peer.key != key) continue;
    peer.unremembered.reset();  // nothing of it is told any more
    theirs.push_back(id);
  }
  for (const auto id : theirs) to_link(id, link::Abandon{Fault::peer_blocked}, env, out);
}

void Engine::obey(Forget&& forget, Env&, Effects&) {
  acquaintances_.forget(forget.key);
  stop_looking(forget.key);
}

void Engine::obey(Leave&&, Env& env, Effects& out) {
  std::vector<LinkId> everybody;
  for (const auto& [id, peer] : roster_.all()) everybody.push_back(id);
  for (const auto id : everybody) obey(CloseLink{id}, env, out);
  obey(GoOffline{}, env, out);
}

// ---- the server ---------------------------------------------------------------------------------

void Engine::on(ServerOpened&&, Env& env, Effects& out) { to_gate(gate::Opened{}, env, out); }

void Engine::on(ServerFrame&& frame, Env& env, Effects& out) {
  to_gate(gate::Frame{std::move(frame.text)}, env, out);
  take_turns(env, out);
}

void Engine::on(ServerLost&& lost, Env& env, Effects& out) {
  to_gate(gate::Lost{lost.fault}, env, out);
}

/// The transports have noticed by themselves.
void Engine::on(NetworkChanged&&, Env& env, Effects& out) {
  to_session(signaling::NetworkChanged{}, env, out);
}

void Engine::to_gate(gate::Event event, Env& env, Effects& out) {
  gate::Context context{env, config_.account, config_.server};
  gate::Effects effects;
  gate_ = fsm::step<gate::Machine>(std::move(gate_), std::move(event), context, effects);
  perform(std::move(effects), env, out);
}

void Engine::perform(gate::Effects effects, Env& env, Effects& out) {
  for (auto& effect : effects)
    std::visit(fsm::overload{
                   [&](gate::Transmit&& e) {
                     out.emplace_back(SendToServer{std::move(e.frame), e.binary});
                   },
                   [&](gate::Met&& e) {
                     auto& known = config_.server;
                     known = {e.identity, std::max(known.version, e.version)};
                     out.emplace_back(RememberServer{e.identity, e.version});
                   },
                   [&](gate::Passable&&) { to_session(signaling::SocketOpened{}, env, out); },
                   [&](gate::Deliver&& e) { on_server_text(std::move(e.text), env, out); },
                   [&](gate::Ended&& e) {
                     if (e.hang_up) out.emplace_back(HangUpServer{});
                     to_session(signaling::SocketLost{e.fault, gate::is_final(e.fault)}, env, out);
                   },
                   [&](gate::Ignored&& e) { out.emplace_back(Dropped{e.fault}); },
               },
               std::move(effect));
}

void Engine::on_server_text(std::string text, Env& env, Effects& out) {
  auto message = sig::parse_server(text);
  if (message) {
    to_session(signaling::Frame{std::move(*message)}, env, out);
  } else {
    out.emplace_back(Dropped{message.error()});
    to_session(signaling::BadFrame{message.error()}, env, out);
  }
}

void Engine::to_session(signaling::SessionEvent event, Env& env, Effects& out) {
  signaling::SessionContext context{env, session_config_};
  signaling::SessionEffects effects;
  session_ = fsm::step<signaling::Session>(std::move(session_), std::move(event), context, effects);
  perform(std::move(effects), env, out);
}

void Engine::perform(signaling::SessionEffects effects, Env& env, Effects& out) {
  const auto announce = fsm::overload{
      [&](signaling::WentOnline&& online) {
        perform(pairing_.online(online.code), env, out);
        out.emplace_back(Tell{Online{online.code}});
        signaling_back(env, out);
        perform(reunion_.online(public_key(), online.code, env), env, out);
      },
      [&](signaling::WentOffline&& offline) {
        reunion_.offline(env);
        perform(pairing_.offline(), env, out);
        out.emplace_back(Tell{Offline{offline.fault, offline.retrying}});
      },
      [&](signaling::Received&& received) {
        on_server_message(std::move(received.message), env, out);
      },
  };
  for (auto& effect : effects)
    std::visit(
        fsm::overload{
            [&](signaling::Dial&&) { out.emplace_back(DialServer{}); },
            [&](signaling::SendFrame&& e) { to_gate(gate::Say{std::move(e.text)}, env, out); },
            [&](signaling::Hangup&&) {
              to_gate(gate::HungUp{}, env, out);
              out.emplace_back(HangUpServer{});
            },
            [&](signaling::Announce&& e) { std::visit(announce, std::move(e.notice)); },
            [&](signaling::NotSent&& e) { on_not_sent(e.message, env, out); },
        },
        std::move(effect));
}

/// A signal that cannot leave ends the establishment it was for; pairings know by themselves.
void Engine::on_not_sent(const sig::ClientMessage& message, Env& env, Effects& out) {
  const auto* relay = std::get_if<sig::Relay>(&message);
  if (relay == nullptr) return;
  const auto id = roster_.find(relay->target);
  if (id && !link::is_secured(roster_.find(*id)->state))
    to_link(*id, link::Abandon{Fault::server_lost}, env, out);
}

/// Signals count only from a code that is being negotiated with.
void Engine::on_server_message(sig::ServerMessage message, Env& env, Effects& out) {
  perform(pairing_.on(message, env.now), env, out);
  perform(reunion_.on(message, env), env, out);
  if (auto* signal = std::get_if<sig::RelayedDescription>(&message)) {
    const auto id = roster_.find(signal->from);
    if (!id) return out.emplace_back(Dropped{Fault::unrelated_target}), void();
    auto sdp = wire::sdp::parse(signal->description.sdp);
    if (!sdp) return on_bad_description(*id, sdp.error(), env, out);
    to_link(*id, link::RemoteDescription{signal->description.kind, std::move(*sdp)}, env, out);
  } else if (auto* candidate = std::get_if<sig::RelayedCandidate>(&message)) {
    const auto id = roster_.find(candidate->from);
    if (!id) return out.emplace_back(Dropped{Fault::unrelated_target}), void();
    const auto& line = candidate->candidate.candidate;
    if (line.empty()) return to_link(*id, link::RemoteCandidate{std::nullopt}, env, out);
    auto parsed = wire::sdp::parse_candidate(line);
    if (!parsed) return out.emplace_back(Dropped{parsed.error()}), void();
    if (!parsed->skipped)
      to_link(*id, link::RemoteCandidate{std::move(parsed->candidate)}, env, out);
  } else if (const auto* left = std::get_if<sig::PeerLeft>(&message)) {
    // A link that is up does not need the server any more.
    const auto id = roster_.find(left->peer);
    if (id && !link::is_secured(roster_.find(*id)->state))
      to_link(*id, link::Abandon{Fault::pair_left}, env, out);
  }
}

/// What a link has said in vain it may say again.
void Engine::signaling_back(Env& env, Effects& out) {
  std::vector<LinkId> all;
  for (const auto& [id, peer] : roster_.all()) all.push_back(id);
  for (const auto id : all) to_link(id, link::SignalingBack{}, env, out);
}

/// Without it there will be no link; one that is up is none of the server's business to end.
void Engine::on_bad_description(LinkId id, Fault fault, Env& env, Effects& out) {
  if (link::is_secured(roster_.find(id)->state)) return out.emplace_back(Dropped{fault}), void();
  to_link(id, link::Abandon{fault}, env, out);
}

// ---- pairing ------------------------------------------------------------------------------------

void Engine::perform(signaling::PairingEffects effects, Env& env, Effects& out) {
  for (auto& effect : effects)
    std::visit(fsm::overload{
                   [&](signaling::Send&& e) { to_session(std::move(e), env, out); },
                   [&](signaling::Requested&& e) { requested(std::move(e), env, out); },
                   [&](signaling::Withdrawn&& e) { out.emplace_back(Tell{PairWithdrawn{e.from}}); },
                   [&](signaling::Failed&& e) { failed(e, env, out); },
                   [&](signaling::Matched&& e) { matched(std::move(e), env, out); },
               },
               std::move(effect));
}

void Engine::requested(signaling::Requested request, Env& env, Effects& out) {
  const auto verdict = acquaintances_.judge(request.key, request.proposed_name);
  if (const auto* why = std::get_if<Unwelcome>(&verdict)) {
    perform(pairing_.answer(request.from, false, env.now), env, out);
    turn_away(*why, request.key, out);
    if (why->fault != Fault::peer_blocked)
      out.emplace_back(Tell{PairFailed{request.from, why->fault}});
    return;
  }
  if (reunion_.is_sought(request.key)) {
    reunion_.let_in(request.from);
    return perform(pairing_.answer(request.from, true, env.now), env, out);
  }
  out.emplace_back(
      Tell{PairRequested{request.from, request.key, std::move(request.proposed_name)}});
}

void Engine::turn_away(const Unwelcome& why, const PublicKey& key, Effects& out) {
  if (why.of) out.emplace_back(KeepOffered{*why.of, key});
  out.emplace_back(Dropped{why.fault});
}

/// Two machines that asked each other at once have two matches, which either may hear of in either
/// order: both keep the one whose initiator has the smaller code.
bool Engine::is_lesser_twin(const signaling::Matched& match, const Peer& old, TimePoint now) const {
  if (old.key != match.key || old.initiator == match.initiator || now - old.matched > twins_apart)
    return false;
  const auto& own = pairing_.own();
  return own && match.initiator != (*own < match.peer);
}

/// A new match for a code replaces what the code was establishing: the peer began anew. A
/// connection that is up stays until the new one is.
void Engine::matched(signaling::Matched match, Env& env, Effects& out) {
  if (!reunion_.expects(match.peer, match.key)) {
    out.emplace_back(Dropped{Fault::key_mismatch});
    return reunion_.failed(match.peer, Fault::key_mismatch, env);
  }
  const auto verdict = acquaintances_.judge(match.key, std::nullopt);
  if (const auto* why = std::get_if<Unwelcome>(&verdict)) {
    turn_away(*why, match.key, out);
    return failed({match.peer, why->fault}, env, out);
  }
  if (const auto id = roster_.find(match.peer)) {
    const auto& old = *roster_.find(*id);
    if (!link::is_secured(old.state)) {
      if (is_lesser_twin(match, old, env.now)) return;
      to_link(*id, link::Abandon{Fault::replaced}, env, out);
    }
  }
  if (roster_.all().size() >= links_at_once)
    return failed({match.peer, Fault::queue_full}, env, out);
  const bool is_met = reunion_.is_ours(match.peer);
  reunion_.matched(match.peer, match.key, env);
  const LinkId id{next_link_++};
  auto link_context = context(env);
  link::Effects effects;
  auto state = link::start(match.initiator, match.key, link_context, effects);
  roster_.add(
      id, Peer{match.peer, match.key, std::nullopt, std::move(state), env.now, match.initiator});
  out.emplace_back(
      Tell{Connecting{id, match.peer, is_met ? std::optional(match.key) : std::nullopt}});
  perform(id, std::move(effects), env, out);
}

// ---- links --------------------------------------------------------------------------------------

void Engine::on(FromTransport&& from, Env& env, Effects& out) {
  const auto* peer = roster_.find(from.link);
  if (peer == nullptr) return;  // late
  auto event = link::event_of(std::move(from.event), peer->state);
  if (event) to_link(from.link, std::move(*event), env, out);
}

void Engine::to_link(LinkId id, link::Machine::Event event, Env& env, Effects& out) {
  auto* peer = roster_.find(id);
  if (peer == nullptr) return;
  auto link_context = context(env);
  link::Effects effects;
  peer->state =
      fsm::step<link::Machine>(std::move(peer->state), std::move(event), link_context, effects);
  perform(id, std::move(effects), env, out);
  forget_if_closed(id, env, out);
}

void Engine::perform(LinkId id, link::Effects effects, Env& env, Effects& out) {
  TransferEffects files;
  for (auto& effect : effects) {
    // A signal that could not leave may have ended the link halfway.
    auto* peer = roster_.find(id);
    if (peer == nullptr) break;
    if (peer->unremembered && !std::holds_alternative<link::TransportEffect>(effect)) {
      peer->unremembered->held.push_back(std::move(effect));
      continue;
    }
    std::visit(
        fsm::overload{
            [&](link::TransportEffect&& e) {
              out.emplace_back(ToTransport{id, std::move(e)});
            },
            [&](link::SignalOut&& e) {
              const auto code = roster_.find(id)->code;
              auto relay =
                  std::visit([&](const auto& s) { return sig::relay_of(code, s); }, e.signal);
              to_session(signaling::Send{std::move(relay)}, env, out);
            },
            [&](link::Dropped&& e) { out.emplace_back(Dropped{e.fault}); },
            [&](link::Established&& e) { established(id, std::move(e), env, out); },
            [&](link::TextArrived&& e) {
              out.emplace_back(Tell{TextReceived{id, std::move(e.text)}});
            },
            [&](link::FileFrameArrived&& e) {
              transfers_.on_frame(id, std::move(e.frame), env, files);
            },
            [&](link::ChunkArrived&& e) { transfers_.on_chunk(id, std::move(e), env, files); },
            [&](link::ChunkRefused&& e) { transfers_.on_refused_chunk(id, e, env, files); },
            [&](link::StreamFrameArrived&& e) {
              transfers_.on_stream(id, std::move(e.frame), env, files);
            },
            [&](link::FilesWindow&& e) { transfers_.on_window(id, e.bytes, env, files); },
            [&](link::EverythingSent&&) {
              transfers_.on_everything_sent(id, env, files);
              out.emplace_back(Tell{TextsDelivered{id}});
            },
        },
        std::move(effect));
  }
  perform(std::move(files), env, out);
}

/// The peer has proven its keys. It is connected once the book has it; until then nothing is read.
void Engine::established(LinkId id, link::Established now, Env& env, Effects& out) {
  auto& peer = *roster_.find(id);
  if (now.username) peer.name = now.username;
  const auto verdict = acquaintances_.judge(peer.key, peer.name);
  if (const auto* why = std::get_if<Unwelcome>(&verdict)) {
    turn_away(*why, peer.key, out);
    return to_link(id, link::Abandon{why->fault}, env, out);
  }
  const auto& instead_of = std::get<Welcome>(verdict).instead_of;
  out.emplace_back(ToTransport{id, link::PauseReading{true}});
  out.emplace_back(Remember{id, peer.key, peer.name, now.is_culver, instead_of});
  peer.unremembered = Unremembered{std::move(now), instead_of, env.now + book_patience, {}};
}

void Engine::on(Remembered&& answer, Env& env, Effects& out) {
  auto* peer = roster_.find(answer.link);
  if (peer == nullptr || !peer->unremembered) return;
  if (answer.fault) {
    peer->unremembered.reset();
    to_link(answer.link, link::Abandon{*answer.fault}, env, out);
    return forget_if_closed(answer.link, env, out);
  }
  connected(answer.link, env, out);
  forget_if_closed(answer.link, env, out);
}

/// Whatever has come in since is told after it, and an older connection of the key makes room.
void Engine::connected(LinkId id, Env& env, Effects& out) {
  auto& peer = *roster_.find(id);
  auto now = std::move(*peer.unremembered);
  peer.unremembered.reset();
  peer.connected = true;
  if (now.instead_of)
    if (const auto old = roster_.connected(*now.instead_of, id))
      to_link(*old, link::Abandon{Fault::replaced}, env, out);
  if (const auto old = roster_.connected(peer.key, id))
    to_link(*old, link::Abandon{Fault::replaced}, env, out);
  reunion_.proven(peer.key, env);
  acquaintances_.met(peer.key, peer.name, now.established.is_culver, now.instead_of);
  transfers_.open(id, peer.key, now.established.file_acks, now.established.stream_frame);
  out.emplace_back(Tell{Connected{id, peer.key, acquaintances_.find(peer.key)->called(),
                                  now.established.path, env.now - peer.matched, now.instead_of}});
  // Before what was held, which may pause it anew.
  if (!link::is_closed(peer.state)) out.emplace_back(ToTransport{id, link::PauseReading{false}});
  perform(id, std::move(now.held), env, out);
}

void Engine::forget_if_closed(LinkId id, Env& env, Effects& out) {
  const auto* peer = roster_.find(id);
  if (peer == nullptr || !link::is_closed(peer->state)) return;
  if (peer->unremembered) return;  // what it said before it left is still to be told
  const auto fault = std::get<link::Closed>(peer->state).fault;
  const bool was_connected = peer->connected;
  TransferEffects effects;
  transfers_.close(id, fault.value_or(Fault::peer_gone), env, effects);
  const auto key = peer->key;
  roster_.remove(id);
  if (!roster_.has(key)) reunion_.parted(key, !fault, env);
  perform(std::move(effects), env, out);
  out.emplace_back(Tell{Closed{id, fault, was_connected}});
}

// ---- transfers and time -------------------------------------------------------------------------

void Engine::on(FromDisk&& from, Env& env, Effects& out) {
  TransferEffects effects;
  transfers_.on_disk(from.transfer, std::move(from.event), env, effects);
  perform(std::move(effects), env, out);
}

void Engine::perform(TransferEffects effects, Env& env, Effects& out) {
  for (auto& effect : effects)
    std::visit(fsm::overload{
                   [&](ToLink&& e) {
                     std::visit([&](auto&& c) { to_link(e.link, std::move(c), env, out); },
                                std::move(e.command));
                   },
                   [&](PauseLink&& e) {
                     if (roster_.find(e.link) != nullptr)
                       out.emplace_back(ToTransport{e.link, link::PauseReading{e.paused}});
                   },
                   [&](ToDisk&& e) { out.emplace_back(std::move(e)); },
                   [&](Tell&& e) { out.emplace_back(std::move(e)); },
               },
               std::move(effect));
}

void Engine::on(Tick&&, Env& env, Effects& out) {
  const auto due = [&](std::optional<TimePoint> deadline) {
    return deadline && *deadline <= env.now;
  };
  if (due(server_deadline())) {
    if (gate::is_opening(gate_))
      to_gate(gate::Tick{}, env, out);
    else
      to_session(signaling::Tick{}, env, out);
  }
  if (due(pairing_.deadline())) perform(pairing_.tick(env.now), env, out);
  if (due(reunion_.deadline())) perform(reunion_.tick(env), env, out);
  take_turns(env, out);
  std::vector<LinkId> late, unwritten;
  for (const auto& [id, peer] : roster_.all()) {
    if (due(fsm::deadline_of(peer.state))) late.push_back(id);
    if (peer.unremembered && due(peer.unremembered->deadline)) unwritten.push_back(id);
  }
  for (const auto id : late) to_link(id, link::Tick{}, env, out);
  for (const auto id : unwritten) on(Remembered{id, Fault::store_failed}, env, out);
  TransferEffects effects;
  transfers_.on_tick(env, effects);
  perform(std::move(effects), env, out);
}

}  // namespace culver::engine
