// The secrets of a data folder as files: each sealed under the data key, and the data key itself,
// plain or wrapped under a passphrase. Source: docs/protocol/secrets-at-rest.md.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <variant>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/crypto/scrypt.hpp"

namespace culver::format::vault {

using DataKey = Secret<32>;

inline constexpr std::size_t content_size = 512;  ///< most bytes of one secret
inline constexpr std::size_t sealed_overhead = 14 + 1 + 12 + 16;
inline constexpr std::size_t file_size = content_size + sealed_overhead;  ///< of any file of these

/// 128 MiB, and about half a second of a machine of these years.
inline constexpr crypto::ScryptCost default_cost{17, 8, 1};

/// Whether the file says that it is sealed: a plain one of an earlier version does not.
bool is_sealed(ByteView file);

/// `name` is the file's, `content` at most content_size.
ByteVector seal(const DataKey& key, std::string_view name, ByteView content, Rng& rng);

/// Fault::malformed: not of seal()'s making. Fault::usage: of a newer version.
/// Fault::not_authentic: of another key or of another name, or changed.
Result<SecretBytes> open(const DataKey& key, std::string_view name, ByteView file);

/// What is left of a key until somebody says the passphrase.
struct WrappedKey {
  static constexpr std::size_t size = 19 + 1 + 3 + 16 + 12 + 48 + 32;
  std::array<std::byte, size> file;
};
using StoredKey = std::variant<DataKey, WrappedKey>;

SecretBytes print(const DataKey& key);
/// Fault::usage for a cost that scrypt() does not take.
Result<ByteVector> wrap(const DataKey& key, ByteView passphrase, Rng& rng,
                        crypto::ScryptCost cost = default_cost);
/// Fault::malformed: damaged, or neither form. Fault::usage: of a newer version.
Result<StoredKey> parse_key(ByteView file);
/// Fault::not_authentic: another passphrase. Fault::usage: a cost that scrypt() does not take.
Result<DataKey> unwrap(const WrappedKey& wrapped, ByteView passphrase);

}  // namespace culver::format::vault
