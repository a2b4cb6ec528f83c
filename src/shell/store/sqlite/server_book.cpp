// The server book's table.
#include "shell/store/sqlite/server_book.hpp"

#include <array>

#include "shell/store/sqlite/migrations.hpp"
#include "shell/store/sqlite/why_unusable.hpp"

namespace culver::store::sqlite {
namespace {

constexpr std::array migrations_of_the_servers{
    "CREATE TABLE server (url TEXT PRIMARY KEY NOT NULL,"
    " identity BLOB NOT NULL CHECK (length(identity) = 32), version INTEGER NOT NULL,"
    " first_seen TEXT NOT NULL, last_seen TEXT NOT NULL) WITHOUT ROWID",
    "ALTER TABLE server ADD COLUMN account BLOB CHECK (account IS NULL OR length(account) = 32)",
};

}  // namespace

host::Outcome<ServerBook> ServerBook::open(const std::filesystem::path& file) {
  auto database = Database::open(file);
  if (!database || !migrate(*database, migrations_of_the_servers))
    return unusable("The server book", file);
  return ServerBook(std::move(*database));
}

Result<std::optional<ServerRecord>> ServerBook::find(const std::string& url) {
  TRY(auto query, database_.prepare("SELECT identity, version, first_seen, last_seen, account"
                                    " FROM server WHERE url = ?1"));
  query.bind(1, url);
  TRY(const bool row, query.step());
  if (!row) return std::nullopt;
  const auto identity = crypto::VerifyKey::from(query.blob(0));
  if (!identity) return fail(Fault::store_failed);
  return ServerRecord{*identity, static_cast<unsigned>(query.integer(1)), query.text(2),
                      query.text(3), UserId::from(query.blob(4))};
}

/// One statement, so that of two processes that meet a new server at once the second one sees what
/// the first one wrote.
Result<void> ServerBook::remember(const std::string& url, const crypto::VerifyKey& identity,
                                  unsigned version, const std::string& now) {
  CHECK_OK(
      write("INSERT INTO server VALUES (?1, ?2, ?3, ?4, ?4, NULL) ON CONFLICT (url) DO UPDATE SET"
            " version = max(version, excluded.version), last_seen = excluded.last_seen"
            " WHERE identity = excluded.identity",
            url, identity, version, now));
  TRY(const auto known, find(url));
  if (!known || known->identity != identity) return fail(Fault::server_identity_changed);
  return {};
}

Result<void> ServerBook::replace(const std::string& url, const crypto::VerifyKey& identity,
                                 unsigned version, const std::string& now) {
  return write("INSERT OR REPLACE INTO server VALUES (?1, ?2, ?3, ?4, ?4, NULL)", url, identity,
               version, now);
}

Result<void> ServerBook::belong(const std::string& url, const std::optional<UserId>& account) {
  CHECK_OK(database_.execute("PRAGMA synchronous = FULL"));
  TRY(auto statement, database_.prepare("UPDATE server SET account = ?2 WHERE url = ?1"));
  statement.bind(1, url).bind_null(2);
  if (account) statement.bind(2, ByteView(account->view()));
  CHECK_OK(statement.run());
  TRY(const auto known, find(url));
  if (!known || known->account != account) return fail(Fault::store_failed);
  return {};
}

Result<void> ServerBook::put(std::span<const ServerRow> rows) {
  return database_.all_or_nothing([&]() -> Result<void> {
    TRY(auto insert,
        database_.prepare("INSERT OR REPLACE INTO server (url, identity, version, first_seen,"
                          " last_seen, account) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    for (const auto& [url, server] : rows) {
      insert.bind(1, url).bind(2, ByteView(server.identity.view()));
      insert.bind(3, static_cast<std::int64_t>(server.version));
      insert.bind(4, server.first_seen).bind(5, server.last_seen);
      if (server.account)
        insert.bind(6, ByteView(server.account->view()));
      else
        insert.bind_null(6);
      CHECK_OK(insert.run());
    }
    return {};
  });
}

Result<std::vector<ServerRow>> ServerBook::all() {
  TRY(auto query, database_.prepare("SELECT url, identity, version, first_seen, last_seen, account"
                                    " FROM server ORDER BY url"));
  std::vector<ServerRow> rows;
  while (true) {
    TRY(const bool row, query.step());
    if (!row) return rows;
    const auto identity = crypto::VerifyKey::from(query.blob_view(1));
    if (!identity) return fail(Fault::store_failed);
    rows.push_back({query.text(0),
                    {*identity, static_cast<unsigned>(query.integer(2)), query.text(3),
                     query.text(4), UserId::from(query.blob_view(5))}});
  }
}

Result<void> ServerBook::write(const char* sql, const std::string& url,
                               const crypto::VerifyKey& identity, unsigned version,
                               const std::string& now) {
  TRY(auto statement, database_.prepare(sql));
  statement.bind(1, url).bind(2, ByteView(identity.view())).bind(4, now);
  statement.bind(3, static_cast<std::int64_t>(version));
  return statement.run();
}

}  // namespace culver::store::sqlite
