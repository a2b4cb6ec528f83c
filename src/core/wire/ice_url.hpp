// The address of a STUN or TURN server without anybody's name in it. RFC 7064, RFC 7065.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace culver::wire {

/// stun:HOST[:PORT], turn:HOST[:PORT][?transport=udp|tcp], turns:HOST[:PORT][?transport=tcp]; an
/// IPv6 address stands in brackets.
struct IceUrl {
  static constexpr std::size_t max_length = 512;
  enum class Kind : std::uint8_t { stun, turn_udp, turn_tcp, turn_tls } kind;
  std::string host;
  std::uint16_t port;
  bool operator==(const IceUrl&) const = default;

  static std::optional<IceUrl> parse(std::string_view text);
};

}  // namespace culver::wire
