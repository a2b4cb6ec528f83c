// The field that X25519 and Ed25519 reckon in.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace culver::crypto {

/// Whether the number, little-endian, is less than p = 2^255 - 19: each element of the field has
/// one such spelling. RFC 7748 section 5, RFC 8032 section 5.1.3.
inline bool is_reduced(const std::array<std::byte, 32>& number) {
  if (number.back() != std::byte{0x7f}) return number.back() < std::byte{0x7f};
  return number.front() < std::byte{0xed} ||
         !std::all_of(number.begin() + 1, number.end() - 1,
                      [](std::byte byte) { return byte == std::byte{0xff}; });
}

}  // namespace culver::crypto
