#include "core/engine/letters.hpp"

#include <algorithm>
#include <utility>

#include "core/connection/sealed_channel.hpp"
#include "core/wire/utf8.hpp"

namespace culver::engine {

// ---- out ----------------------------------------------------------------------------------------

void Letters::post(QueueText post, Env& env, LetterEffects& out) {
  const auto refused = [&](Fault fault) { out.emplace_back(Tell{TextNotQueued{post.key, fault}}); };
  if (!wire::utf8::is_valid(post.text.expose())) return refused(Fault::malformed);
  // It may have to go as a text.
  if (wire::peer::escape(post.text).size() > wire::limits::text)
    return refused(Fault::text_too_long);
  if (posting_.size() >= posts) return refused(Fault::outbox_full);
  const auto request = next_request_++;
  posting_.emplace(request, Posting{post.key, env.now + patience});
  out.emplace_back(
      StoreLetter{request, post.key, std::max<WallTime>(env.wall, 0), std::move(post.text)});
}

void Letters::on(LetterStored stored, Env& env, LetterEffects& out) {
  const auto posted = posting_.extract(stored.request);
  if (!posted) return;  // late
  const auto& peer = posted.mapped().peer;
  if (stored.fault) return out.emplace_back(Tell{TextNotQueued{peer, *stored.fault}}), void();
  out.emplace_back(Tell{TextQueued{peer, stored.letter}});
  for (auto& [id, connection] : connections_)
    if (connection.peer == peer) {
      connection.may_be_more = true;
      load(id, connection, env, out);
    }
}

void Letters::open(ConnectionId id, const PublicKey& peer, bool spoken, std::size_t largest_message,
                   Env& env, LetterEffects& out) {
  auto& connection =
      connections_.insert_or_assign(id, Connection{peer, spoken, largest_message}).first->second;
  load(id, connection, env, out);
}

void Letters::close(ConnectionId id) {
  connections_.erase(id);
  deadlines_.erase(id);
}

void Letters::on_change(Env& env, LetterEffects& out) {
  for (auto& [id, connection] : connections_) {
    connection.may_be_more = true;
    load(id, connection, env, out);
  }
}

/// By half a window at least, so that the store is not asked for every letter.
void Letters::load(ConnectionId id, Connection& connection, Env& env, LetterEffects& out) {
  if (connection.loading || !connection.may_be_more || connection.under_way.size() > window / 2)
    return;
  connection.asked = window - connection.under_way.size();
  connection.loading = env.now + patience;
  connection.again.reset();
  connection.may_be_more = false;
  wait(id, connection);
  out.emplace_back(LoadLetters{id, connection.peer, connection.last, connection.asked});
}

void Letters::on(LettersLoaded loaded, Env& env, LetterEffects& out) {
  const auto at = connections_.find(loaded.connection);
  if (at == connections_.end() || !at->second.loading) return;
  auto& connection = at->second;
  connection.loading.reset();
  if (loaded.letters.size() >= connection.asked) connection.may_be_more = true;
  for (auto& letter : loaded.letters) {
    // What comes behind it waits too: the peer would take its number for one that it had.
    if (!takes(at->first, letter.text)) {
      connection.may_be_more = false;
      loaded.fault = Fault::text_too_long;
      break;
    }
    connection.last = letter.id;
    connection.under_way.push_back({letter.id, letter.name});
    connection.is_told_empty = false;
    if (connection.spoken)
      out.emplace_back(ToLetterConnection{
          at->first, connection::SendLetter{wire::peer::Letter{letter.name, 0, letter.written,
                                                               std::move(letter.text)}}});
    else
      out.emplace_back(ToLetterConnection{at->first, connection::SendText{std::move(letter.text)}});
  }
  if (loaded.fault && !std::exchange(connection.is_stuck, true))
    out.emplace_back(Tell{LettersStuck{connection.peer, *loaded.fault}});
  if (!loaded.fault) connection.is_stuck = false;
  if (loaded.fault == Fault::store_failed) connection.again = env.now + patience;
  wait(at->first, connection);
  delivered(
      at->first, connection, [](const UnderWay&) { return false; }, env, out);
}

/// Takes these out of the queue, and sends on.
template <class Test>
void Letters::delivered(ConnectionId id, Connection& connection, Test is_delivered, Env& env,
                        LetterEffects& out) {
  RemoveLetters gone;
  std::erase_if(connection.under_way, [&](const UnderWay& letter) {
    if (!is_delivered(letter)) return false;
    gone.letters.push_back(letter.id);
    return true;
  });
  if (!gone.letters.empty()) {
    const auto letters = gone.letters;
    out.emplace_back(std::move(gone));
    for (const auto letter : letters)
      out.emplace_back(Tell{LetterDelivered{connection.peer, letter, connection.spoken}});
  }
  load(id, connection, env, out);
  if (!connection.loading && connection.under_way.empty() && !connection.is_stuck &&
      !std::exchange(connection.is_told_empty, true))
    out.emplace_back(Tell{NothingWaits{id, connection.peer}});
}

void Letters::on_had(ConnectionId id, const wire::peer::LettersHad& had, Env& env,
                     LetterEffects& out) {
  const auto at = connections_.find(id);
  if (at == connections_.end() || !at->second.spoken) return;
  if (const auto series = series_.find(at->second.peer);
      series != series_.end() && series->second.id == had.up_to.series)
    return confirm_texts(id, at->second, had.up_to.number, out);
  const auto is_had = [&](const UnderWay& letter) {
    return letter.name.series == had.up_to.series && letter.name.number <= had.up_to.number;
  };
  if (std::ranges::none_of(at->second.under_way, is_had))
    return out.emplace_back(Dropped{Fault::out_of_order, FrameKind::acknowledgement, id}), void();
  delivered(id, at->second, is_had, env, out);
}

// ---- texts --------------------------------------------------------------------------------------

bool Letters::speaks(ConnectionId id) const {
  const auto at = connections_.find(id);
  return at != connections_.end() && at->second.spoken;
}

bool Letters::takes(ConnectionId id, const Plaintext& text) const {
  const auto at = connections_.find(id);
  if (at == connections_.end()) return true;
  constexpr auto greatest = wire::limits::letter_number;
  const auto frame =
      at->second.spoken
          ? wire::peer::print(wire::peer::Letter{{{}, greatest}, greatest, greatest, text})
          : wire::peer::escape(text);
  return connection::SealedChannel::sealed_size(frame.size()) <= at->second.largest_message;
}

void Letters::send(SendText send, Env& env, LetterEffects& out) {
  const auto refused = [&](Fault fault) {
    out.emplace_back(Tell{TextFailed{send.connection, send.id, fault}});
  };
  auto& connection = connections_.at(send.connection);
  if (!wire::utf8::is_valid(send.text.expose())) return refused(Fault::malformed);
  if (connection.texts.size() + connection.texts_under_way.size() >= texts)
    return refused(Fault::queue_full);
  if (!series_.contains(connection.peer))
    series_.emplace(connection.peer, Series{wire::peer::SeriesId{env.rng.bytes<16>()}});
  auto& series = series_.at(connection.peer);
  const auto number = number_of(send.id, connection, series);
  connection.texts_under_way.push_back({send.id, number});
  connection.texts.push_back(
      {{series.id, number}, 0, std::max<WallTime>(env.wall, 0), std::move(send.text)});
  send_texts(send.connection, connection, out);
}

/// The peer takes only what is greater than all that it has. So a text that is sent again keeps its
/// number, if on every connection it went before all that have greater ones: then it has those only
/// if it has this. What is passed over here does not keep its own.
std::uint64_t Letters::number_of(TextId id, Connection& connection, Series& series) const {
  const auto before = series.unconfirmed.find(id);
  const bool is_kept = before != series.unconfirmed.end() && before->second > connection.last_text;
  const auto number = is_kept ? before->second : ++series.last;
  std::erase_if(series.unconfirmed, [&](const auto& text) {
    return text.second > connection.last_text && text.second < number;
  });
  series.unconfirmed.insert_or_assign(id, number);
  connection.last_text = number;
  return number;
}

/// At most a window ahead of what is confirmed.
void Letters::send_texts(ConnectionId id, Connection& connection, LetterEffects& out) {
  while (!connection.texts.empty() &&
         connection.texts_under_way.size() - connection.texts.size() < window) {
    out.emplace_back(
        ToLetterConnection{id, connection::SendLetter{std::move(connection.texts.front())}});
    connection.texts.pop_front();
  }
}

void Letters::confirm_texts(ConnectionId id, Connection& connection, std::uint64_t up_to,
                            LetterEffects& out) {
  auto& series = series_.at(connection.peer);
  const auto sent = connection.texts_under_way.size() - connection.texts.size();
  for (std::size_t n = 0; n < sent && connection.texts_under_way.front().number <= up_to; ++n) {
    const auto text = connection.texts_under_way.front();
    connection.texts_under_way.pop_front();
    series.unconfirmed.erase(text.id);
    out.emplace_back(Tell{TextDelivered{id, text.id, true}});
  }
  send_texts(id, connection, out);
}

void Letters::on_everything_sent(ConnectionId id, Env& env, LetterEffects& out) {
  const auto at = connections_.find(id);
  if (at == connections_.end() || at->second.spoken || at->second.under_way.empty()) return;
  delivered(
      id, at->second, [](const UnderWay&) { return true; }, env, out);
}

// ---- in -----------------------------------------------------------------------------------------

void Letters::on_letter(ConnectionId id, wire::peer::Letter letter, Env& env, LetterEffects& out) {
  const auto at = connections_.find(id);
  if (at == connections_.end()) return;
  if (at->second.received.size() >= queued)
    return out.emplace_back(EndConnection{id, Fault::queue_full}), void();
  at->second.received.push_back(std::move(letter));
  if (!at->second.keeping) keep_next(id, at->second, env, out);
}

/// One at a time: of what is shown, only the last can be one that the store does not know of.
void Letters::keep_next(ConnectionId id, Connection& connection, Env& env, LetterEffects& out) {
  if (connection.received.empty()) return;
  auto letter = std::move(connection.received.front());
  connection.received.pop_front();
  const auto request = next_request_++;
  connection.keeping = request;
  out.emplace_back(KeepLetter{request, connection.peer, letter});
  keeping_.emplace(request, Keeping{id, connection.peer, std::move(letter), env.now + patience});
}

void Letters::on(LetterKept kept, Env& env, LetterEffects& out) {
  auto found = keeping_.extract(kept.request);
  if (!found) return;  // late: it is told by the next process
  auto& [id, peer, letter, deadline] = found.mapped();
  const auto name = letter.name;
  if (kept.held)
    out.emplace_back(Tell{LetterReceived{*kept.held, peer, std::nullopt, name, letter.written,
                                         std::move(letter.text)}});
  const auto at = connections_.find(id);
  if (at == connections_.end()) return;
  at->second.keeping.reset();
  if (kept.fault) return end_for(*kept.fault, id, at->second, out);
  out.emplace_back(ToLetterConnection{id, connection::SendLetter{wire::peer::LettersHad{name}}});
  keep_next(id, at->second, env, out);
}

/// Nothing that comes after one that could not be kept is taken.
void Letters::end_for(Fault fault, ConnectionId id, Connection& connection, LetterEffects& out) {
  connection.received.clear();
  out.emplace_back(EndConnection{id, fault});
}

bool Letters::is_keeping(ConnectionId id) const {
  const auto at = connections_.find(id);
  return at != connections_.end() && at->second.keeping;
}

// ---- time ---------------------------------------------------------------------------------------

std::optional<TimePoint> Letters::deadline() const {
  auto next = deadlines_.next();
  if (!keeping_.empty()) next = fsm::earlier(next, keeping_.begin()->second.deadline);
  if (!posting_.empty()) next = fsm::earlier(next, posting_.begin()->second.deadline);
  return next;
}

void Letters::on_tick(Env& env, LetterEffects& out) {
  while (const auto id = deadlines_.take_due(env.now)) {
    auto& connection = connections_.at(*id);
    if (connection.loading && *connection.loading <= env.now) {
      connection.loading.reset();
      out.emplace_back(EndConnection{*id, Fault::store_failed});
    }
    if (connection.again && *connection.again <= env.now) {
      connection.again.reset();
      connection.may_be_more = true;
      load(*id, connection, env, out);
    }
    wait(*id, connection);
  }
  std::erase_if(keeping_, [&](const auto& late) {
    if (late.second.deadline > env.now) return false;
    if (const auto at = connections_.find(late.second.connection); at != connections_.end()) {
      at->second.keeping.reset();
      end_for(Fault::store_failed, at->first, at->second, out);
    }
    return true;
  });
  std::erase_if(posting_, [&](const auto& late) {
    if (late.second.deadline > env.now) return false;
    out.emplace_back(Tell{TextNotQueued{late.second.peer, Fault::store_failed}});
    return true;
  });
}

}  // namespace culver::engine
