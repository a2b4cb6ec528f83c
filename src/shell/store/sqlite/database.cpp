// SQLite's C interface behind values.
#include "shell/store/sqlite/database.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "shell/host/file_descriptor.hpp"

namespace culver::store::sqlite {
namespace {

constexpr int busy_timeout_ms = 5'000;
constexpr int busy_pause_ms = 2;

/// Two processes that turn a new file to WAL at once would wait for each other while each holds a
/// read lock. SQLite sees that and refuses one without asking its busy timeout; the refused one has
/// let go of its lock and may try again.
int turn_to_wal(sqlite3* connection) {
  for (int waited = 0;; waited += busy_pause_ms) {
    const int turned =
        sqlite3_exec(connection, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if (turned != SQLITE_BUSY || waited >= busy_timeout_ms) return turned;
    sqlite3_sleep(busy_pause_ms);
  }
}

/// SQLite's own exclusive lock would keep readers out as well, a backup among them. Nothing if
/// another holds it; it goes with the process.
host::FileDescriptor lock(const std::filesystem::path& file) {
  const auto path = file.string() + "-lock";
  host::FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return lock;
}

/// All pages in one step: a snapshot, whoever writes meanwhile.
int copy_pages(sqlite3* from, sqlite3* to) {
  auto* backup = sqlite3_backup_init(to, "main", from, "main");
  if (!backup) return sqlite3_errcode(to);
  for (int waited = 0; waited < busy_timeout_ms; waited += busy_pause_ms) {
    const int stepped = sqlite3_backup_step(backup, -1);
    if (stepped != SQLITE_BUSY && stepped != SQLITE_LOCKED) break;
    sqlite3_sleep(busy_pause_ms);
  }
  return sqlite3_backup_finish(backup);
}

}  // namespace

Statement& Statement::bind(int parameter, std::string_view text) {
  bound_ &= sqlite3_bind_text(statement_.get(), parameter, text.data(),
                              static_cast<int>(text.size()), SQLITE_TRANSIENT) == SQLITE_OK;
  return *this;
}

Statement& Statement::bind(int parameter, ByteView blob) {
  bound_ &= sqlite3_bind_blob(statement_.get(), parameter, blob.data(),
                              static_cast<int>(blob.size()), SQLITE_TRANSIENT) == SQLITE_OK;
  return *this;
}

Statement& Statement::bind(int parameter, std::int64_t integer) {
  bound_ &= sqlite3_bind_int64(statement_.get(), parameter, integer) == SQLITE_OK;
  return *this;
}

Statement& Statement::bind(int parameter, std::optional<std::int64_t> integer) {
  return integer ? bind(parameter, *integer) : bind_null(parameter);
}

Statement& Statement::bind_view(int parameter, std::string_view text) {
  bound_ &= sqlite3_bind_text(statement_.get(), parameter, text.data(),
                              static_cast<int>(text.size()), SQLITE_STATIC) == SQLITE_OK;
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  bound_ &= sqlite3_bind_null(statement_.get(), parameter) == SQLITE_OK;
  return *this;
}

Result<bool> Statement::step() {
  if (!bound_) return fail(Fault::store_failed);
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return fail(Fault::store_failed);
  }
}

Result<void> Statement::run() {
  const auto done = step();
  reset();
  if (!done) return fail(done.error());
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  bound_ = true;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

std::string Statement::text(int column) const {
  return optional_text(column).value_or(std::string());
}

std::optional<std::string> Statement::optional_text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  if (!text) return std::nullopt;
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return std::string(reinterpret_cast<const char*>(text), size);
}

ByteView Statement::blob_view(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  if (!bytes) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

ByteVector Statement::blob(int column) const {
  const auto bytes = blob_view(column);
  return {bytes.begin(), bytes.end()};
}

Result<Database> Database::open(const std::filesystem::path& file, Use use) {
  // SQLite would make it readable by others; its -wal and -shm files take the mode of this one. A
  // file that is there is not opened: closing it would free the locks of this process's other
  // connections, and another process would take itself for the last one and remove the log.
  constexpr int make = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  if (!host::FileDescriptor(::open(file.c_str(), make, 0600)) && errno != EEXIST)
    return fail(Fault::store_failed);
  auto alone = use == Use::exclusive ? lock(file) : host::FileDescriptor();
  if (use == Use::exclusive && !alone)
    return fail(errno == EWOULDBLOCK ? Fault::data_folder_in_use : Fault::store_failed);
  sqlite3* connection = nullptr;
  const int opened = sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READWRITE, nullptr);
  Database database(connection);
  if (opened != SQLITE_OK) return fail(Fault::store_failed);
  database.alone_ = std::move(alone);
  sqlite3_busy_timeout(connection, busy_timeout_ms);
  if (turn_to_wal(connection) != SQLITE_OK) return fail(Fault::store_failed);
  CHECK_OK(database.execute(use == Use::exclusive ? "PRAGMA synchronous = FULL"
                                                  : "PRAGMA synchronous = NORMAL"));
  return database;
}

Result<void> Database::copy_to(const std::filesystem::path& file) {
  constexpr int make = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  if (!host::FileDescriptor(::open(file.c_str(), make, 0600))) return fail(Fault::store_failed);
  sqlite3* connection = nullptr;
  const int opened = sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READWRITE, nullptr);
  {
    Database copy(connection);
    // At the end it is one file, without a log beside it.
    if (opened == SQLITE_OK && copy.execute("PRAGMA synchronous = FULL") &&
        copy_pages(connection_.get(), connection) == SQLITE_OK &&
        copy.execute("PRAGMA journal_mode = DELETE"))
      return {};
  }
  ::unlink(file.c_str());
  return fail(Fault::store_failed);
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return fail(Fault::store_failed);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int prepared = sqlite3_prepare_v2(connection_.get(), sql.data(),
                                          static_cast<int>(sql.size()), &statement, nullptr);
  if (prepared != SQLITE_OK) return fail(Fault::store_failed);
  return Statement(statement);
}

}  // namespace culver::store::sqlite
