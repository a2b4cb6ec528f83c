// The event log's tables and their versions, and the transaction around a batch.
#include "shell/store/sqlite/event_log.hpp"

#include <array>
#include <utility>

#include "shell/store/failed_answer.hpp"
#include "shell/store/sqlite/devices.hpp"
#include "shell/store/sqlite/drops.hpp"
#include "shell/store/sqlite/events.hpp"
#include "shell/store/sqlite/migrations.hpp"
#include "shell/store/sqlite/requests.hpp"
#include "shell/store/sqlite/why_unusable.hpp"

namespace culver::store::sqlite {
namespace {

using relay::Answer;
using relay::Question;

// Events are appended, whatever account they are of, so that a batch of many accounts fills few
// pages. An index finds those of an account in their order, and which are the asking device's own.
constexpr std::array migrations_of_the_log{
    "CREATE TABLE account (id INTEGER PRIMARY KEY,"
    " user_id BLOB NOT NULL UNIQUE CHECK (length(user_id) = 32), head INTEGER NOT NULL DEFAULT 0,"
    " events INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,"
    " streams INTEGER NOT NULL DEFAULT 0, oldest INTEGER, lost_up_to INTEGER NOT NULL DEFAULT 0,"
    " lost_maker INTEGER NOT NULL DEFAULT 0, lost_of_others INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX account_oldest ON account (oldest) WHERE oldest IS NOT NULL;"
    "CREATE TABLE device (id INTEGER PRIMARY KEY,"
    " device_id BLOB NOT NULL UNIQUE CHECK (length(device_id) = 16),"
    " key BLOB NOT NULL CHECK (length(key) = 32), account INTEGER NOT NULL REFERENCES account,"
    " name TEXT, asked_name TEXT, type INTEGER, registered INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL, revoked_at INTEGER, cursor INTEGER NOT NULL DEFAULT 0,"
    " used TEXT NOT NULL DEFAULT '');"
    "CREATE INDEX device_account ON device (account);"
    "CREATE TABLE stream (account INTEGER NOT NULL REFERENCES account, name TEXT NOT NULL,"
    " last INTEGER NOT NULL, PRIMARY KEY (account, name)) WITHOUT ROWID;"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account,"
    " cursor INTEGER NOT NULL, device INTEGER NOT NULL REFERENCES device,"
    " device_seq INTEGER NOT NULL, stream_seq INTEGER NOT NULL, size INTEGER NOT NULL,"
    " stored_at INTEGER NOT NULL, expires_at INTEGER,"
    " event_id BLOB NOT NULL CHECK (length(event_id) = 16), body TEXT NOT NULL);"
    "CREATE UNIQUE INDEX event_cursor ON event (account, cursor, device);"
    "CREATE UNIQUE INDEX event_event_id ON event (event_id, account);"
    "CREATE INDEX event_expiry ON event (expires_at) WHERE expires_at IS NOT NULL;"
    "CREATE INDEX event_account_expiry ON event (account, expires_at)"
    " WHERE expires_at IS NOT NULL;",
    "CREATE TABLE dead_drop (id INTEGER PRIMARY KEY, point TEXT NOT NULL,"
    " owner BLOB NOT NULL CHECK (length(owner) = 32), code TEXT NOT NULL, relay_id TEXT NOT NULL,"
    " body TEXT NOT NULL, expires_at INTEGER NOT NULL, UNIQUE (point, owner));"
    "CREATE INDEX dead_drop_expiry ON dead_drop (expires_at);",
    // From here on ages are counted in the time that the server has run. Whatever the clock has
    // said until now, and says now, nothing is over at once.
    "CREATE TABLE run (ran INTEGER NOT NULL, wall INTEGER NOT NULL);"
    "INSERT INTO run VALUES (0, 0);"
    "UPDATE event SET stored_at = 0;"
    "UPDATE event SET expires_at = max(expires_at - CAST(strftime('%s', 'now') AS INTEGER) * 1000,"
    " 86400000) WHERE expires_at IS NOT NULL;"
    "UPDATE account SET oldest = 0 WHERE oldest IS NOT NULL;"
    "UPDATE dead_drop SET expires_at ="
    " min(max(expires_at - CAST(strftime('%s', 'now') AS INTEGER) * 1000, 3600000), 172800000);"
    "CREATE TABLE request (id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES device,"
    " nonce BLOB NOT NULL CHECK (length(nonce) = 16), UNIQUE (device, nonce));",
    // Who has proven that key, if anybody has: nobody else replaces the drop. What was left before
    // counts as unproven.
    "CREATE TABLE left_drop (id INTEGER PRIMARY KEY, point TEXT NOT NULL,"
    " owner BLOB NOT NULL CHECK (length(owner) = 32),"
    " prover BLOB NOT NULL CHECK (length(prover) IN (0, 32)), code TEXT NOT NULL,"
    " relay_id TEXT NOT NULL, body TEXT NOT NULL, expires_at INTEGER NOT NULL,"
    " UNIQUE (point, owner, prover));"
    "INSERT INTO left_drop SELECT id, point, owner, x'', code, relay_id, body, expires_at"
    " FROM dead_drop;"
    "DROP TABLE dead_drop;"
    "ALTER TABLE left_drop RENAME TO dead_drop;"
    "CREATE INDEX dead_drop_expiry ON dead_drop (expires_at);",
};

/// For a cache of 32 MiB, and 16 MiB of log before it is written into the file.
constexpr auto settings = "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4096";

}  // namespace

struct EventLog::Tables {
  Database database;
  Rows rows{database};
  Events events{database, rows};
  Drops drops{database};
  Requests requests{database, rows};
  Statement keep_time, read_time;
  Statement begin, commit, roll_back;

