#include "core/engine/engine.hpp"

#include <algorithm>

#include "core/wire/peer.hpp"

namespace culver::engine {

Engine::Engine(Config config)
    : config_(std::move(config)),
      self_{config_.identity, config_.username, config_.streams, config_.letters},
      session_config_{config_.identity.shared},
      directory_(std::move(config_.known), config_.trust),
      transfers_(config_.largest_file) {}

void Engine::step(Event event, Env& env, Effects& effects) {
  std::visit([&](auto&& e) { on(std::move(e), env, effects); }, std::move(event));
}

std::optional<TimePoint> Engine::deadline() const {
  auto next = fsm::earlier(server_deadline(), pairing_.deadline());
  next = fsm::earlier(next, rendezvous_.deadline());
  next = fsm::earlier(next, pacing_deadline());
  next = fsm::earlier(next, transfers_.deadline());
  next = fsm::earlier(next, letters_.deadline());
  for (const auto& [key, deadline] : loading_frames_) next = fsm::earlier(next, deadline);
  for (const auto& [id, peer] : roster_.all()) {
    next = fsm::earlier(next, fsm::deadline_of(peer.state));
    if (peer.unremembered) next = fsm::earlier(next, peer.unremembered->deadline);
    if (!peer.unkept.empty()) next = fsm::earlier(next, peer.unkept_by);
  }
  return next;
}

/// The session's time to dial stands still while the server channel opens.
std::optional<TimePoint> Engine::server_deadline() const {
  return server_channel::is_opening(server_channel_) ? fsm::deadline_of(server_channel_)
                                                     : fsm::deadline_of(session_);
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
  rendezvous_.offline(env);
  signaling_gone(env, out);
}

void Engine::obey(Pair&& pair, Env& env, Effects& out) {
  if (pairing_.own() == pair.code)
    return out.emplace_back(Tell{PairFailed{pair.code, Fault::own_code}}), void();
  make_way(pair.code, env);
  perform(pairing_.ask(pair.code, config_.username, env.now), env, out);
}

void Engine::obey(AnswerPair&& answer, Env& env, Effects& out) {
  if (const auto found = namesakes_.extract(answer.from)) {
    const auto& [key, of, name] = found.mapped();
    const Unwelcome why{directory_.why_not(key), of};
    if (answer.accepted) {
      directory_.tell_apart(key);
    } else {
      turn_away(why, key, KeyStanding::claimed, FrameKind::pair_request, {}, out);
      out.emplace_back(Tell{PairFailed{answer.from, why.fault, whom(why, key, name)}});
    }
  }
  if (answer.accepted) {
    if (const auto key = pairing_.key_of(answer.from)) give_place(*key);
    return accept(answer.from, env, out);
  }
  std::erase(accepted_, answer.from);
  perform(pairing_.answer(answer.from, false, env.now), env, out);
}

void Engine::obey(SendText&& send, Env& env, Effects& out) {
  auto* peer = roster_.find(send.link);
  const auto refused = [&](Fault fault) {
    out.emplace_back(Tell{TextFailed{send.link, send.id, fault}});
  };
  if (peer == nullptr || peer->standing == Standing::establishing || !link::is_up(peer->state))
    return refused(Fault::not_connected);
  const auto escaped = wire::peer::escape(send.text).size();
  if (escaped > wire::limits::text ||
      link::SealedChannel::sealed_size(escaped) > peer->largest_message ||
      !letters_.takes(send.link, send.text))
    return refused(Fault::text_too_long);
  if (letters_.speaks(send.link)) {
    LetterEffects effects;
    letters_.send(std::move(send), env, effects);
    return perform(std::move(effects), env, out);
  }
  if (peer->texts.size() >= Letters::texts) return refused(Fault::queue_full);
  peer->texts.push_back(send.id);
  to_link(send.link, link::SendText{std::move(send.text)}, env, out);
}

void Engine::obey(SendFile&& file, Env& env, Effects& out) {
  TransferEffects effects;
  const auto* peer = roster_.find(file.link);
  // Its name, size and hash would be there for whoever claims the key, and nobody typed a code.
  if (peer != nullptr && peer->standing == Standing::claimed && peer->sought) {
    out.emplace_back(ToDisk{file.transfer, transfer::DropSource{}});
    FileFailed failed{file.transfer, Fault::peer_unproven, {}, FileOf{file.link, file.name}};
    return out.emplace_back(Tell{std::move(failed)}), void();
  }
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

void Engine::obey(CancelFiles&&, Env& env, Effects& out) {
  TransferEffects effects;
  transfers_.cancel_all(Fault::cancelled, env, effects);
  perform(std::move(effects), env, out);
}

void Engine::obey(CloseLink&& close, Env& env, Effects& out) {
  const auto* peer = roster_.find(close.link);
  if (peer == nullptr) return;
  if (link::is_up(peer->state)) {
    // What is still under way may be continued another time: nobody has said never.
    TransferEffects effects;
    const bool breaks_off = transfers_.has(close.link);
    transfers_.close(close.link, Fault::interrupted, env, effects);
    perform(std::move(effects), env, out);
    // No file that waits for its disk keeps what is still said from being read.
    pause(close.link, Pausing::files, false, out);
    to_link(close.link, link::Goodbye{.waits = !breaks_off}, env, out);
  } else if (!link::is_ending(peer->state)) {
    to_link(close.link, link::Abandon{Fault::cancelled}, env, out);
  }
}

void Engine::obey(Know&& know, Env& env, Effects& out) {
  const auto key = know.peer.key;
  const bool is_blocked = know.peer.is_blocked;
  const auto* before = directory_.find(key);
  if (!before || before->is_blocked != is_blocked)
    out.emplace_back(Tell{PeerBookChanged{key, !is_blocked}});
  const bool is_culver = know.peer.is_culver;
  directory_.know(std::move(know.peer));
  // Another process may have seen what the key can do.
  if (is_culver) end_lesser(key, env, out);
  if (!is_blocked) return;
  stop_looking(key);
  std::vector<LinkId> theirs;
  for (auto& [id, peer] : roster_.all()) {
    if (peer.key != key) continue;
    peer.unremembered.reset();  // nothing of it is told any more
    peer.unkept.clear();
    theirs.push_back(id);
  }
  for (const auto id : theirs) to_link(id, link::Abandon{Fault::peer_blocked}, env, out);
}

/// Who is thrown out of the book says nothing more on a connection that was there, and does not
/// come in on one that was let in without a question.
void Engine::obey(Forget&& forget, Env& env, Effects& out) {
  if (directory_.find(forget.key)) out.emplace_back(Tell{PeerBookChanged{forget.key, false}});
  directory_.forget(forget.key);
  stop_looking(forget.key);
  std::vector<LinkId> told, coming;
  for (auto& [id, peer] : roster_.all()) {
    if (peer.key != forget.key) continue;
    if (peer.standing != Standing::establishing) told.push_back(id);
    if (peer.standing != Standing::establishing || !peer.sought) continue;
    peer.unremembered.reset();
    coming.push_back(id);
  }
  for (const auto id : told) {
    TransferEffects effects;
    transfers_.close(id, Fault::peer_not_known, env, effects);
    perform(std::move(effects), env, out);
    to_link(id, link::Goodbye{.waits = false}, env, out);
  }
  for (const auto id : coming) to_link(id, link::Abandon{Fault::peer_not_known}, env, out);
}

void Engine::obey(Leave&&, Env& env, Effects& out) {
  std::vector<LinkId> everybody;
  for (const auto& [id, peer] : roster_.all()) everybody.push_back(id);
  for (const auto id : everybody) obey(CloseLink{id}, env, out);
  obey(GoOffline{}, env, out);
}

// ---- transfers and time -------------------------------------------------------------------------

void Engine::on(FromDisk&& from, Env& env, Effects& out) {
  TransferEffects effects;
  transfers_.on_disk(from.transfer, std::move(from.event), env, effects);
  perform(std::move(effects), env, out);
  tell_goodbyes(out);
}

void Engine::perform(TransferEffects effects, Env& env, Effects& out) {
  for (auto& effect : effects)
    std::visit(fsm::overload{
                   [&](ToLink&& e) {
                     std::visit([&](auto&& c) { to_link(e.link, std::move(c), env, out); },
                                std::move(e.command));
                   },
                   [&](PauseLink&& e) { pause(e.link, Pausing::files, e.paused, out); },
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
    if (server_channel::is_opening(server_channel_))
      to_server_channel(server_channel::Tick{}, env, out);
    else
      to_session(signaling::Tick{}, env, out);
  }
  if (due(pairing_.deadline())) perform(pairing_.tick(env.now), env, out);
  if (due(rendezvous_.deadline())) perform(rendezvous_.tick(env), env, out);
  if (due(pacing_deadline())) say_what_may(env, out);
  take_turns(env, out);
  std::vector<LinkId> late, unwritten;
  for (const auto& [id, peer] : roster_.all()) {
    if (due(fsm::deadline_of(peer.state))) late.push_back(id);
    if (peer.unremembered && due(peer.unremembered->deadline)) unwritten.push_back(id);
  }
  for (const auto id : late) to_link(id, link::Tick{}, env, out);
  give_up_loading_frames(env, out);
  for (const auto id : unwritten) {
    const auto* peer = roster_.find(id);
    if (peer == nullptr || !peer->unremembered) continue;
    if (peer->unremembered->namesake)
      refuse_name(id, env, out);
    else
      on(Remembered{id, Fault::store_failed}, env, out);
  }
  TransferEffects effects;
  transfers_.on_tick(env, effects);
  perform(std::move(effects), env, out);
  LetterEffects letters;
  letters_.on_tick(env, letters);
  perform(std::move(letters), env, out);
  tell_goodbyes(out);
  forget_closed(env, out);
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
