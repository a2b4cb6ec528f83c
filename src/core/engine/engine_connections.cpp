// The engine's part in a connection: what happens to it, and what it wants done of that.
#include <utility>

#include "core/engine/engine.hpp"
#include "core/wire/signaling.hpp"

namespace culver::engine {

namespace sig = wire::signaling;

void Engine::on(FromTransport&& from, Env&, Effects&) {
  auto* peer = roster_.edit(from.connection);
  if (peer == nullptr) return;  // late
  if (const auto* own = std::get_if<connection::LocalCandidate>(&from.event))
    if (auto* at = std::get_if<peer::Establishing>(&peer->standing))
      at->tried.ours.count(own->candidate);
  auto event = connection::event_of(std::move(from.event), peer->connection);
  if (event) to_connection(from.connection, std::move(*event));
}

void Engine::take(queued::ForConnection&& item, Env& env, Effects& out) {
  auto* peer = roster_.edit(item.connection);
  if (peer == nullptr) return;
  auto connection_context = context(peer->key, env);
  connection::Effects effects;
  peer->connection = fsm::step<connection::Machine>(
      std::move(peer->connection), std::move(item.event), connection_context, effects);
  tell_how_far(item.connection, out);
  perform(item.connection, std::move(effects), env, out);
}

namespace {

/// What is not of a frame has no need to wait for one.
bool may_overtake(const connection::Effect& effect) {
  return std::holds_alternative<connection::TransportEffect>(effect) ||
         std::holds_alternative<connection::SignalOut>(effect) ||
         std::holds_alternative<connection::Dropped>(effect) ||
         std::holds_alternative<connection::GiveAgain>(effect);
}

}  // namespace

/// What came of a frame of version 1 waits until the store has it.
void Engine::perform(ConnectionId id, connection::Effects effects, Env& env, Effects& out) {
  auto& peer = *roster_.edit(id);
  connection::Effects now;
  for (auto& effect : effects) {
    if (const auto* taken = std::get_if<connection::FrameTaken>(&effect)) {
      peer.unkept.add(taken->nonce, env.now + store_patience);
      out.emplace_back(KeepFrame{peer.key, taken->nonce});
    } else if (peer.unkept.empty() || may_overtake(effect)) {
      now.push_back(std::move(effect));
    } else {
      peer.unkept.wait(std::move(effect));
    }
  }
  if (peer.unkept.is_high()) pause(id, Pausing::frames, true, out);
  perform_now(id, std::move(now), env, out);
}

/// What a connection wants done, and what a peer has said on it or has taken.
struct Engine::Performing {
  Engine& engine;
  ConnectionId id;
  Env& env;
  Effects& out;
  TransferEffects files = {};
  LetterEffects letters = {};

  void take(connection::TransportEffect&& e) {
    if (const auto* reading = std::get_if<connection::PauseReading>(&e))
      return engine.pause(id, Pausing::connection, reading->paused, out);
    out.emplace_back(ToTransport{id, std::move(e)});
  }
  void take(connection::SignalOut&& e) {
    const auto& code = engine.roster_.find(id)->code;
    auto relay = std::visit([&](const auto& s) { return sig::relay_of(code, s); }, e.signal);
    engine.say(std::move(relay), env, out);
  }
  void take(connection::Dropped&& e) { out.emplace_back(Dropped{e.fault, e.kind, id}); }
  void take(connection::Claimed&& e) { engine.claimed(id, std::move(e), env, out); }
  void take(connection::Established&& e) { engine.established(id, std::move(e), env, out); }
  void take(connection::FrameTaken&&) {}  // is behind no other
  void take(connection::GiveAgain&& e) {
    for (auto& frame : e.frames) engine.to_connection(id, std::move(frame));
    if (e.end) engine.to_connection(id, *e.end);
  }
  void take(connection::TextArrived&& e) {
    out.emplace_back(Tell{TextReceived{id, std::move(e.text)}});
  }
  void take(connection::LetterArrived&& e) {
    engine.letters_.on_letter(id, std::move(e.letter), env, letters);
  }
  void take(connection::LettersHadArrived&& e) { engine.letters_.on_had(id, e.had, env, letters); }
  void take(connection::GoodbyeArrived&&) { engine.goodbyes_.insert(id); }
  void take(connection::FileFrameArrived&& e) {
    engine.transfers_.on_frame(id, std::move(e.frame), env, files);
  }
  void take(connection::ChunkArrived&& e) {
    engine.transfers_.on_chunk(id, std::move(e), env, files);
  }
  void take(connection::FileFrameRefused&& e) {
    engine.transfers_.on_refused_frame(id, e, env, files);
  }
  void take(connection::StreamFrameArrived&& e) {
    engine.transfers_.on_stream(id, std::move(e.frame), env, files);
  }
  void take(connection::FilesWindow&& e) { engine.transfers_.on_window(id, e.bytes, env, files); }
  void take(connection::EverythingSent&&) {
    engine.transfers_.on_everything_sent(id, env, files);
    engine.letters_.on_everything_sent(id, env, letters);
    auto* sending = peer::sending(engine.roster_.edit(id)->standing);
    if (sending == nullptr) return;
    for (const auto text : std::exchange(sending->texts, {}))
      out.emplace_back(Tell{TextDelivered{id, text, false}});
  }
};

/// Whoever is refused has said nothing: what stands behind its proof is dropped with it.
void Engine::perform_now(ConnectionId id, connection::Effects effects, Env& env, Effects& out) {
  auto& standing = roster_.edit(id)->standing;
  Performing performing{*this, id, env, out};
  for (auto& effect : effects) {
    if (may_overtake(effect)) {
      // At once, whoever it is.
    } else if (auto* waiting = peer::waiting(standing)) {
      waiting->kept.push_back(std::move(effect));
      continue;
    } else if (std::holds_alternative<peer::Refused>(standing) ||
               std::holds_alternative<peer::Ended>(standing)) {
      continue;
    }
    std::visit([&](auto&& e) { performing.take(std::move(e)); }, std::move(effect));
  }
  perform(std::move(performing.files), env, out);
  perform(std::move(performing.letters), env, out);
}

}  // namespace culver::engine
