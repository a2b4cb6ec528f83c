// Reading url.hpp's addresses.
#include "core/wire/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

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

/// At most `digits` of them, no sign; leading zeros only in hex.
template <class T>
std::optional<T> number(std::string_view text, std::size_t digits, int base) {
  if (text.empty() || text.size() > digits) return std::nullopt;
  if (base == 10 && text.size() > 1 && text.front() == '0') return std::nullopt;
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
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

using Groups = std::vector<std::uint16_t>;

/// Groups between colons; an IPv4 address may stand for the last two.
std::optional<Groups> ipv6_groups(std::string_view text, bool may_end_in_ipv4) {
  Groups groups;
  if (text.empty()) return groups;
  const auto parts = split(text, ':');
  if (parts.size() > 8) return std::nullopt;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (may_end_in_ipv4 && i + 1 == parts.size() && is_ipv4(parts[i])) {
      const auto bytes = split(parts[i], '.');
      for (std::size_t pair = 0; pair < 4; pair += 2)
        groups.push_back(static_cast<std::uint16_t>(*number<std::uint8_t>(bytes[pair], 3, 10) << 8 |
                                                    *number<std::uint8_t>(bytes[pair + 1], 3, 10)));
      continue;
    }
    const auto group = number<std::uint16_t>(parts[i], 4, 16);
    if (!group) return std::nullopt;
    groups.push_back(*group);
  }
  return groups;
}

std::optional<std::array<std::uint16_t, 8>> parse_ipv6(std::string_view text) {
  const auto gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  const auto front = ipv6_groups(text.substr(0, gap), !has_gap);
  const auto back = has_gap ? ipv6_groups(text.substr(gap + 2), true) : Groups{};
  if (!front || !back) return std::nullopt;
  const auto given = front->size() + back->size();
  // "::" stands for at least one group.
  if (has_gap ? given > 7 : given != 8) return std::nullopt;
  std::array<std::uint16_t, 8> address{};
  std::ranges::copy(*front, address.begin());
  std::ranges::copy_backward(*back, address.end());
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
    if (!is_ipv6(host)) return std::nullopt;
    return lower(host);
  }
  const auto host = authority.substr(0, authority.find(':'));
  authority.remove_prefix(host.size());
  if (!is_name_or_ipv4(host)) return std::nullopt;
  return lower(host);
}

}  // namespace

bool is_ipv4(std::string_view text) {
  const auto parts = split(text, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) {
           return number<std::uint8_t>(part, 3, 10).has_value();
         });
}

bool is_ipv6(std::string_view text) { return parse_ipv6(text).has_value(); }

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
    const auto port = number<std::uint16_t>(authority.substr(1), 5, 10);
    if (authority.front() != ':' || !port || *port == 0) return fail(Fault::bad_config);
    url.port = *port;
  }
  if (!is_target(target)) return fail(Fault::bad_config);
  url.target = (target.starts_with('/') ? "" : "/") + std::string(target);
  return url;
}

std::string WsUrl::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (secure ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

bool WsUrl::loopback() const {
  constexpr std::array<std::uint16_t, 8> one{0, 0, 0, 0, 0, 0, 0, 1};
  return host == "localhost" || (is_ipv4(host) && host.starts_with("127.")) ||
         parse_ipv6(host) == one;
}

}  // namespace culver::wire
