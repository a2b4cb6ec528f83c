#include "core/engine/engine.hpp"

#include <algorithm>

#include "core/wire/peer.hpp"

namespace culver::engine {

Engine::Engine(Config config)
    : config_(std::move(config)),
      self_{config_.identity, config_.username, config_.streams, config_.letters},
      session_config_{config_.identity.shared},
      directory_(std::move(config_.known), config_.trust),
      transfers_(config_.largest_file),
      place_(config_.only_one) {}

void Engine::step(Event event, Env& env, Effects& effects) {
  const bool may_ask = std::holds_alternative<Command>(event) ||
                       std::holds_alternative<ServerFrame>(event) ||
                       std::holds_alternative<Tick>(event);
  std::visit([&](auto&& e) { on(std::move(e), env, effects); }, std::move(event));
  drain(env, effects);
  if (!may_ask) return;
  take_turns(env, effects);
  drain(env, effects);
}

void Engine::drain(Env& env, Effects& effects) {
  settle(env, effects);
  while (!queue_.empty()) {
    auto item = std::move(queue_.front());
    queue_.pop_front();
    std::visit([&](auto&& i) { take(std::move(i), env, effects); }, std::move(item));
    settle(env, effects);
  }
}

void Engine::take(Effect&& effect, Env&, Effects& out) { out.push_back(std::move(effect)); }

std::optional<TimePoint> Engine::deadline() const {
  auto next = fsm::earlier(server_deadline(), pairing_.deadline());
  next = fsm::earlier(next, rendezvous_.deadline());
  next = fsm::earlier(next, pacing_deadline());
  next = fsm::earlier(next, transfers_.deadline());
  next = fsm::earlier(next, letters_.deadline());
  next = fsm::earlier(next, loading_frames_.next());
  next = fsm::earlier(next, roster_.deadline());
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
}

void Engine::obey(GoOnline&&, Env&, Effects&) {
  if (std::holds_alternative<signaling::Closed>(session_)) session_ = signaling::Offline{};
  later(queued::ForSession{signaling::Start{}});
}

void Engine::obey(GoOffline&&, Env&, Effects&) {
  later(queued::ForSession{signaling::Stop{}});
  later(queued::SignalingGone{});
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
      reject(why, key, KeyStanding::claimed, FrameKind::pair_request, {}, out);
      out.emplace_back(Tell{PairFailed{answer.from, why.fault, whom(why, key, name)}});
    }
  }
  if (answer.accepted) return let_in(answer.from, env, out);
  std::erase(accepted_, answer.from);
  decline(answer.from, env, out);
}

void Engine::obey(SendText&& send, Env& env, Effects& out) {
  auto* peer = roster_.edit(send.connection);
  const auto refused = [&](Fault fault) {
    out.emplace_back(Tell{TextFailed{send.connection, send.id, fault}});
  };
  auto* sending =
      peer && connection::is_up(peer->connection) ? peer::sending(peer->standing) : nullptr;
  if (sending == nullptr) return refused(Fault::not_connected);
  const auto escaped = wire::peer::escape(send.text).size();
  if (escaped > wire::limits::text ||
      connection::SealedChannel::sealed_size(escaped) > sending->largest_message ||
      !letters_.takes(send.connection, send.text))
    return refused(Fault::text_too_long);
  if (letters_.speaks(send.connection)) {
    LetterEffects effects;
    letters_.send(std::move(send), env, effects);
    return perform(std::move(effects), env, out);
  }
  if (sending->texts.size() >= Letters::texts) return refused(Fault::queue_full);
  sending->texts.push_back(send.id);
  to_connection(send.connection, connection::SendText{std::move(send.text)});
}

