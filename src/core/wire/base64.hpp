// Base64, RFC 4648 section 4, strict: canonical, padded, no blanks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

namespace culver::wire::base64 {

constexpr std::size_t encoded_size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

std::string encode(ByteView bytes);
/// Appends to `out`: for hot paths.
void encode_to(ByteView bytes, std::string& out);
/// nullopt for anything but canonical padded base64.
std::optional<ByteVector> decode(std::string_view text);
/// The size of what decode() would give, without giving it; nullopt where decode() has nullopt.
std::optional<std::size_t> decoded_size(std::string_view text);
/// As decode, but missing padding is accepted, as Zajel's server does for public keys.
std::optional<ByteVector> decode_unpadded_too(std::string_view text);

/// 32 bytes in base64, padding optional; Fault::bad_public_key otherwise.
Result<PublicKey> parse_public_key(std::string_view text);
inline std::string print(const PublicKey& key) { return encode(key.view()); }

}  // namespace culver::wire::base64
