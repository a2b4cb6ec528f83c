// The numbers of STUN, TURN and ICE as the wire has them, shared by what reads and what prints
// them. RFC 8489 section 18, RFC 8656 section 18, RFC 8445 section 20.
#pragma once

#include <cstdint>

#include "core/base/bytes.hpp"

namespace culver::wire::stun {

inline constexpr std::size_t header_size = 20;
inline constexpr std::size_t attribute_header = 4;
inline constexpr std::uint32_t magic_cookie = 0x2112A442;

namespace attribute {
inline constexpr std::uint16_t mapped_address = 0x0001;
inline constexpr std::uint16_t username = 0x0006;
inline constexpr std::uint16_t message_integrity = 0x0008;
inline constexpr std::uint16_t error_code = 0x0009;
inline constexpr std::uint16_t unknown_attributes = 0x000A;
inline constexpr std::uint16_t channel_number = 0x000C;
inline constexpr std::uint16_t lifetime = 0x000D;
inline constexpr std::uint16_t xor_peer_address = 0x0012;
inline constexpr std::uint16_t data = 0x0013;
inline constexpr std::uint16_t realm = 0x0014;
inline constexpr std::uint16_t nonce = 0x0015;
inline constexpr std::uint16_t xor_relayed_address = 0x0016;
inline constexpr std::uint16_t requested_address_family = 0x0017;
inline constexpr std::uint16_t requested_transport = 0x0019;
inline constexpr std::uint16_t message_integrity_sha256 = 0x001C;
inline constexpr std::uint16_t xor_mapped_address = 0x0020;
inline constexpr std::uint16_t priority = 0x0024;
inline constexpr std::uint16_t use_candidate = 0x0025;
/// From here on an attribute may be ignored by who does not know it.
inline constexpr std::uint16_t first_optional = 0x8000;
inline constexpr std::uint16_t fingerprint = 0x8028;
inline constexpr std::uint16_t ice_controlled = 0x8029;
inline constexpr std::uint16_t ice_controlling = 0x802A;
/// Ours, of the numbers that nobody has: docs/protocol/ice.md, "How large a datagram may be".
inline constexpr std::uint16_t probe_padding = 0xC7C1;
inline constexpr std::uint16_t largest_datagram = 0xC7C2;
}  // namespace attribute

inline constexpr std::size_t integrity_size = 20;
inline constexpr std::size_t fingerprint_size = 4;

/// The value of FINGERPRINT over what stands before it. RFC 8489 section 14.7.
std::uint32_t fingerprint_of(ByteView before);

inline constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

/// Big-endian. At most eight bytes.
inline std::uint64_t number(ByteView bytes) {
  std::uint64_t value = 0;
  for (auto byte : bytes) value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}
/// At `at`, which is in range.
inline std::uint16_t number16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(number(bytes.subspan(at, 2)));
}

inline void append(ByteVector& out, std::uint64_t value, unsigned bytes) {
  while (bytes-- > 0) out.push_back(static_cast<std::byte>(value >> (8 * bytes) & 0xff));
}

}  // namespace culver::wire::stun