void Engine::obey(SendFile&& file, Env& env, Effects& out) {
  TransferEffects effects;
  const auto* peer = roster_.find(file.connection);
  // Its name, size and hash would be there for whoever claims the key, and nobody typed a code.
  if (peer != nullptr && peer::is_claimed(peer->standing) && peer->sought) {
    out.emplace_back(ToDisk{file.transfer, transfer::DropSource{}});
    FileFailed failed{file.transfer, Fault::peer_unproven, {}, FileOf{file.connection, file.name}};
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

void Engine::obey(CloseConnection&& close, Env& env, Effects& out) {
  const auto* peer = roster_.find(close.connection);
  if (peer == nullptr) return;
  if (connection::is_up(peer->connection)) {
    // What is still under way may be continued another time: nobody has said never.
    TransferEffects effects;
    const bool breaks_off = transfers_.has(close.connection);
    transfers_.close(close.connection, Fault::interrupted, env, effects);
    perform(std::move(effects), env, out);
    // No file that waits for its disk keeps what is still said from being read.
    pause(close.connection, Pausing::files, false, out);
    to_connection(close.connection, connection::Goodbye{.waits = !breaks_off});
  } else if (!connection::is_ending(peer->connection)) {
    to_connection(close.connection, connection::Abandon{Fault::cancelled});
  }
}

void Engine::obey(Know&& know, Env& env, Effects& out) {
  const auto key = know.peer.key;
  const bool is_blocked = know.peer.is_blocked;
  const auto* before = directory_.find(key);
  if (!before || before->is_blocked != is_blocked)
    out.emplace_back(Tell{PeerBookChanged{key, !is_blocked}});
  const bool is_culver = know.peer.is_culver;
  const bool is_new = !is_blocked && (!before || before->is_blocked);
  directory_.know(std::move(know.peer));
  if (is_new && looks_for_known_ && !place_.is_taken()) obey(LookFor{key}, env, out);
  // Another process may have seen what the key can do.
  if (is_culver) end_lesser(key);
  if (!is_blocked) return;
  stop_looking(key);
  for (const auto id : roster_.of(key)) {
    roster_.edit(id)->unkept.clear();
    to_peer(id, peer::Rejected{Fault::peer_blocked}, env, out);
  }
}

/// Who is thrown out of the book says nothing more on a connection that was there, and does not
/// come in on one that was let in without a question.
void Engine::obey(Forget&& forget, Env& env, Effects& out) {
  if (directory_.find(forget.key)) out.emplace_back(Tell{PeerBookChanged{forget.key, false}});
  directory_.forget(forget.key);
  stop_looking(forget.key);
  for (const auto id : roster_.of(forget.key)) {
    const auto& peer = *roster_.find(id);
    if (peer::is_sending(peer.standing)) {
      TransferEffects effects;
      transfers_.close(id, Fault::peer_not_known, env, effects);
      perform(std::move(effects), env, out);
      to_connection(id, connection::Goodbye{.waits = false});
    } else if (peer.sought) {
      to_peer(id, peer::Rejected{Fault::peer_not_known}, env, out);
    }
  }
}

void Engine::obey(Leave&&, Env& env, Effects& out) {
  for (const auto& [id, peer] : roster_.all()) obey(CloseConnection{id}, env, out);
  obey(GoOffline{}, env, out);
}

// ---- transfers and time -------------------------------------------------------------------------

void Engine::on(FromDisk&& from, Env& env, Effects& out) {
  TransferEffects effects;
  transfers_.on_disk(from.transfer, std::move(from.event), env, effects);
  perform(std::move(effects), env, out);
}

void Engine::perform(TransferEffects effects, Env&, Effects& out) {
  for (auto& effect : effects)
    std::visit(fsm::overload{
                   [&](ToConnection&& e) {
                     std::visit([&](auto&& c) { to_connection(e.connection, std::move(c)); },
                                std::move(e.command));
                   },
                   [&](PauseConnection&& e) { pause(e.connection, Pausing::files, e.paused, out); },
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
      later(queued::ForServerChannel{server_channel::Tick{}});
    else
      later(queued::ForSession{signaling::Tick{}});
  }
  if (due(pairing_.deadline())) perform(pairing_.tick(env.now), env, out);
  if (due(rendezvous_.deadline())) perform(rendezvous_.tick(env), env, out);
  if (due(pacing_deadline())) say_what_may(env, out);
  while (const auto id = roster_.take_due(env.now)) late(*id, env, out);
  while (const auto key = loading_frames_.take_due(env.now))
    on(FramesLoaded{*key, {}, Fault::store_failed}, env, out);
  TransferEffects effects;
  transfers_.on_tick(env, effects);
  perform(std::move(effects), env, out);
  LetterEffects letters;
  letters_.on_tick(env, letters);
  perform(std::move(letters), env, out);
}

/// A store that does not answer is taken to be broken.
void Engine::late(ConnectionId id, Env& env, Effects& out) {
  const auto& peer = *roster_.find(id);
  const auto is_late = [&](std::optional<TimePoint> deadline) {
    return deadline && *deadline <= env.now;
  };
  if (is_late(fsm::deadline_of(peer.connection))) to_connection(id, connection::Tick{});
  if (is_late(peer.unkept.deadline()))
    on(FramesLoaded{peer.key, {}, Fault::store_failed}, env, out);
  if (!is_late(fsm::deadline_of(peer.standing))) return;
  if (std::holds_alternative<peer::AwaitingName>(peer.standing))
    refuse_name(id, env, out);
  else
    on(Remembered{id, Fault::store_failed}, env, out);
}

}  // namespace culver::engine
