// scrypt (RFC 7914): a key from a passphrase, made slow and hungry on purpose.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace culver::crypto {

/// Memory is 128 * r * 2^log_n bytes.
struct ScryptCost {
  std::uint8_t log_n, r, p;
  auto operator<=>(const ScryptCost&) const = default;
};
using Salt = Bytes<struct SaltTag, 16>;

/// At most 1 GiB of memory and p of 16, else Fault::usage; also for costs that RFC 7914 section 2
/// does not allow.
Result<Secret<32>> scrypt(ByteView passphrase, ByteView salt, ScryptCost cost);

}  // namespace culver::crypto
