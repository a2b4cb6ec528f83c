// Reading url.hpp's addresses.
#include "core/wire/url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include <arpa/inet.h>

namespace culver::wire {
namespace {

// Not <cctype>: its answers depend on the locale.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// 1..65535 in decimal, without a sign or leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.front() == '0') return std::nullopt;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

/// inet_pton reads a text and touches no network.
template <class Address>
std::optional<Address> parse_address(int family, std::string_view text) {
  const std::string terminated(text);
  Address address;
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  if (inet_pton(family, terminated.c_str(), &address) != 1) return std::nullopt;
  return address;
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
    return false;
  return std::ranges::all_of(
      label, [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
}

/// A name, or an IPv4 address: what ends in a number can only be the latter.
bool is_name_or_ipv4(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  const auto labels = split(host, '.');
  if (std::ranges::all_of(labels.back(), is_digit)) return is_ipv4(host);
  return std::ranges::all_of(labels, is_label);
}

/// RFC 3986 section 3.3 and 3.4.
bool is_target(std::string_view text) {
  constexpr std::string_view marks = "-._~!$&'()*+,;=:@/?";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter(c) || is_digit(c) || marks.find(c) != std::string_view::npos) continue;
    if (c != '%' || i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))
      return false;
    i += 2;
  }
  return true;
}

/// Takes the host off `authority`; what is left is empty or ":port".
std::optional<std::string> take_host(std::string_view& authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    return read_ipv6_literal(host);
  }
  const auto host = authority.substr(0, authority.find(':'));
  authority.remove_prefix(host.size());
  if (!is_name_or_ipv4(host)) return std::nullopt;
  return lower(host);
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string without_zone(const std::string& host) { return host.substr(0, host.find('%')); }

/// As a URL has it: a zone is made of letters, digits and -._~ or else encoded.
std::string with_encoded_zone(const std::string& host) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view marks = "-._~";
  const auto at = host.find('%');
  if (at == std::string::npos) return host;
  std::string out = host.substr(0, at) + "%25";
  for (const char c : host.substr(at + 1)) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_letter(c) || is_digit(c) || marks.find(c) != std::string_view::npos)
      out += c;
    else
      out += {'%', digits[byte >> 4], digits[byte & 0xF]};
  }
  return out;
}

/// The name of a network interface (IFNAMSIZ), or its number.
bool is_zone(std::string_view zone) {
  return !zone.empty() && zone.size() < 16 && std::ranges::all_of(zone, [](char c) {
    return c > ' ' && c < 0x7F && c != '/' && c != '%';
  });
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  return (c >= 'a' ? c - 'a' : c - 'A') + 10;
}

}  // namespace

bool is_ipv4(std::string_view text) { return parse_address<in_addr>(AF_INET, text).has_value(); }
bool is_ipv6(std::string_view text) { return parse_address<in6_addr>(AF_INET6, text).has_value(); }

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_encoded =
        text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
    if (is_encoded) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<std::string> read_ipv6_literal(std::string_view text) {
  const auto at = std::min(text.find('%'), text.size());
  const auto address = text.substr(0, at);
  if (!is_ipv6(address)) return std::nullopt;
  if (at == text.size()) return lower(address);
  auto zone = text.substr(at + 1);
  if (zone.starts_with("25")) zone.remove_prefix(2);
  const auto decoded = percent_decoded(zone);
  if (!is_zone(decoded)) return std::nullopt;
  return lower(address) + "%" + decoded;
}

Result<WsUrl> WsUrl::parse(std::string_view text) {
  if (text.size() > max_length) return fail(Fault::bad_config);
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return fail(Fault::bad_config);
  const auto scheme = lower(text.substr(0, scheme_end));
  if (scheme != "ws" && scheme != "wss") return fail(Fault::bad_config);
  text.remove_prefix(scheme_end + 3);

  WsUrl url;
  url.secure = scheme == "wss";
  url.port = url.secure ? 443 : 80;
  const auto path_at = std::min(text.find_first_of("/?#"), text.size());
  auto authority = text.substr(0, path_at);
  const auto target = text.substr(path_at);

  auto host = take_host(authority);
  if (!host) return fail(Fault::bad_config);
  url.host = std::move(*host);
  if (!authority.empty()) {
    const auto port = parse_port(authority.substr(1));
    if (authority.front() != ':' || !port) return fail(Fault::bad_config);
    url.port = *port;
  }
  if (!is_target(target)) return fail(Fault::bad_config);
  url.target = (target.starts_with('/') ? "" : "/") + std::string(target);
  return url;
}

std::string WsUrl::authority() const {
  std::string out = bracketed(without_zone(host));
  if (port != (secure ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

std::string WsUrl::origin() const {
  return (secure ? "wss://" : "ws://") + bracketed(with_encoded_zone(host)) + ":" +
         std::to_string(port);
}

bool WsUrl::loopback() const {
  if (host == "localhost") return true;
  if (is_ipv4(host)) return host.starts_with("127.");
  const auto address = parse_address<in6_addr>(AF_INET6, without_zone(host));
  return address && IN6_IS_ADDR_LOOPBACK(&*address);
}

}  // namespace culver::wire
