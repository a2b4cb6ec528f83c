// The server book in SQLite: DATA/servers.db, readable by its owner only, shared by several
// processes.
#pragma once

#include <filesystem>

#include "shell/host/trouble.hpp"
#include "shell/store/server_book.hpp"
#include "shell/store/sqlite/database.hpp"

namespace culver::store::sqlite {

class ServerBook {
 public:
  /// Makes the file if absent. Fault::store_failed with a sentence that names the file.
  static host::Outcome<ServerBook> open(const std::filesystem::path& file);

  Result<std::optional<ServerRecord>> find(const std::string& url);
  Result<void> remember(const std::string& url, const crypto::VerifyKey& identity, unsigned version,
                        const std::string& now);
  Result<void> replace(const std::string& url, const crypto::VerifyKey& identity, unsigned version,
                       const std::string& now);
  Result<void> put(std::span<const ServerRow> rows);
  Result<std::vector<ServerRow>> all();

  /// To which account this device belongs there. Durable once it returns. store_failed also for a
  /// server that is not known.
  Result<void> belong(const std::string& url, const std::optional<UserId>& account);

 private:
  explicit ServerBook(Database database) : database_(std::move(database)) {}
  Result<void> write(const char* sql, const std::string& url, const crypto::VerifyKey& identity,
                     unsigned version, const std::string& now);
  Database database_;
};
static_assert(store::ServerBook<ServerBook>);

}  // namespace culver::store::sqlite
