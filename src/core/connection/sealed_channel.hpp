// SealedChannel: seals what goes to one peer and opens what comes from it, for the life of one
// connection. It exists only where a session key does.
//
// Wire form: base64(nonce[12] || ChaCha20-Poly1305 ciphertext || tag[16]), no additional data.
// Both directions share one key, so a frame of our own must be known if it comes back. Ours have
// nonces that nobody else makes:
//   - under a key of this connection alone: 8 random bytes, drawn once, then a counter of 4,
//     little-endian,
//   - under the key that every connection with this peer has (version 1): 8 bytes that count up
//   from
//     a random number, and 4 that only we can make of them, so that a frame of an earlier
//     connection is known as well.
// Which frames of the peer have been taken before is for connection/frame_memory to say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "core/connection/session_keys.hpp"
#include "core/crypto/aead.hpp"
#include "core/wire/base64.hpp"

namespace culver::connection {

class SealedChannel {
 public:
  static constexpr std::size_t overhead = 12 + crypto::Aead::tag_size;

  /// What so many bytes have once they are sealed.
  static constexpr std::size_t sealed_size(std::size_t plaintext) {
    return wire::base64::encoded_size(plaintext + overhead);
  }

  /// Under a key of this connection alone.
  SealedChannel(const SessionKey& key, Rng& rng);
  /// Under the key of all connections with this peer. `ours` marks the frames that are our own:
  /// own_frames_key().
  SealedChannel(const SessionKey& key, SessionKey ours, Rng& rng);

  /// Fault::internal after 2^32 frames: the connection has then to be made anew.
  Result<std::string> seal(ByteView plaintext);

  struct Opened {
    Nonce nonce;
    ByteVector plaintext;
  };
  /// Faults: malformed (not base64, or too short), reflected, not_authentic.
  Result<Opened> open(std::string_view wire);

 private:
  using Mark = std::array<std::byte, 4>;

  Mark mark_of(ByteView number) const;
  bool is_ours(const Nonce& nonce) const;

  crypto::Aead aead_;
  std::optional<SessionKey> marks_;  ///< of version 1
  std::array<std::byte, 8> prefix_;  ///< or where our numbers begin
  std::uint64_t sealed_ = 0;
};

/// For tests with known answers: one frame with a nonce of the caller's choice.
std::string seal_with(crypto::Aead& aead, const Nonce& nonce, ByteView plaintext);

}  // namespace culver::connection
