#include "shell/store/sqlite/events.hpp"

#include <algorithm>
#include <utility>

namespace culver::store::sqlite {
namespace {

using relay::AppendRefused;
using Outcome = Events::Outcome;

/// Of an event besides its payload, which is in base64: its other fields, its row, three indexes.
constexpr std::uint64_t around_an_event = 512;
std::uint64_t on_disk(std::uint64_t events, std::uint64_t payloads) {
  return events * around_an_event + payloads + payloads / 3;
}

/// When all accounts together have too much, room comes whenever something of anybody's goes.
constexpr relay::RunTime until_room = 60'000;
/// Looked for at once, when there is none.
constexpr std::uint32_t expired_at_once = 1'000;

Outcome refused(Fault fault, std::optional<relay::RunTime> retry_at = std::nullopt) {
  return Outcome(tl::unexpect, AppendRefused{fault, retry_at});
}

}  // namespace

Result<void> Events::prepare() {
  const auto prepare = [this](Statement& statement, const std::string& sql) -> Result<void> {
    TRY(statement, database_.prepare(sql));
    return {};
  };
  const std::string facts = "SELECT id, account, cursor, size, device, ";
  CHECK_OK(prepare(by_event_id_,
                   "SELECT cursor, stream_seq, device, device_seq, body FROM event"
                   " WHERE event_id = ?1 AND account = ?2"));
  CHECK_OK(prepare(insert_,
                   "INSERT INTO event (account, cursor, event_id, device, device_seq, stream_seq,"
                   " size, stored_at, expires_at, body)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"));
  CHECK_OK(prepare(page_,
                   "SELECT cursor, stream_seq, body, device_seq FROM event"
                   " WHERE account = ?1 AND cursor > ?2 AND device <> ?3"
                   " AND NOT (cursor > ?4 AND cursor <= ?5)"
                   " AND (expires_at IS NULL OR expires_at > ?6) ORDER BY cursor"));
  CHECK_OK(prepare(first_to_expire_,
                   facts + "expires_at FROM event WHERE account = ?1 AND expires_at IS NOT NULL"
                           " ORDER BY expires_at, id LIMIT 1"));
  CHECK_OK(prepare(expired_, facts + "expires_at FROM event WHERE expires_at <= ?1"
                                     " ORDER BY expires_at, id LIMIT ?2"));
  CHECK_OK(
      prepare(oldest_, facts + "stored_at FROM event WHERE account = ?1 ORDER BY cursor LIMIT ?2"));
  CHECK_OK(prepare(remove_, "DELETE FROM event WHERE id = ?1"));
  Statement sums;
  CHECK_OK(prepare(sums, "SELECT coalesce(sum(events), 0), coalesce(sum(bytes), 0) FROM account"));
  const Reading reading(sums);
  TRY(const bool found, sums.step());
  if (found) total_ = total_on_disk_ = {count(sums, 0), count(sums, 1)};
  return {};
}

std::uint64_t Events::bytes_on_disk() const { return on_disk(total_.events, total_.bytes); }

// ---- append -------------------------------------------------------------------------------------

Result<Outcome> Events::answer(const relay::AppendEvent& question) {
  TRY(auto* device, rows_.device(question.device));
  if (!device || device->record.user != question.user) return refused(Fault::device_unknown);
  if (device->record.revoked) return refused(Fault::device_revoked);
  TRY(auto* account, rows_.account(device->account));
  if (!account) return fail(Fault::store_failed);
  TRY(const auto found, find(question, *account, *device));
  if (found) return *found;
  if (question.expires_at && *question.expires_at <= question.now)
    return refused(Fault::event_expired);
  if (device->used.contains(question.device_seq)) return refused(Fault::device_seq_taken);
  TRY(const auto too_much, make_room(question, *account));
  if (too_much) return refused(too_much->fault, too_much->retry_at);
  TRY(const auto too_much_in_all, make_room_in_all(question));
  if (too_much_in_all) return refused(too_much_in_all->fault, too_much_in_all->retry_at);
  return store(question, *account, *device);
}

Result<std::optional<Outcome>> Events::find(const relay::AppendEvent& question,
                                            const Account& account, const Device& device) {
  const Reading reading(by_event_id_);
  by_event_id_.bind(1, ByteView(question.event.view())).bind(2, account.id);
  TRY(const bool found, by_event_id_.step());
  if (!found) return std::nullopt;
  if (by_event_id_.integer(2) != device.id || count(by_event_id_, 3) != question.device_seq)
    return refused(Fault::event_id_taken);
  return relay::Appended{{count(by_event_id_, 0), count(by_event_id_, 1), {}, question.device_seq},
                         true};
}

/// One that was removed has left its number behind.
Result<relay::EventFound> Events::answer(const relay::FindEvent& question) {
  TRY(const auto* account, rows_.account(question.user));
  if (!account) return relay::EventFound{false};
  {
    const Reading reading(by_event_id_);
    by_event_id_.bind(1, ByteView(question.event.view())).bind(2, account->id);
    TRY(const bool found, by_event_id_.step());
    if (found)
      return relay::EventFound{as_text(by_event_id_.blob_view(4)).starts_with(question.beginning)};
  }
  TRY(const auto* device, rows_.device(question.device));
  return relay::EventFound{device && device->account == account->id &&
                           device->used.contains(question.device_seq)};
}

/// Expired events go first. What is left over the limits is a refusal.
Result<std::optional<AppendRefused>> Events::make_room(const relay::AppendEvent& question,
                                                       Account& account) {
  while (true) {
    const bool fits = account.events < question.events_per_user;
    if (fits && account.bytes + question.payload_size <= question.bytes_per_user)
      return std::nullopt;
    const auto fault = fits ? Fault::too_many_stored_bytes : Fault::too_many_stored_events;
    TRY(const auto first, facts(first_to_expire_.bind(1, account.id)));
    if (first.empty()) return AppendRefused{fault, std::nullopt};
    if (first.front().time > question.now) return AppendRefused{fault, first.front().time};
    CHECK_OK(remove(account, first.front()));
  }
}

/// What has expired goes first, whoever's it is. Nobody else loses anything for it.
Result<std::optional<AppendRefused>> Events::make_room_in_all(const relay::AppendEvent& question) {
  const auto fits = [&] {
    return on_disk(total_.events + 1, total_.bytes + question.payload_size) <=
           question.bytes_in_all;
  };
  if (fits()) return std::nullopt;
  CHECK_OK(prune_expired(question.now, expired_at_once));
  if (fits()) return std::nullopt;
  return AppendRefused{Fault::too_many_stored_bytes, question.now + until_room};
}

Result<Outcome> Events::store(const relay::AppendEvent& question, Account& account,
                              Device& device) {
  TRY(auto* stream, rows_.stream(account, question.stream));
  const bool is_new_stream = stream->last == 0;
  // A stream outlives its events: its numbers never begin again.
  if (is_new_stream && account.streams >= question.events_per_user)
    return refused(Fault::too_many_stored_events);

  if (is_new_stream) ++account.streams;
  if (account.events == 0) account.oldest = question.now;
  ++account.head;
  ++account.events;
  ++stream->last;
  account.bytes += question.payload_size;
  ++total_.events;
  total_.bytes += question.payload_size;
  device.used.insert(question.device_seq);
  rows_.changed(account);
  rows_.changed(device);
  rows_.changed(account, question.stream, *stream);

  insert_.bind(1, account.id)
      .bind(2, stored(account.head))
      .bind(3, ByteView(question.event.view()))
      .bind(4, device.id)
      .bind(5, stored(question.device_seq))
      .bind(6, stored(stream->last))
      .bind(7, stored(question.payload_size))
      .bind(8, question.now)
      .bind(9, question.expires_at)
      .bind_view(10, question.body);
  CHECK_OK(insert_.run());
  return relay::Appended{{account.head, stream->last, question.body, question.device_seq}, false};
}

// ---- pages --------------------------------------------------------------------------------------

Result<relay::Page> Events::answer(const relay::FetchPage& question) {
  relay::Page page{{}, 0, false, std::nullopt};
  TRY(const auto* account, rows_.account(question.user));
  if (!account) return page;
  TRY(const auto* device, rows_.device(question.device));
  const auto device_id = device ? device->id : 0;

  const auto skip_to = std::min(question.skip_to, account->head);
  auto after = std::min(question.after, account->head);
  if (question.skip_after <= after) after = std::max(after, skip_to);
  const auto lost =
      device_id == account->lost_maker ? account->lost_of_others : account->lost_up_to;
  if (lost > after) page.lost = lost;
  page.cursor = account->head;

  const Reading reading(page_);
  page_.bind(1, account->id)
      .bind(2, stored(after))
      .bind(3, device_id)
      .bind(4, stored(std::min(question.skip_after, skip_to)))
      .bind(5, stored(skip_to))
      .bind(6, question.now);
  CHECK_OK(fill(page, question));
  return page;
}

Result<void> Events::fill(relay::Page& page, const relay::FetchPage& question) {
  std::size_t bytes = 0;
  while (true) {
    TRY(const bool found, page_.step());
    if (!found) return {};
    const auto body = as_text(page_.blob_view(2));
    bytes += body.size();
    if (page.events.size() >= question.limit || (!page.events.empty() && bytes > question.bytes)) {
      page.has_more = true;
      page.cursor = count(page_, 0) - 1;
      return {};
    }
    page.events.push_back({count(page_, 0), count(page_, 1), std::string(body), count(page_, 3)});
  }
}

// ---- removal ------------------------------------------------------------------------------------

Result<std::vector<Events::Fact>> Events::facts(Statement& query) {
  const Reading reading(query);
  std::vector<Fact> facts;
  while (true) {
    TRY(const bool found, query.step());
    if (!found) return facts;
    facts.push_back({query.integer(0), query.integer(1), count(query, 2), count(query, 3),
                     query.integer(4), query.integer(5)});
  }
}

Result<void> Events::remove(Account& account, const Fact& event) {
  CHECK_OK(remove_.bind(1, event.id).run());
  --account.events;
  account.bytes -= event.size;
  --total_.events;
  total_.bytes -= event.size;
  if (account.events == 0) account.oldest = std::nullopt;
  rows_.changed(account);
  return {};
}

Result<void> Events::answer(const relay::Prune& question) {
  TRY(auto work, prune_expired(question.now, question.limit));
  while (work < question.limit) {
    TRY(auto* account, rows_.account_with_events_before(question.before));
    if (!account) break;
    TRY(const auto removed, prune_old(*account, question.before, question.limit - work));
    work += std::max(removed, 1u);  // an account that was only looked at is work as well
  }
  return {};
}

Result<std::uint32_t> Events::prune_expired(relay::RunTime now, std::uint32_t limit) {
  TRY(const auto events, facts(expired_.bind(1, now).bind(2, std::int64_t{limit})));
  for (const auto& event : events) {
    TRY(auto* account, rows_.account(event.account));
    if (!account) return fail(Fault::store_failed);
    CHECK_OK(remove(*account, event));
  }
  return static_cast<std::uint32_t>(events.size());
}

/// From the front of the account, and no further than its first event that may stay: so what was
/// lost is always a beginning.
Result<std::uint32_t> Events::prune_old(Account& account, relay::RunTime before,
                                        std::uint32_t limit) {
  oldest_.bind(1, account.id).bind(2, std::int64_t{limit} + 1);
  TRY(const auto events, facts(oldest_));
  std::uint32_t removed = 0;
  for (const auto& event : events) {
    account.oldest = event.time;
    if (event.time >= before || removed == limit) break;
    CHECK_OK(remove(account, event));
    if (event.device != account.lost_maker) account.lost_of_others = account.lost_up_to;
    account.lost_maker = event.device;
    account.lost_up_to = event.cursor;
    ++removed;
  }
  rows_.changed(account);
  return removed;
}

}  // namespace culver::store::sqlite
