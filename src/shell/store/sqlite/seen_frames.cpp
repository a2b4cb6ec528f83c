#include "shell/store/sqlite/seen_frames.hpp"

#include <array>
#include <utility>

#include "shell/store/sqlite/migrations.hpp"
#include "shell/store/sqlite/why_unusable.hpp"

namespace culver::store::sqlite {
namespace {

constexpr std::array migrations_of_seen_frames{
    "CREATE TABLE frame (peer BLOB NOT NULL CHECK (length(peer) = 32),"
    " nonce BLOB NOT NULL CHECK (length(nonce) = 12), PRIMARY KEY (peer, nonce)) WITHOUT ROWID",
};

}  // namespace

host::Outcome<SeenFrames> SeenFrames::open(const std::filesystem::path& file) {
  auto database = Database::open(file);
  if (!database || !migrate(*database, migrations_of_seen_frames) ||
      !database->execute("PRAGMA synchronous = FULL"))
    return unusable("The list of taken frames", file);
  return SeenFrames(std::move(*database));
}

Result<std::vector<Nonce>> SeenFrames::of(const PublicKey& key) {
  TRY(auto query, database_.prepare("SELECT nonce FROM frame WHERE peer = ?1"));
  query.bind(1, ByteView(key.view()));
  std::vector<Nonce> nonces;
  while (true) {
    TRY(const bool row, query.step());
    if (!row) return nonces;
    const auto nonce = Nonce::from(query.blob_view(0));
    if (!nonce) return fail(Fault::store_failed);
    nonces.push_back(*nonce);
  }
}

Result<std::vector<bool>> SeenFrames::keep(std::span<const engine::KeepFrame> frames) {
  std::vector<bool> are_new;
  const auto kept = database_.all_or_nothing([&]() -> Result<void> {
    TRY(auto insert,
        database_.prepare("INSERT OR IGNORE INTO frame (peer, nonce) VALUES (?1, ?2)"));
    for (const auto& frame : frames) {
      CHECK_OK(
          insert.bind(1, ByteView(frame.key.view())).bind(2, ByteView(frame.nonce.view())).run());
      are_new.push_back(database_.changes() > 0);
    }
    return {};
  });
  CHECK_OK(kept);
  return are_new;
}

}  // namespace culver::store::sqlite
