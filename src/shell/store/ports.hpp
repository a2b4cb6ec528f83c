// What the client wants of a store, whatever is behind it.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"

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

}  // namespace culver::store
