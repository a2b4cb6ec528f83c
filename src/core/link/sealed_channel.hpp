// SealedChannel: seals what goes to one peer and opens what comes from it, for the life of one
// connection. It exists only where a session key does.
//
// Wire form: base64(nonce[12] || ChaCha20-Poly1305 ciphertext || tag[16]), no additional data.
// Both directions share one key and a frame has no number, so the nonce does three duties here:
//   - ours are 8 random bytes, drawn once, then a counter of 4: never the same twice under a key,
//   - a frame that comes back to us carries our 8 bytes: a reflection, refused whatever its age,
//   - the peer's last `remembered` nonces are known: a replay, refused. A nonce is remembered only
//     after its frame was authentic, so a forged frame cannot burn one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "core/crypto/aead.hpp"
#include "core/link/session_keys.hpp"

namespace culver::link {

/// The last nonces that were seen, oldest forgotten first.
class NonceMemory {
 public:
  explicit NonceMemory(std::size_t capacity) : capacity_(capacity) {}
  bool contains(const Nonce& nonce) const { return known_.contains(nonce); }
  void remember(const Nonce& nonce);

 private:
  struct Hash {
    std::size_t operator()(const Nonce& nonce) const noexcept;
  };
  std::size_t capacity_;
  std::size_t next_ = 0;
  std::vector<Nonce> ring_;
  std::unordered_set<Nonce, Hash> known_;
};

class SealedChannel {
 public:
  static constexpr std::size_t remembered = 10'000;
  static constexpr std::size_t overhead = 12 + crypto::Aead::tag_size;

  SealedChannel(const SessionKey& key, Rng& rng);

  /// Fault::internal after 2^32 frames: the connection has then to be made anew.
  Result<std::string> seal(ByteView plaintext);
  /// Faults: malformed (not base64, or too short), reflected, replayed, not_authentic.
  Result<ByteVector> open(std::string_view wire);

 private:
  bool is_ours(const Nonce& nonce) const;

  crypto::Aead aead_;
  std::array<std::byte, 8> prefix_;
  std::uint64_t sealed_ = 0;
  NonceMemory seen_{remembered};
};

/// For tests with known answers: one frame with a nonce of the caller's choice.
std::string seal_with(crypto::Aead& aead, const Nonce& nonce, ByteView plaintext);

}  // namespace culver::link
