// Letters in SQLite: tables of DATA/peers.db, shared by several processes, their texts sealed under
// a key that the identity gives. Every call is on the disk when it returns.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/base/secret.hpp"
#include "core/format/kept_letter.hpp"
#include "shell/host/trouble.hpp"
#include "shell/store/ports.hpp"
#include "shell/store/process_lock.hpp"
#include "shell/store/sqlite/database.hpp"

namespace culver::store::sqlite {

class Outbox {
 public:
  static constexpr std::int64_t letters_per_peer = 1'000, letters_in_all = 10'000;
  static constexpr std::int64_t series_per_peer = 256;

  /// `folder` has the peer book. Fault::store_failed with a sentence that names it.
  static host::Outcome<Outbox> open(const std::filesystem::path& folder, Secret<32> key);

  Result<LetterId> post(const PublicKey& key, const Plaintext& text, WallTime written);
  Queue load(const PublicKey& key, LetterId after, std::size_t most);
  Result<void> remove(std::span<const LetterId> letters);
  Result<std::optional<HeldId>> keep(const PublicKey& key, const wire::peer::Letter& letter);
  Held take_over();
  Result<void> shown(HeldId held);
  /// The words of one that is kept. letter_unreadable; store_failed also if it is not there.
  Result<Plaintext> held_text(HeldId held);

  /// What waits for anybody, in the order in which it was taken.
  struct Row {
    LetterId id;
    PublicKey key;
    WallTime written;
    std::optional<Plaintext> text;  ///< none: it cannot be read
  };
  Result<std::vector<Row>> all();

 private:
  Outbox(Database database, ProcessLock process, Secret<32> key)
      : database_(std::move(database)), process_(std::move(process)), key_(std::move(key)) {}
  Result<void> check_room(const char* table, const PublicKey& key);
  Result<bool> is_news(const PublicKey& key, const wire::peer::LetterName& name);
  Result<void> take_over_from(std::int64_t keeper, Held& held);

  Database database_;
  ProcessLock process_;
  Secret<32> key_;
  /// What this process writes to each peer: the letter that it wrote last. Never on the disk.
  std::map<PublicKey, wire::peer::LetterName> writing_;
};
static_assert(store::Outbox<Outbox>);

}  // namespace culver::store::sqlite
