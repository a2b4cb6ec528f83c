// SHA-256 (FIPS 180-4), HMAC-SHA256 (RFC 2104) and HKDF-SHA256 (RFC 5869), and comparison in
// constant time.
#pragma once

#include <memory>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace culver::crypto {

Digest sha256(ByteView data);

/// SHA-256 over a stream. A copy goes on from the same place.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256&) = delete;
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(ByteView data);
  /// Of what has come until now; the stream goes on.
  Digest so_far() const;
  /// Ends the stream; the object may not be used afterwards.
  Digest finish() &&;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest hmac_sha256(ByteView key, ByteView data);

/// Fills `out` (at most 255 * 32 bytes, else Fault::usage). An empty salt is 32 zero bytes.
Result<void> hkdf_sha256(ByteView ikm, ByteView salt, ByteView info, std::span<std::byte> out);

/// Equal length and equal content, in time that depends on the length only.
bool equal_in_constant_time(ByteView a, ByteView b);

}  // namespace culver::crypto
