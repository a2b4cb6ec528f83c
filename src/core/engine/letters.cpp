#include "core/engine/letters.hpp"

#include <algorithm>
#include <utility>

#include "core/wire/utf8.hpp"

namespace culver::engine {

// ---- out ----------------------------------------------------------------------------------------

void Letters::post(Post post, Env& env, LetterEffects& out) {
  const auto refused = [&](Fault fault) { out.emplace_back(Tell{PostFailed{post.key, fault}}); };
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
  if (stored.fault) return out.emplace_back(Tell{PostFailed{peer, *stored.fault}}), void();
  out.emplace_back(Tell{Posted{peer, stored.letter}});
  for (auto& [id, link] : links_)
    if (link.peer == peer) {
      link.may_be_more = true;
      load(id, link, env, out);
    }
}

void Letters::open(LinkId id, const PublicKey& peer, bool spoken, Env& env, LetterEffects& out) {
  auto& link = links_.insert_or_assign(id, Link{peer, spoken}).first->second;
  load(id, link, env, out);
}

void Letters::on_change(Env& env, LetterEffects& out) {
  for (auto& [id, link] : links_) {
    link.may_be_more = true;
    load(id, link, env, out);
  }
}

/// By half a window at least, so that the store is not asked for every letter.
void Letters::load(LinkId id, Link& link, Env& env, LetterEffects& out) {
  if (link.loading || !link.may_be_more || link.under_way.size() > window / 2) return;
  link.asked = window - link.under_way.size();
  link.loading = env.now + patience;
  link.again.reset();
  link.may_be_more = false;
  out.emplace_back(LoadLetters{id, link.peer, link.last, link.asked});
}

void Letters::on(LettersLoaded loaded, Env& env, LetterEffects& out) {
  const auto at = links_.find(loaded.link);
  if (at == links_.end() || !at->second.loading) return;
  auto& link = at->second;
  link.loading.reset();
  if (loaded.letters.size() >= link.asked) link.may_be_more = true;
  for (auto& letter : loaded.letters) {
    link.last = letter.id;
    link.under_way.push_back({letter.id, letter.name});
    link.is_told_empty = false;
    if (link.spoken)
      out.emplace_back(
          ToLetterLink{at->first, link::SendLetter{wire::peer::Letter{
                                      letter.name, 0, letter.written, std::move(letter.text)}}});
    else
      out.emplace_back(ToLetterLink{at->first, link::SendText{std::move(letter.text)}});
  }
  if (loaded.fault && !std::exchange(link.is_stuck, true))
    out.emplace_back(Tell{LettersStuck{link.peer, *loaded.fault}});
  if (!loaded.fault) link.is_stuck = false;
  if (loaded.fault == Fault::store_failed) link.again = env.now + patience;
  delivered(
      at->first, link, [](const UnderWay&) { return false; }, env, out);
}

/// Takes these out of the queue, and sends on.
template <class Test>
void Letters::delivered(LinkId id, Link& link, Test is_delivered, Env& env, LetterEffects& out) {
  RemoveLetters gone;
  std::erase_if(link.under_way, [&](const UnderWay& letter) {
    if (!is_delivered(letter)) return false;
    gone.letters.push_back(letter.id);
    return true;
  });
  if (!gone.letters.empty()) {
    const auto letters = gone.letters;
    out.emplace_back(std::move(gone));
    for (const auto letter : letters)
      out.emplace_back(Tell{LetterDelivered{link.peer, letter, link.spoken}});
  }
  load(id, link, env, out);
  if (!link.loading && link.under_way.empty() && !link.is_stuck &&
      !std::exchange(link.is_told_empty, true))
    out.emplace_back(Tell{NothingWaits{id, link.peer}});
}

void Letters::on_had(LinkId id, const wire::peer::LettersHad& had, Env& env, LetterEffects& out) {
  const auto at = links_.find(id);
  if (at == links_.end() || !at->second.spoken) return;
  const auto is_had = [&](const UnderWay& letter) {
    return letter.name.series == had.up_to.series && letter.name.number <= had.up_to.number;
  };
  if (std::ranges::none_of(at->second.under_way, is_had))
    return out.emplace_back(Dropped{Fault::out_of_order}), void();
  delivered(id, at->second, is_had, env, out);
}

void Letters::on_everything_sent(LinkId id, Env& env, LetterEffects& out) {
  const auto at = links_.find(id);
  if (at == links_.end() || at->second.spoken || at->second.under_way.empty()) return;
  delivered(
      id, at->second, [](const UnderWay&) { return true; }, env, out);
}

// ---- in -----------------------------------------------------------------------------------------

void Letters::on_letter(LinkId id, wire::peer::Letter letter, Env& env, LetterEffects& out) {
  const auto at = links_.find(id);
  if (at == links_.end()) return;
  if (at->second.received.size() >= queued)
    return out.emplace_back(EndLink{id, Fault::queue_full}), void();
  at->second.received.push_back(std::move(letter));
  if (!at->second.keeping) keep_next(id, at->second, env, out);
}

/// One at a time: of what is shown, only the last can be one that the store does not know of.
void Letters::keep_next(LinkId id, Link& link, Env& env, LetterEffects& out) {
  if (link.received.empty()) return;
  auto letter = std::move(link.received.front());
  link.received.pop_front();
  const auto request = next_request_++;
  link.keeping = request;
  out.emplace_back(KeepLetter{request, link.peer, letter});
  keeping_.emplace(request, Keeping{id, link.peer, std::move(letter), env.now + patience});
}

void Letters::on(LetterKept kept, Env& env, LetterEffects& out) {
  auto found = keeping_.extract(kept.request);
  if (!found) return;  // late: it is told by the next process
  auto& [id, peer, letter, deadline] = found.mapped();
  const auto name = letter.name;
  if (kept.held)
    out.emplace_back(Tell{LetterReceived{*kept.held, peer, std::nullopt, name, letter.written,
                                         std::move(letter.text)}});
  const auto at = links_.find(id);
  if (at == links_.end()) return;
  if (kept.fault) return out.emplace_back(EndLink{id, *kept.fault}), void();
  out.emplace_back(ToLetterLink{id, link::SendLetter{wire::peer::LettersHad{name}}});
  at->second.keeping.reset();
  keep_next(id, at->second, env, out);
}

// ---- time ---------------------------------------------------------------------------------------

std::optional<TimePoint> Letters::deadline() const {
  std::optional<TimePoint> next;
  for (const auto& [id, link] : links_)
    next = fsm::earlier(next, fsm::earlier(link.loading, link.again));
  for (const auto& [id, keeping] : keeping_) next = fsm::earlier(next, keeping.deadline);
  for (const auto& [id, posting] : posting_) next = fsm::earlier(next, posting.deadline);
  return next;
}

void Letters::on_tick(Env& env, LetterEffects& out) {
  for (auto& [id, link] : links_) {
    if (link.loading && *link.loading <= env.now) {
      link.loading.reset();
      out.emplace_back(EndLink{id, Fault::store_failed});
    }
    if (link.again && *link.again <= env.now) {
      link.again.reset();
      link.may_be_more = true;
      load(id, link, env, out);
    }
  }
  std::erase_if(keeping_, [&](const auto& late) {
    if (late.second.deadline > env.now) return false;
    out.emplace_back(EndLink{late.second.link, Fault::store_failed});
    return true;
  });
  std::erase_if(posting_, [&](const auto& late) {
    if (late.second.deadline > env.now) return false;
    out.emplace_back(Tell{PostFailed{late.second.peer, Fault::store_failed}});
    return true;
  });
}

}  // namespace culver::engine
