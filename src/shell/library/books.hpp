// The peer book and the outbox as methods of the interface use them: from any thread, beside the
// engine, which notices what was written.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "culver/result.hpp"
#include "culver/types.hpp"
#include "shell/host/trouble.hpp"
#include "shell/store/sqlite/outbox.hpp"
#include "shell/store/sqlite/peer_book.hpp"

namespace culver::library {

/// A peer of the book, as a name has found it.
struct Found {
  PublicKey key;
  v1::KnownPeer row;
  bool is_blocked;
};

class Books {
 public:
  static host::Outcome<Books> open(const std::filesystem::path& folder, Secret<32> letters_key);
  Books(Books&&) noexcept;

  /// no_such_peer, name_ambiguous.
  v1::Result<Found> find(const v1::PeerName& name);
  v1::Result<std::vector<v1::KnownPeer>> list();
  /// name_taken, bad_config.
  v1::Result<void> rename(const v1::PeerName& name, std::string_view alias);
  v1::Result<void> forget(const v1::PeerName& name);
  v1::Result<void> set_blocked(const v1::PeerName& name, bool is_blocked);

  v1::Result<std::vector<v1::QueuedText>> outbox(v1::OutboxText text);
  v1::Result<void> drop(std::string_view message);
  v1::Result<std::size_t> drop_all_of(const v1::PeerName& name);
  /// What came and is kept: letter_unreadable, store_failed.
  v1::Result<std::string> held_text(HeldId held);

 private:
  Books(store::sqlite::PeerBook peers, store::sqlite::Outbox outbox);
  v1::Result<Found> find(const std::vector<store::KnownPeer>& rows, const v1::PeerName& name);

  std::mutex mutex_;  ///< a connection to a database is used by one thread at a time
  store::sqlite::PeerBook peers_;
  store::sqlite::Outbox outbox_;
};

}  // namespace culver::library
