#include "shell/store/sqlite/events.hpp"

#include <algorithm>
#include <utility>

namespace culver::store::sqlite {
namespace {

using relay::AppendRefused;
using Outcome = Events::Outcome;

constexpr int cursor_bits = 32;
constexpr std::uint64_t max_cursor = (std::uint64_t{1} << cursor_bits) - 1;

/// Account and cursor in one number: the events of an account lie together, in their order.
std::int64_t place(const Account& account, std::uint64_t cursor) {
  return account.id << cursor_bits | static_cast<std::int64_t>(std::min(cursor, max_cursor));
}
std::int64_t account_of(std::int64_t place) { return place >> cursor_bits; }
std::uint64_t cursor_of(std::int64_t place) {
  return static_cast<std::uint64_t>(place) & max_cursor;
}

Outcome refused(Fault fault, std::optional<WallTime> retry_at = std::nullopt) {
  return Outcome(tl::unexpect, AppendRefused{fault, retry_at});
}

}  // namespace

Result<void> Events::prepare() {
  const auto prepare = [this](Statement& statement, const char* sql) -> Result<void> {
    TRY(statement, database_.prepare(sql));
    return {};
  };
  CHECK_OK(prepare(by_id_,
                   "SELECT place, stream_seq, device, device_seq FROM event"
                   " WHERE id = ?1 AND place BETWEEN ?2 AND ?3"));
  CHECK_OK(prepare(by_seq_, "SELECT 1 FROM event WHERE device = ?1 AND device_seq = ?2"));
  CHECK_OK(prepare(insert_,
                   "INSERT INTO event (place, id, device, device_seq, stream_seq, size, stored_at,"
                   " expires_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  CHECK_OK(prepare(page_,
                   "SELECT place, stream_seq, body FROM event WHERE place BETWEEN ?1 AND ?2"
                   " AND device <> ?3 AND (expires_at IS NULL OR expires_at > ?4)"
                   " AND place NOT BETWEEN ?5 AND ?6 ORDER BY place"));
  CHECK_OK(prepare(first_to_expire_,
                   "SELECT place, size, device, expires_at FROM event WHERE place >> 32 = ?1"
                   " AND expires_at IS NOT NULL ORDER BY expires_at, place LIMIT 1"));
  CHECK_OK(prepare(expired_,
                   "SELECT place, size, device, expires_at FROM event WHERE expires_at <= ?1"
                   " ORDER BY expires_at, place LIMIT ?2"));
  CHECK_OK(prepare(oldest_,
                   "SELECT place, size, device, stored_at FROM event WHERE place BETWEEN ?1 AND ?2"
                   " ORDER BY place LIMIT ?3"));
  return prepare(remove_, "DELETE FROM event WHERE place = ?1");
}

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
  TRY(const auto too_much, make_room(question, *account));
  if (too_much) return refused(too_much->fault, too_much->retry_at);
  return store(question, *account, *device);
}

