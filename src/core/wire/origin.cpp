#include "core/wire/origin.hpp"

#include <algorithm>
#include <charconv>

namespace culver::wire {
namespace {

constexpr std::string_view scheme_begins = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view in_scheme = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
constexpr std::string_view in_name = "abcdefghijklmnopqrstuvwxyz0123456789-._";
constexpr std::string_view in_address = "0123456789abcdef:.";
constexpr std::size_t longest_origin = 300;

bool consists(std::string_view text, std::string_view of) {
  return !text.empty() && text.find_first_not_of(of) == std::string_view::npos;
}

bool is_host(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']')
    return consists(text.substr(1, text.size() - 2), in_address);
  return consists(text, in_name);
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || port == 0)
    return std::nullopt;
  return port;
}

std::uint16_t port_of_scheme(std::string_view scheme) {
  return scheme == "http" ? 80 : scheme == "https" ? 443 : 0;
}

}  // namespace

Result<Origin> Origin::parse(std::string_view text) {
  if (text.size() > longest_origin) return fail(Fault::bad_config);
  std::string low(text);
  for (char& c : low)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  Origin origin;
  origin.text_ = low;
  if (low == "null") return origin;
  const std::string_view all = low;
  const auto slashes = all.find("://");
  if (slashes == std::string_view::npos) return fail(Fault::bad_config);
  const auto scheme = all.substr(0, slashes);
  auto host = all.substr(slashes + 3);
  if (!consists(scheme, in_scheme) || scheme_begins.find(scheme.front()) == std::string_view::npos)
    return fail(Fault::bad_config);
  std::optional<std::uint16_t> port;
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    port = port_of(host.substr(colon + 1));
    if (!port) return fail(Fault::bad_config);
    host = host.substr(0, colon);
  }
  if (!is_host(host)) return fail(Fault::bad_config);
  if (port && *port != port_of_scheme(scheme)) return origin;
  origin.text_ = std::string(scheme) + "://" + std::string(host);
  return origin;
}

Result<AllowedOrigins> AllowedOrigins::parse(const std::vector<std::string>& texts) {
  if (texts.size() > most) return fail(Fault::bad_config);
  AllowedOrigins allowed;
  for (const auto& text : texts) {
    if (text == "*") {
      allowed.everybody_ = true;
      continue;
    }
    TRY(auto origin, Origin::parse(text));
    allowed.listed_.push_back(std::move(origin));
  }
  if (allowed.everybody_) allowed.listed_.clear();
  return allowed;
}

bool AllowedOrigins::lists(std::string_view said) const {
  const auto origin = Origin::parse(said);
  return origin && std::ranges::find(listed_, *origin) != listed_.end();
}

bool AllowedOrigins::may_open(std::string_view said) const {
  return said.empty() || listed_.empty() || lists(said);
}

std::optional<std::string> AllowedOrigins::answer(std::string_view said) const {
  if (said.empty()) return std::nullopt;
  if (everybody_) return "*";
  if (!lists(said)) return std::nullopt;
  return std::string(said);
}

}  // namespace culver::wire