  explicit Tables(Database opened) : database(std::move(opened)) {}

  Result<void> prepare() {
    CHECK_OK(database.execute(settings));
    CHECK_OK(migrate(database, migrations_of_the_log));
    CHECK_OK(rows.prepare());
    CHECK_OK(events.prepare());
    CHECK_OK(drops.prepare());
    CHECK_OK(requests.prepare());
    TRY(keep_time, database.prepare("UPDATE run SET ran = max(ran, ?1), wall = ?2"));
    // A process that was killed has left at least the time of its last event.
    TRY(read_time,
        database.prepare("SELECT max(ran, coalesce((SELECT stored_at FROM event ORDER BY id DESC"
                         " LIMIT 1), 0)), wall FROM run"));
    // Deferred: a batch that only reads writes nothing, and waits for no disk.
    TRY(begin, database.prepare("BEGIN"));
    TRY(commit, database.prepare("COMMIT"));
    TRY(roll_back, database.prepare("ROLLBACK"));
    return {};
  }

  Result<void> prune(const relay::Prune& question) {
    CHECK_OK(drops.prune(question.now, question.limit));
    return events.answer(question);
  }

  Result<relay::KeepTime> time() {
    const Reading reading(read_time);
    TRY(const bool found, read_time.step());
    if (!found) return fail(Fault::store_failed);
    return relay::KeepTime{read_time.integer(0), read_time.integer(1)};
  }

  template <class Asked>
  auto ask(const Asked& question) {
    if constexpr (is_any<Asked, relay::AppendEvent, relay::FetchPage, relay::FindEvent>)
      return events.answer(question);
    else if constexpr (is_any<Asked, relay::KeepDrops, relay::ListDrops>)
      return drops.answer(question);
    else if constexpr (is_any<Asked, relay::Prune>)
      return prune(question);
    else if constexpr (is_any<Asked, relay::KeepTime>)
      return keep_time.bind(1, question.ran).bind(2, question.wall).run();
    else if constexpr (is_any<Asked, relay::SpendNonce>)
      return requests.answer(question);
    else
      return sqlite::answer(rows, question);
  }

  /// A refusal is an answer; only store_failed is a failure.
  template <class Asked>
  Result<std::optional<Answer>> answer_one(const Asked& question) {
    auto answer = ask(question);
    if (!answer && answer.error() == Fault::store_failed) return fail(Fault::store_failed);
    if constexpr (is_any<Asked, relay::SaveCursor, relay::Prune, relay::KeepTime>)
      return std::nullopt;
    else if constexpr (is_any<Asked, relay::AppendEvent>)
      return std::optional<Answer>(std::move(*answer));
    else
      return std::optional<Answer>(std::move(answer));
  }

  Result<std::vector<std::optional<Answer>>> attempt(std::span<const Question> batch) {
    std::vector<std::optional<Answer>> answers;
    answers.reserve(batch.size());
    CHECK_OK(begin.run());
    for (const auto& question : batch) {
      TRY(auto answer, std::visit([this](const auto& q) { return answer_one(q); }, question));
      answers.push_back(std::move(answer));
    }
    CHECK_OK(rows.write_back());
    CHECK_OK(commit.run());
    events.committed();
    return answers;
  }
};

EventLog::EventLog(std::unique_ptr<Tables> tables) : tables_(std::move(tables)) {}
EventLog::EventLog(EventLog&&) noexcept = default;
EventLog& EventLog::operator=(EventLog&&) noexcept = default;
EventLog::~EventLog() = default;

host::Outcome<EventLog> EventLog::open(const std::filesystem::path& file) {
  auto database = Database::open(file, Use::exclusive);
  if (!database && database.error() == Fault::data_folder_in_use)
    return host::trouble(Fault::store_failed,
                         "The event log " + file.string() + " is in use by another server.");
  auto tables = database ? std::make_unique<Tables>(std::move(*database)) : nullptr;
  if (!tables || !tables->prepare()) return unusable("The event log", file);
  return EventLog(std::move(tables));
}

Result<relay::KeepTime> EventLog::time() { return tables_->time(); }

std::uint64_t EventLog::stored_bytes() const { return tables_->events.bytes_on_disk(); }

host::Outcome<void> EventLog::copy(const std::filesystem::path& log,
                                   const std::filesystem::path& file) {
  const auto refuse = [](const std::filesystem::path& path, const std::string& why) {
    return host::trouble(Fault::store_failed, path.string() + " " + why);
  };
  std::error_code error;
  if (!std::filesystem::is_regular_file(log, error))
    return refuse(log, "is not there: no server has kept its events in that folder.");
  if (std::filesystem::exists(std::filesystem::symlink_status(file, error)))
    return refuse(file, "is there already. Nothing was overwritten.");
  auto database = Database::open(log);
  if (!database) return refuse(log, "cannot be read: it is damaged, or not ours to read.");
  if (!database->copy_to(file))
    return refuse(file,
                  "cannot be written: there is no such folder, it is not ours to write, or "
                  "the disk is full.");
  return {};
}

std::vector<std::optional<Answer>> EventLog::answer(std::span<const Question> batch) {
  tables_->rows.limit();
  if (auto answers = tables_->attempt(batch)) return std::move(*answers);
  // SQLite may have rolled back already, which makes this one fail.
  std::ignore = tables_->roll_back.run();
  tables_->rows.forget();
  tables_->events.rolled_back();
  std::vector<std::optional<Answer>> failures;
  for (const auto& question : batch) failures.push_back(failed_answer(question));
  return failures;
}

}  // namespace culver::store::sqlite
