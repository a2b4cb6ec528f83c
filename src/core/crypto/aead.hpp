// Authenticated encryption: ChaCha20-Poly1305 (RFC 8439) and AES-GCM (NIST SP 800-38D), 16-byte
// tags, 12-byte nonces. The caller sees to it that a nonce is used once per key.
#pragma once

#include <memory>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace culver::crypto {

enum class AeadAlgorithm { chacha20_poly1305, aes_256_gcm, aes_128_gcm };

/// One key, ready for many messages without allocation per message. Movable, not copyable.
class Aead {
 public:
  static constexpr std::size_t tag_size = 16;

  Aead(AeadAlgorithm algorithm, ByteView key);  ///< key: 32 bytes, 16 for aes_128_gcm
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;
  ~Aead();

  /// Writes ciphertext || tag; out.size() must be plaintext.size() + tag_size. In place is allowed
  /// when out begins where plaintext begins.
  void seal(const Nonce& nonce, ByteView aad, ByteView plaintext, std::span<std::byte> out);
  /// Reads ciphertext || tag; out.size() must be sealed.size() - tag_size. On Fault::not_authentic
  /// (also for an input shorter than a tag) out holds zeros.
  Result<void> open(const Nonce& nonce, ByteView aad, ByteView sealed, std::span<std::byte> out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// For many keys that each have a message now and then: holds nothing between two calls, and the
/// key is gone from its scratch space when it returns. As Aead does it otherwise, also in place.
/// Not for aes_128_gcm.
void seal_once(AeadAlgorithm algorithm, const Secret<32>& key, const Nonce& nonce, ByteView aad,
               ByteView plaintext, std::span<std::byte> out);
Result<void> open_once(AeadAlgorithm algorithm, const Secret<32>& key, const Nonce& nonce,
                       ByteView aad, ByteView sealed, std::span<std::byte> out);

}  // namespace culver::crypto
