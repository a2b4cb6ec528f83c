// The peer book in SQLite: DATA/peers.db, readable by its owner only, shared by several processes.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shell/host/trouble.hpp"
#include "shell/store/ports.hpp"
#include "shell/store/sqlite/database.hpp"

namespace culver::store::sqlite {

class PeerBook {
 public:
  /// Makes the file if absent and brings an older one to the present layout. Fault::store_failed
  /// with a sentence that names the file.
  static host::Outcome<PeerBook> open(const std::filesystem::path& file);

  Result<void> remember(const ProvenPeer& proven, const std::string& now);
  Result<void> keep_offered(const PublicKey& of, const PublicKey& offered,
                            engine::KeyStanding standing);
  Result<void> rename(const PublicKey& key, const std::optional<Plaintext>& alias);
  Result<void> set_verified(const PublicKey& key, bool is_verified);
  Result<void> set_blocked(const PublicKey& key, bool is_blocked);
  Result<void> trust(const PublicKey& key, const PublicKey& offered);
  Result<void> forget(const PublicKey& key);
  /// How many letters wait for it.
  Result<std::size_t> letters_to(const PublicKey& key);
  Result<void> put(std::span<const KnownPeer> rows);
  Result<std::vector<KnownPeer>> all();

 private:
  explicit PeerBook(Database database) : database_(std::move(database)) {}
  Result<void> take_over(const PublicKey& old_key, const PublicKey& new_key);
  Result<void> keep_earlier_name(const PublicKey& key, const Plaintext& name);
  Result<std::map<PublicKey, std::vector<Plaintext>>> earlier_names();
  Result<std::map<PublicKey, std::vector<PublicKey>>> offered_keys();
  Result<void> note(const ProvenPeer& proven, const std::string& now);
  /// A statement about one row, which must be there.
  Result<void> change(Statement statement);
  Database database_;
};
static_assert(store::PeerBook<PeerBook>);

}  // namespace culver::store::sqlite
