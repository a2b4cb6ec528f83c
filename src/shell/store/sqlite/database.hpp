// SQLite's connection and statement as values that free themselves, with faults for return codes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "shell/host/file_descriptor.hpp"

namespace culver::store::sqlite {

/// One prepared statement. Parameters are numbered from 1, columns from 0.
class Statement {
 public:
  Statement() = default;  ///< of nothing: every use fails
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, ByteView blob);
  Statement& bind(int parameter, std::int64_t integer);
  Statement& bind(int parameter, std::optional<std::int64_t> integer);
  Statement& bind_null(int parameter);
  /// Not copied: the text must stay until the statement has run.
  Statement& bind_view(int parameter, std::string_view text);

  /// True: there is a row to read. Fault::store_failed also if a parameter could not be bound.
  Result<bool> step();
  /// For statements without rows. Afterwards it can be bound and run again.
  Result<void> run();
  /// Ends a query of which rows may be left.
  void reset();

  std::int64_t integer(int column) const;
  std::optional<std::int64_t> optional_integer(int column) const;
  std::string text(int column) const;
  std::optional<std::string> optional_text(int column) const;
  ByteVector blob(int column) const;
  ByteView blob_view(int column) const;  ///< until the next step

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  bool bound_ = true;
};

/// Resets a query that is kept when its reader is done with it, however that ends.
class Reading {
 public:
  explicit Reading(Statement& query) : query_(query) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() { query_.reset(); }

 private:
  Statement& query_;
};

enum class Use {
  shared,    ///< with other processes; a busy file is waited for up to 5 s
  exclusive  ///< the only one that opens it so; others may read meanwhile; a commit is on disk
};

class Database {
 public:
  /// Opens or makes the file with mode 0600, in WAL mode.
  static Result<Database> open(const std::filesystem::path& file, Use use = Use::shared);

  /// Runs the work as one transaction that nobody writes in between: all of it, or with its fault
  /// nothing of it.
  template <class Work>
  Result<void> all_or_nothing(Work work) {
    CHECK_OK(execute("BEGIN IMMEDIATE"));
    Result<void> done = work();
    if (done) done = execute("COMMIT");
    if (!done && !execute("ROLLBACK")) return fail(Fault::store_failed);
    return done;
  }
  /// A copy as of now, with mode 0600, while others write. There must not be such a file.
  Result<void> copy_to(const std::filesystem::path& file);
  /// One or more statements without parameters and rows.
  Result<void> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  /// Rows that the last statement has written or deleted.
  std::int64_t changes() const { return sqlite3_changes(connection_.get()); }
  std::int64_t last_insert_id() const { return sqlite3_last_insert_rowid(connection_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  explicit Database(sqlite3* connection) : connection_(connection) {}
  host::FileDescriptor alone_;  ///< holds the lock of Use::exclusive
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace culver::store::sqlite
