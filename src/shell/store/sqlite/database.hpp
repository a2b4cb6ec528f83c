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

namespace culver::store::sqlite {

/// One prepared statement. Parameters are numbered from 1, columns from 0.
class Statement {
 public:
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, ByteView blob);
  Statement& bind_null(int parameter);

  /// True: there is a row to read. Fault::store_failed also if a parameter could not be bound.
  Result<bool> step();
  /// For statements without rows.
  Result<void> run();

  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::optional<std::string> optional_text(int column) const;
  ByteVector blob(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  bool bound_ = true;
};

class Database {
 public:
  /// Opens or makes the file with mode 0600, in WAL mode; a busy file is waited for up to 5 s.
  static Result<Database> open(const std::filesystem::path& file);

  /// One or more statements without parameters and rows.
  Result<void> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  explicit Database(sqlite3* connection) : connection_(connection) {}
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace culver::store::sqlite