Result<std::optional<Outcome>> Events::find(const relay::AppendEvent& question,
                                            const Account& account, const Device& device) {
  const Reading reading_ids(by_id_);
  by_id_.bind(1, ByteView(question.event.view()))
      .bind(2, place(account, 0))
      .bind(3, place(account, max_cursor));
  const auto device_seq = static_cast<std::int64_t>(question.device_seq);
  TRY(const bool has_id, by_id_.step());
  if (has_id) {
    if (by_id_.integer(2) != device.id || by_id_.integer(3) != device_seq)
      return refused(Fault::event_id_taken);
    const auto stream_seq = static_cast<std::uint64_t>(by_id_.integer(1));
    return relay::Appended{{cursor_of(by_id_.integer(0)), stream_seq, {}}, true};
  }
  if (question.device_seq > device.last_device_seq) return std::nullopt;
  const Reading reading_seqs(by_seq_);
  TRY(const bool has_seq, by_seq_.bind(1, device.id).bind(2, device_seq).step());
  if (has_seq) return refused(Fault::device_seq_taken);
  return std::nullopt;
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

Result<Outcome> Events::store(const relay::AppendEvent& question, Account& account,
                              Device& device) {
  TRY(auto* stream, rows_.stream(account, question.stream));
  const bool is_new_stream = stream->last == 0;
  // A stream outlives its events: its numbers never begin again.
  if (account.head == max_cursor || (is_new_stream && account.streams >= question.events_per_user))
    return refused(Fault::too_many_stored_events);

  if (is_new_stream) ++account.streams;
  if (account.events == 0) account.oldest = question.now;
  ++account.head;
  ++account.events;
  ++stream->last;
  account.bytes += question.payload_size;
  device.last_device_seq = std::max(device.last_device_seq, question.device_seq);
  rows_.changed(account);
  rows_.changed(device);
  rows_.changed(account, question.stream, *stream);

  insert_.bind(1, place(account, account.head))
      .bind(2, ByteView(question.event.view()))
      .bind(3, device.id)
      .bind(4, static_cast<std::int64_t>(question.device_seq))
      .bind(5, static_cast<std::int64_t>(stream->last))
      .bind(6, static_cast<std::int64_t>(question.payload_size))
      .bind(7, question.now)
      .bind(8, question.expires_at)
      .bind_view(9, question.body);
  CHECK_OK(insert_.run());
  return relay::Appended{{account.head, stream->last, question.body}, false};
}

// ---- pages --------------------------------------------------------------------------------------

Result<relay::Page> Events::answer(const relay::FetchPage& question) {
  relay::Page page{{}, 0, false, std::nullopt};
  TRY(const auto* account, rows_.account(question.user));
  if (!account) return page;
  TRY(const auto* device, rows_.device(question.device));
  const auto device_id = device ? device->id : 0;

  auto after = std::min(question.after, account->head);
  if (question.skip_after <= after)
    after = std::max(after, std::min(question.skip_to, account->head));
  const auto lost =
      device_id == account->lost_maker ? account->lost_of_others : account->lost_up_to;
  if (lost > after) page.lost = lost;
  page.cursor = account->head;

  const Reading reading(page_);
  page_.bind(1, place(*account, after) + 1)
      .bind(2, place(*account, account->head))
      .bind(3, device_id)
      .bind(4, question.now)
      .bind(5, place(*account, question.skip_after) + 1)
      .bind(6, place(*account, question.skip_to));
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
      page.cursor = cursor_of(page_.integer(0)) - 1;
      return {};
    }
    const auto stream_seq = static_cast<std::uint64_t>(page_.integer(1));
    page.events.push_back({cursor_of(page_.integer(0)), stream_seq, std::string(body)});
  }
}

// ---- removal ------------------------------------------------------------------------------------

Result<std::vector<Events::Fact>> Events::facts(Statement& query) {
  const Reading reading(query);
  std::vector<Fact> facts;
  while (true) {
    TRY(const bool found, query.step());
    if (!found) return facts;
    facts.push_back({query.integer(0), static_cast<std::uint64_t>(query.integer(1)),
                     query.integer(2), query.integer(3)});
  }
}

Result<void> Events::remove(Account& account, const Fact& event) {
  CHECK_OK(remove_.bind(1, event.place).run());
  --account.events;
  account.bytes -= event.size;
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

Result<std::uint32_t> Events::prune_expired(WallTime now, std::uint32_t limit) {
  TRY(const auto events, facts(expired_.bind(1, now).bind(2, std::int64_t{limit})));
  for (const auto& event : events) {
    TRY(auto* account, rows_.account(account_of(event.place)));
    if (!account) return fail(Fault::store_failed);
    CHECK_OK(remove(*account, event));
  }
  return static_cast<std::uint32_t>(events.size());
}

/// From the front of the account, and no further than its first event that may stay: so what was
/// lost is always a beginning.
Result<std::uint32_t> Events::prune_old(Account& account, WallTime before, std::uint32_t limit) {
  oldest_.bind(1, place(account, 0))
      .bind(2, place(account, max_cursor))
      .bind(3, std::int64_t{limit} + 1);
  TRY(const auto events, facts(oldest_));
  std::uint32_t removed = 0;
  for (const auto& event : events) {
    account.oldest = event.time;
    if (event.time >= before || removed == limit) break;
    CHECK_OK(remove(account, event));
    if (event.device != account.lost_maker) account.lost_of_others = account.lost_up_to;
    account.lost_maker = event.device;
    account.lost_up_to = cursor_of(event.place);
    ++removed;
  }
  rows_.changed(account);
  return removed;
}

}  // namespace culver::store::sqlite
