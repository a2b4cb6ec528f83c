// The parts of the text from the outside in: scheme and transport, address, user and password.
#include "shell/cli/ice_server.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/wire/url.hpp"

namespace culver::cli {
namespace {

std::optional<IceServer::Kind> kind_of(std::string_view scheme) {
  if (scheme == "stun") return IceServer::Kind::stun;
  if (scheme == "turn") return IceServer::Kind::turn_udp;
  if (scheme == "turns") return IceServer::Kind::turn_tls;
  return std::nullopt;
}

/// Cuts ?transport=... off, RFC 7065 section 3.1. False if it names none that we speak.
bool take_transport(std::string_view& text, IceServer::Kind& kind) {
  const auto at = text.rfind("?transport=");
  // A question mark before the last @ belongs to the password.
  if (at == std::string_view::npos || text.find('@', at) != std::string_view::npos) return true;
  const auto name = text.substr(text.find('=', at) + 1);
  text = text.substr(0, at);
  if (name == "tcp") {
    if (kind == IceServer::Kind::turn_udp) kind = IceServer::Kind::turn_tcp;
    return true;
  }
  return name == "udp" && kind == IceServer::Kind::turn_udp;  // DTLS to a relay is not spoken here
}

/// HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT.
bool parse_endpoint(std::string_view text, IceServer& server) {
  const auto bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const bool bracketed = bracket != std::string_view::npos;
  const auto end = bracketed ? bracket + 1 : std::min(text.find(':'), text.size());
  if (bracketed) {
    auto address = wire::read_ipv6_literal(text.substr(1, bracket - 1));
    if (!address) return false;
    server.host = std::move(*address);
  } else {
    server.host = text.substr(0, end);
    if (server.host.find_first_of("[]?@/%") != std::string::npos) return false;
  }
  // RFC 8489 section 18.6, RFC 8656 section 18.1
  server.port = server.kind == IceServer::Kind::turn_tls ? 5349 : 3478;
  if (server.host.empty()) return false;
  auto rest = text.substr(end);
  if (rest.empty()) return true;
  if (!rest.starts_with(':')) return false;
  rest.remove_prefix(1);
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), server.port);
  return parsed.ec == std::errc() && parsed.ptr == rest.data() + rest.size() && server.port != 0;
}

}  // namespace

std::optional<IceServer> parse_ice_server(std::string_view text) {
  const auto scheme = text.substr(0, text.find(':'));
  auto kind = kind_of(scheme);
  if (!kind || scheme.size() == text.size()) return std::nullopt;
  text.remove_prefix(scheme.size() + 1);
  const bool turn = *kind != IceServer::Kind::stun;
  if (turn && !take_transport(text, *kind)) return std::nullopt;
  IceServer server{*kind, {}, 0, {}, {}};
  if (turn) {
    const auto at = text.rfind('@');
    if (at == std::string_view::npos) return std::nullopt;
    // Users have colons of their own: "1795905085:ana" is a name that is good until then.
    const auto credentials = text.substr(0, at);
    const auto colon = credentials.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    server.user = wire::percent_decoded(credentials.substr(0, colon));
    server.password = wire::percent_decoded(credentials.substr(colon + 1));
    text.remove_prefix(at + 1);
  }
  if (!parse_endpoint(text, server)) return std::nullopt;
  return server;
}

}  // namespace culver::cli
