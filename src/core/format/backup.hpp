// The file that `culver export` writes: who we are and whom we know, under a passphrase. Source:
// docs/protocol/backup.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/base/text.hpp"
#include "core/crypto/scrypt.hpp"
#include "core/crypto/sign.hpp"

namespace culver::format::backup {

inline constexpr std::size_t file_size = 32 << 20;  ///< of a file that is read
inline constexpr std::size_t peers = 50'000, servers = 10'000;
inline constexpr std::size_t earlier_names = 8;
inline constexpr std::size_t offered_keys = 4;
inline constexpr std::size_t url_size = 2'048;
inline constexpr std::size_t date_size = 32;

/// 128 MiB, and about half a second of a machine of these years.
inline constexpr crypto::ScryptCost default_cost{17, 8, 1};

struct Peer {
  PublicKey key;
  std::optional<Plaintext> name, alias;  ///< at most wire::limits::proposed_name bytes of UTF-8
  std::string first_seen, last_seen;
  bool is_verified, is_blocked, is_culver;
  std::vector<PublicKey> offered = {};  ///< newest last, at most offered_keys
  std::vector<Plaintext> earlier =
      {};  ///< names that it gave up, newest last, at most earlier_names
  bool operator==(const Peer&) const = default;
};
struct Server {
  std::string url;
  crypto::VerifyKey identity;
  std::uint32_t version;
  std::string first_seen, last_seen;
  std::optional<UserId> account;  ///< that this device was linked to there
  bool operator==(const Server&) const = default;
};
struct Content {
  Secret<32> identity;      ///< the X25519 private key
  Secret<32> account_seed;  ///< of the Ed25519 key
  DeviceId device;
  std::vector<Peer> peers;
  std::vector<Server> servers;
};

/// Fault::too_large if the content is larger than is read again.
Result<ByteVector> seal(const Content& content, ByteView passphrase, Rng& rng,
                        crypto::ScryptCost cost = default_cost);

/// Fault::malformed: not such a file, or one that was damaged on its way, as its checksum shows.
/// Fault::not_authentic: the passphrase is wrong, or somebody has changed the file and its
/// checksum. Fault::usage: of a newer version, or it asks for more than 1 GiB of memory.
Result<Content> open(ByteView file, ByteView passphrase);

}  // namespace culver::format::backup
