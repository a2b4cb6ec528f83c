// What the client and the server want of their stores, whatever is behind them.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/relay/directory.hpp"

namespace culver::store {

/// A peer that was connected once. Its key is its identity: codes change with every pairing.
struct KnownPeer {
  PublicKey key;
  std::optional<Plaintext> name;
  std::string first_seen;  ///< ISO 8601, UTC
  std::string last_seen;
};

template <class Book>
concept PeerBook = requires(Book& book, const PublicKey& key, const std::optional<Plaintext>& name,
                            const std::string& now) {
  /// Adds the peer, or updates when it was last seen. A name replaces the one before; no name
  /// leaves it.
  { book.remember(key, name, now) } -> std::same_as<Result<void>>;
  /// Everybody, whoever was seen last first.
  { book.all() } -> std::same_as<Result<std::vector<KnownPeer>>>;
};

/// The server's devices, events and dead drops. It lives on a thread of its own, takes what has
/// gathered there as one batch, and makes the batch durable at once: no answer leaves before all of
/// it is on disk.
template <class Log>
concept EventLog = requires(Log& log, std::span<const relay::Question> batch) {
  /// One answer per question, in order; std::nullopt for questions without one. If the batch cannot
  /// be made durable, every answer is Fault::store_failed and none of it has happened.
  { log.answer(batch) } -> std::same_as<std::vector<std::optional<relay::Answer>>>;
};

}  // namespace culver::store
