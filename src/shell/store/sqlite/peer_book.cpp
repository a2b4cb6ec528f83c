// The peer book's table and its versions.
#include "shell/store/sqlite/peer_book.hpp"

#include <array>

#include "shell/store/sqlite/migrations.hpp"

namespace culver::store::sqlite {
namespace {

constexpr std::array migrations{
    "CREATE TABLE peer (public_key BLOB PRIMARY KEY NOT NULL CHECK (length(public_key) = 32),"
    " name TEXT, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL) WITHOUT ROWID",
    "ALTER TABLE peer ADD COLUMN offered_key BLOB CHECK (length(offered_key) = 32)",
};

}  // namespace

host::Outcome<PeerBook> PeerBook::open(const std::filesystem::path& file) {
  auto database = Database::open(file);
  if (!database || !migrate(*database, migrations))
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

Result<void> PeerBook::keep_offered(const PublicKey& of, const PublicKey& offered) {
  TRY(auto update, database_.prepare("UPDATE peer SET offered_key = ?2 WHERE public_key = ?1"));
  update.bind(1, ByteView(of.view())).bind(2, ByteView(offered.view()));
  return update.run();
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
