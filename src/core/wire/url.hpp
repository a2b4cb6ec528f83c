// The address of a signaling server: ws:// or wss://, RFC 6455 section 3, read strictly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace culver::wire {

/// ws[s]://host[:port][/path][?query]. No user info and no fragment: neither has a meaning here.
struct WsUrl {
  static constexpr std::size_t max_length = 2'048;

  bool secure = false;
  /// A name in lower case, or an IPv4 or IPv6 address, without brackets; behind an IPv6 address
  /// perhaps "%" and its zone, which means something on this machine only.
  std::string host;
  std::uint16_t port = 0;    ///< 80 or 443 where the text names none
  std::string target = "/";  ///< path and query, as the request line has it

  /// Fault::bad_config.
  static Result<WsUrl> parse(std::string_view text);

  /// The Host header: brackets around IPv6, the port where it is not the scheme's own. Without a
  /// zone, RFC 6874 section 4.
  std::string authority() const;
  /// Scheme, host and port, the port always written: what names a server, whatever the spelling.
  std::string origin() const;
  /// "localhost", 127.0.0.0/8 or ::1: what is sent there does not leave this machine.
  bool loopback() const;
  bool operator==(const WsUrl&) const = default;
};

/// An IPv4 address in dotted decimal, four numbers without leading zeros.
bool is_ipv4(std::string_view text);
/// An IPv6 address, RFC 4291 section 2.2, without a zone.
bool is_ipv6(std::string_view text);
/// What stands between the brackets of a URL: an IPv6 address, perhaps with a zone behind "%25"
/// (RFC 6874), or behind "%" as people write it. The zone is given back decoded, behind "%".
std::optional<std::string> read_ipv6_literal(std::string_view text);
/// %XX as its character, RFC 3986 section 2.1; a "%" before anything else is itself.
std::string percent_decoded(std::string_view text);

}  // namespace culver::wire
