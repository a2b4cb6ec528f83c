// The peer book's table, its versions and its statements.
#include "shell/store/sqlite/peer_book.hpp"

#include <array>
#include <map>
#include <utility>

#include "core/engine/names.hpp"
#include "core/format/backup.hpp"
#include "shell/store/sqlite/migrations.hpp"
#include "shell/store/sqlite/outbox_tables.hpp"
#include "shell/store/sqlite/why_unusable.hpp"

namespace culver::store::sqlite {
namespace {

constexpr std::array migrations_of_the_peers{
    "CREATE TABLE peer (public_key BLOB PRIMARY KEY NOT NULL CHECK (length(public_key) = 32),"
    " name TEXT, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL) WITHOUT ROWID",
    "ALTER TABLE peer ADD COLUMN alias TEXT;"
    "ALTER TABLE peer ADD COLUMN verified INTEGER NOT NULL DEFAULT 0 CHECK (verified IN (0, 1));"
    "ALTER TABLE peer ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1));"
    "ALTER TABLE peer ADD COLUMN culver INTEGER NOT NULL DEFAULT 0 CHECK (culver IN (0, 1));"
    "ALTER TABLE peer ADD COLUMN offered BLOB"
    " CHECK (offered IS NULL OR length(offered) = 32 AND offered != public_key)",
    outbox_tables,
    "CREATE TABLE earlier_name (id INTEGER PRIMARY KEY,"
    " peer BLOB NOT NULL CHECK (length(peer) = 32), name TEXT NOT NULL, UNIQUE (peer, name))",
    "CREATE TABLE offered_key (id INTEGER PRIMARY KEY,"
    " peer BLOB NOT NULL CHECK (length(peer) = 32),"
    " key BLOB NOT NULL CHECK (length(key) = 32 AND key != peer),"
    " proven INTEGER NOT NULL CHECK (proven IN (0, 1)), UNIQUE (peer, key));"
    "INSERT INTO offered_key (peer, key, proven)"
    " SELECT public_key, offered, 0 FROM peer WHERE offered IS NOT NULL;"
    "ALTER TABLE peer DROP COLUMN offered",
};

constexpr std::int64_t offered_keys_kept = format::backup::offered_keys;  // of each peer

/// Rows of earlier versions hold what came.
std::optional<Plaintext> clean(const std::optional<std::string>& name) {
  return name ? engine::clean_name(*name) : std::nullopt;
}
void bind_name(Statement& statement, int parameter, const std::optional<Plaintext>& name) {
  if (const auto kept = name ? engine::clean_name(name->expose()) : std::nullopt)
    statement.bind(parameter, kept->expose());
  else
    statement.bind_null(parameter);
}

}  // namespace

host::Outcome<PeerBook> PeerBook::open(const std::filesystem::path& file) {
  auto database = Database::open(file);
  if (!database || !migrate(*database, migrations_of_the_peers))
    return unusable("The peer book", file);
  return PeerBook(std::move(*database));
}

Result<void> PeerBook::change(Statement statement) {
  CHECK_OK(statement.run());
  if (database_.changes() == 0) return fail(Fault::no_such_peer);
  return {};
}

/// The new key may have a row of its own by now: from another process, or from before.
Result<void> PeerBook::take_over(const PublicKey& old_key, const PublicKey& new_key) {
  TRY(auto copy,
      database_.prepare(
          "INSERT INTO peer (public_key, name, first_seen, last_seen, alias, blocked, culver)"
          " SELECT ?2, name, first_seen, last_seen, alias, blocked, culver FROM peer"
          " WHERE public_key = ?1 ON CONFLICT (public_key) DO UPDATE SET"
          " first_seen = min(first_seen, excluded.first_seen), alias = coalesce(excluded.alias, "
          "alias),"
          " blocked = max(blocked, excluded.blocked), culver = max(culver, excluded.culver),"
          " verified = 0"));
  copy.bind(1, ByteView(old_key.view())).bind(2, ByteView(new_key.view()));
  CHECK_OK(copy.run());
  TRY(auto names, database_.prepare("UPDATE OR IGNORE earlier_name SET peer = ?2 WHERE peer = ?1"));
  CHECK_OK(names.bind(1, ByteView(old_key.view())).bind(2, ByteView(new_key.view())).run());
  for (const auto* row :
       {"DELETE FROM offered_key WHERE peer = ?1", "DELETE FROM peer WHERE public_key = ?1"}) {
    TRY(auto drop, database_.prepare(row));
    CHECK_OK(drop.bind(1, ByteView(old_key.view())).run());
  }
  return {};
}

/// The name that is replaced, as the newest of a few.
Result<void> PeerBook::keep_earlier_name(const PublicKey& key, const Plaintext& name) {
  TRY(auto keep, database_.prepare("INSERT OR REPLACE INTO earlier_name (peer, name) SELECT"
                                   " public_key, name FROM peer WHERE public_key = ?1"
                                   " AND name IS NOT NULL AND name != ?2"));
  CHECK_OK(keep.bind(1, ByteView(key.view())).bind(2, name.expose()).run());
  TRY(auto trim,
      database_.prepare("DELETE FROM earlier_name WHERE peer = ?1 AND id NOT IN (SELECT id"
                        " FROM earlier_name WHERE peer = ?1 ORDER BY id DESC LIMIT ?2)"));
  return trim.bind(1, ByteView(key.view()))
      .bind(2, static_cast<std::int64_t>(engine::Known::earlier_names))
      .run();
}

Result<void> PeerBook::note(const ProvenPeer& proven, const std::string& now) {
  if (const auto name = proven.name ? engine::clean_name(proven.name->expose()) : std::nullopt)
    CHECK_OK(keep_earlier_name(proven.key, *name));
  TRY(auto upsert,
      database_.prepare("INSERT INTO peer (public_key, name, first_seen, last_seen, culver)"
                        " VALUES (?1, ?2, ?3, ?3, ?4) ON CONFLICT (public_key) DO UPDATE SET"
                        " name = coalesce(excluded.name, name), last_seen = excluded.last_seen,"
                        " culver = max(culver, excluded.culver)"));
  upsert.bind(1, ByteView(proven.key.view())).bind(3, now);
  upsert.bind(4, std::int64_t{proven.is_culver});
  bind_name(upsert, 2, proven.name);
  CHECK_OK(upsert.run());
  TRY(auto settle, database_.prepare("DELETE FROM offered_key WHERE key = ?1"));
  return settle.bind(1, ByteView(proven.key.view())).run();
}

Result<void> PeerBook::remember(const ProvenPeer& proven, const std::string& now) {
  return database_.all_or_nothing([&]() -> Result<void> {
    if (proven.instead_of && *proven.instead_of != proven.key)
      CHECK_OK(take_over(*proven.instead_of, proven.key));
    return note(proven, now);
  });
}

Result<void> PeerBook::keep_offered(const PublicKey& of, const PublicKey& offered,
                                    engine::KeyStanding standing) {
  return database_.all_or_nothing([&]() -> Result<void> {
    TRY(auto keep,
        database_.prepare("INSERT INTO offered_key (peer, key, proven) SELECT public_key, ?2, ?3"
                          " FROM peer WHERE public_key = ?1 ON CONFLICT (peer, key)"
                          " DO UPDATE SET proven = max(proven, excluded.proven)"));
    keep.bind(1, ByteView(of.view())).bind(2, ByteView(offered.view()));
    keep.bind(3, std::int64_t{standing == engine::KeyStanding::proven});
    CHECK_OK(change(std::move(keep)));
    TRY(auto trim,
        database_.prepare("DELETE FROM offered_key WHERE peer = ?1 AND id NOT IN (SELECT id FROM"
                          " offered_key WHERE peer = ?1 ORDER BY proven DESC, id DESC LIMIT ?2)"));
    return trim.bind(1, ByteView(of.view())).bind(2, offered_keys_kept).run();
  });
}

Result<void> PeerBook::rename(const PublicKey& key, const std::optional<Plaintext>& alias) {
  TRY(auto update, database_.prepare("UPDATE peer SET alias = ?2 WHERE public_key = ?1"));
  update.bind(1, ByteView(key.view()));
  bind_name(update, 2, alias);
  return change(std::move(update));
}

Result<void> PeerBook::set_verified(const PublicKey& key, bool is_verified) {
  TRY(auto update, database_.prepare("UPDATE peer SET verified = ?2 WHERE public_key = ?1"));
  update.bind(1, ByteView(key.view())).bind(2, std::int64_t{is_verified});
  return change(std::move(update));
}

Result<void> PeerBook::set_blocked(const PublicKey& key, bool is_blocked) {
  TRY(auto update, database_.prepare("UPDATE peer SET blocked = ?2 WHERE public_key = ?1"));
  update.bind(1, ByteView(key.view())).bind(2, std::int64_t{is_blocked});
  return change(std::move(update));
}

Result<void> PeerBook::trust(const PublicKey& key, const PublicKey& offered) {
  return database_.all_or_nothing([&]() -> Result<void> {
    // What a person has agreed to is this key, and it must still be one that waits.
    TRY(auto take, database_.prepare("DELETE FROM offered_key WHERE peer = ?1 AND key = ?2"));
    take.bind(1, ByteView(key.view())).bind(2, ByteView(offered.view()));
    CHECK_OK(change(std::move(take)));
    return take_over(key, offered);
  });
}

Result<std::size_t> PeerBook::letters_to(const PublicKey& key) {
  TRY(auto count, database_.prepare("SELECT count(*) FROM letter WHERE peer = ?1"));
  count.bind(1, ByteView(key.view()));
  TRY(const bool is_there, count.step());
  return is_there ? static_cast<std::size_t>(count.integer(0)) : 0;
}

/// With what waits for it and what came of it.
Result<void> PeerBook::forget(const PublicKey& key) {
  return database_.all_or_nothing([&]() -> Result<void> {
    for (const auto* letters :
         {"DELETE FROM earlier_name WHERE peer = ?1", "DELETE FROM offered_key WHERE peer = ?1",
          "DELETE FROM letter WHERE peer = ?1", "DELETE FROM heard WHERE peer = ?1",
          "DELETE FROM held WHERE peer = ?1"}) {
      TRY(auto drop, database_.prepare(letters));
      CHECK_OK(drop.bind(1, ByteView(key.view())).run());
    }
    TRY(auto drop, database_.prepare("DELETE FROM peer WHERE public_key = ?1"));
    drop.bind(1, ByteView(key.view()));
    return change(std::move(drop));
  });
}

Result<void> PeerBook::put(std::span<const KnownPeer> rows) {
  return database_.all_or_nothing([&]() -> Result<void> {
    TRY(auto insert,
        database_.prepare("INSERT OR REPLACE INTO peer (public_key, name, alias, first_seen,"
                          " last_seen, verified, blocked, culver)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    TRY(auto name_before,
        database_.prepare("INSERT OR REPLACE INTO earlier_name (peer, name) VALUES (?1, ?2)"));
    TRY(auto offer, database_.prepare("INSERT OR REPLACE INTO offered_key (peer, key, proven)"
                                      " VALUES (?1, ?2, 0)"));
    for (const auto& row : rows) {
      for (const auto& name : row.earlier)
        CHECK_OK(name_before.bind(1, ByteView(row.key.view())).bind(2, name.expose()).run());
      insert.bind(1, ByteView(row.key.view())).bind(4, row.first_seen).bind(5, row.last_seen);
      bind_name(insert, 2, row.name);
      bind_name(insert, 3, row.alias);
      insert.bind(6, std::int64_t{row.is_verified}).bind(7, std::int64_t{row.is_blocked});
      insert.bind(8, std::int64_t{row.is_culver});
      CHECK_OK(insert.run());
      for (const auto& key : row.offered)
        CHECK_OK(offer.bind(1, ByteView(row.key.view())).bind(2, ByteView(key.view())).run());
    }
    return {};
  });
}

Result<std::map<PublicKey, std::vector<Plaintext>>> PeerBook::earlier_names() {
  TRY(auto query, database_.prepare("SELECT peer, name FROM earlier_name ORDER BY id"));
  std::map<PublicKey, std::vector<Plaintext>> names;
  while (true) {
    TRY(const bool row, query.step());
    if (!row) return names;
    const auto key = PublicKey::from(query.blob_view(0));
    if (!key) return fail(Fault::store_failed);
    if (auto name = clean(query.optional_text(1))) names[*key].push_back(std::move(*name));
  }
}

Result<std::map<PublicKey, std::vector<PublicKey>>> PeerBook::offered_keys() {
  TRY(auto query, database_.prepare("SELECT peer, key FROM offered_key ORDER BY id"));
  std::map<PublicKey, std::vector<PublicKey>> keys;
  while (true) {
    TRY(const bool row, query.step());
    if (!row) return keys;
    const auto peer = PublicKey::from(query.blob_view(0));
    const auto key = PublicKey::from(query.blob_view(1));
    if (!peer || !key) return fail(Fault::store_failed);
    keys[*peer].push_back(*key);
  }
}

Result<std::vector<KnownPeer>> PeerBook::all() {
  TRY(auto earlier, earlier_names());
  TRY(auto offered, offered_keys());
  TRY(auto query,
      database_.prepare("SELECT public_key, name, alias, first_seen, last_seen, verified, blocked,"
                        " culver FROM peer ORDER BY last_seen DESC, public_key"));
  std::vector<KnownPeer> peers;
  while (true) {
    TRY(const bool row, query.step());
    if (!row) return peers;
    const auto key = PublicKey::from(query.blob_view(0));
    if (!key) return fail(Fault::store_failed);
    peers.push_back({*key, clean(query.optional_text(1)), clean(query.optional_text(2)),
                     query.text(3), query.text(4), query.integer(5) != 0, query.integer(6) != 0,
                     query.integer(7) != 0, std::move(offered[*key]), std::move(earlier[*key])});
  }
}

}  // namespace culver::store::sqlite
