// A STUN or TURN server as people write it. RFC 7064, RFC 7065.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace culver::cli {

/// stun:HOST[:PORT], turn:USER:PASSWORD@HOST[:PORT][?transport=udp|tcp] or turns: with the same,
/// which is TLS; an IPv6 address stands in brackets. The password begins behind the last colon
/// before the last @; %XX stands for a character in user and password, as in a URL.
struct IceServer {
  enum class Kind : std::uint8_t { stun, turn_udp, turn_tcp, turn_tls } kind;
  std::string host;
  std::uint16_t port;
  std::string user, password;
  bool operator==(const IceServer&) const = default;
};
std::optional<IceServer> parse_ice_server(std::string_view text);

}  // namespace culver::cli
