// What the client wants of the book in which it keeps the identities of servers.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/crypto/sign.hpp"

namespace culver::store {

/// A server that has proven an identity once: from then on it has to, each time.
struct ServerRecord {
  crypto::VerifyKey identity;
  unsigned version;        ///< the newest of the handshake that it was ever heard to speak
  std::string first_seen;  ///< with this identity; ISO 8601, UTC
  std::string last_seen;
  /// That this device was linked to there; none: its own.
  std::optional<UserId> account = {};
};

struct ServerRow {
  std::string url;
  ServerRecord server;
};

/// A server is named by WsUrl::origin().
template <class Book>
concept ServerBook = requires(Book& book, const std::string& url, const crypto::VerifyKey& identity,
                              unsigned version, const std::string& now) {
  { book.find(url) } -> std::same_as<Result<std::optional<ServerRecord>>>;
  /// Adds a server that is new. Of one that is known it raises the version, never lowers it, and
  /// notes when it was last seen. server_identity_changed for another identity than before, which
  /// changes nothing.
  { book.remember(url, identity, version, now) } -> std::same_as<Result<void>>;
  /// A person has decided: whatever was known before is forgotten.
  { book.replace(url, identity, version, now) } -> std::same_as<Result<void>>;
  /// Writes rows as they are, over those of the same servers.
  { book.put(std::span<const ServerRow>()) } -> std::same_as<Result<void>>;
  { book.all() } -> std::same_as<Result<std::vector<ServerRow>>>;
};

}  // namespace culver::store
