// The peer book's table and its versions.
#include "shell/store/sqlite/peer_book.hpp"

#include <array>

namespace culver::store::sqlite {
namespace {

/// Each step leads from the version of its index to the next one; released steps never change.
constexpr std::array migrations{
    "CREATE TABLE peer (public_key BLOB PRIMARY KEY NOT NULL CHECK (length(public_key) = 32),"
    " name TEXT, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL) WITHOUT ROWID",
};

Result<std::int64_t> version(Database& database) {
  TRY(auto query, database.prepare("PRAGMA user_version"));
  CHECK_OK(query.step());
  return query.integer(0);
}

Result<void> migrate_in_transaction(Database& database) {
  TRY(const auto present, version(database));
  if (present < 0 || present > static_cast<std::int64_t>(migrations.size()))
    return fail(Fault::store_failed);  // of a newer Culver: hands off
  for (auto step = static_cast<std::size_t>(present); step < migrations.size(); ++step)
    CHECK_OK(database.execute(migrations[step]));
  const auto set = "PRAGMA user_version = " + std::to_string(migrations.size());
  return database.execute(set.c_str());
}

/// The write lock comes first, so that of two processes one migrates and the other finds it done.
Result<void> migrate(Database& database) {
  TRY(const auto present, version(database));
  if (present == static_cast<std::int64_t>(migrations.size())) return {};
  CHECK_OK(database.execute("BEGIN IMMEDIATE"));
  const auto migrated = migrate_in_transaction(database);
  CHECK_OK(database.execute(migrated ? "COMMIT" : "ROLLBACK"));
  return migrated;
}

}  // namespace

host::Outcome<PeerBook> PeerBook::open(const std::filesystem::path& file) {
  auto database = Database::open(file);
  if (!database || !migrate(*database))
    return host::trouble(Fault::store_failed,
                         "The peer book " + file.string() +
                             " cannot be used: it is damaged, not ours to write, or was made by a "
                             "newer Culver.");
  return PeerBook(std::move(*database));
}

Result<void> PeerBook::remember(const PublicKey& key, const std::optional<Plaintext>& name,
                                const std::string& now) {
  TRY(auto upsert,
      database_.prepare("INSERT INTO peer (public_key, name, first_seen, last_seen)"
                        " VALUES (?1, ?2, ?3, ?3) ON CONFLICT (public_key) DO UPDATE SET"
                        " name = coalesce(excluded.name, name), last_seen = excluded.last_seen"));
  upsert.bind(1, ByteView(key.view())).bind(3, now);
  if (name && !name->expose().empty())
    upsert.bind(2, name->expose());
  else
    upsert.bind_null(2);
  return upsert.run();
}

Result<std::vector<KnownPeer>> PeerBook::all() {
  TRY(auto query, database_.prepare("SELECT public_key, name, first_seen, last_seen FROM peer"
                                    " ORDER BY last_seen DESC, public_key"));
  std::vector<KnownPeer> peers;
  while (true) {
    TRY(const bool row, query.step());
    if (!row) return peers;
    const auto key = PublicKey::from(query.blob(0));
    if (!key) return fail(Fault::store_failed);
    auto& peer = peers.emplace_back(KnownPeer{*key, std::nullopt, query.text(2), query.text(3)});
    if (auto name = query.optional_text(1)) peer.name.emplace(std::move(*name));
  }
}

}  // namespace culver::store::sqlite
