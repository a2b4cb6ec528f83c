// Fixed-size byte strings that differ in type when they differ in meaning.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace culver {

using ByteView = std::span<const std::byte>;
using ByteVector = std::vector<std::byte>;

/// N public bytes with a meaning. For secrets see Secret<N>.
template <class Tag, std::size_t N>
struct Bytes {
  static constexpr std::size_t size = N;
  std::array<std::byte, N> data{};

  static std::optional<Bytes> from(ByteView view) {
    if (view.size() != N) return std::nullopt;
    Bytes bytes;
    std::copy(view.begin(), view.end(), bytes.data.begin());
    return bytes;
  }
  std::span<const std::byte, N> view() const { return data; }
  auto operator<=>(const Bytes&) const = default;
};

inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(ByteView bytes) {
  // char may alias any object, so reading bytes as text is defined.
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// An X25519 public key, RFC 7748 little-endian. Not yet checked for small order: x25519() does.
using PublicKey = Bytes<struct PublicKeyTag, 32>;
/// SHA-256 of something.
using Digest = Bytes<struct DigestTag, 32>;
/// The 96-bit nonce of an AEAD.
using Nonce = Bytes<struct NonceTag, 12>;

}  // namespace culver
