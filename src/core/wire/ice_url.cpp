// Scheme, then host and port, then the transport.
#include "core/wire/ice_url.hpp"

#include <algorithm>
#include <charconv>

#include "core/wire/url.hpp"

namespace culver::wire {
namespace {

// RFC 8489 section 18.6, RFC 8656 section 18.1
constexpr std::uint16_t usual_port = 3478, usual_tls_port = 5349;

std::optional<IceUrl::Kind> kind_of(std::string_view scheme, std::string_view transport) {
  if (scheme == "stun" && transport.empty()) return IceUrl::Kind::stun;
  if (scheme == "turn" && (transport.empty() || transport == "udp")) return IceUrl::Kind::turn_udp;
  if (scheme == "turn" && transport == "tcp") return IceUrl::Kind::turn_tcp;
  if (scheme == "turns" && (transport.empty() || transport == "tcp")) return IceUrl::Kind::turn_tls;
  return std::nullopt;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

std::optional<IceUrl> IceUrl::parse(std::string_view text) {
  if (text.size() > max_length) return std::nullopt;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto scheme = text.substr(0, colon);
  text.remove_prefix(colon + 1);

  std::string_view transport;
  if (const auto mark = text.find('?'); mark != std::string_view::npos) {
    constexpr std::string_view name = "transport=";
    if (!text.substr(mark + 1).starts_with(name)) return std::nullopt;
    transport = text.substr(mark + 1 + name.size());
    if (transport.empty()) return std::nullopt;
    text = text.substr(0, mark);
  }
  const auto kind = kind_of(scheme, transport);
  if (!kind) return std::nullopt;

  const bool bracketed = text.starts_with('[');
  const auto end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return std::nullopt;
  const auto host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  if (bracketed ? !is_ipv6(host) : !is_name(host)) return std::nullopt;
  IceUrl url{*kind, std::string(host), usual_port};
  if (*kind == Kind::turn_tls) url.port = usual_tls_port;
  auto rest = text.substr(bracketed ? end + 1 : end);
  if (rest.empty()) return url;
  if (!rest.starts_with(':')) return std::nullopt;
  rest.remove_prefix(1);
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), url.port);
  if (error != std::errc{} || stop != rest.data() + rest.size() || url.port == 0)
    return std::nullopt;
  return url;
}

}  // namespace culver::wire
