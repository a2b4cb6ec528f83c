// Reading hops from their end, in every spelling that proxies have for an address.
#include "shell/net/client_address.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "shell/net/field_value.hpp"

namespace culver::net_ {
namespace {

namespace ip = boost::asio::ip;

/// 64:ff9b::/96, RFC 6052: IPv4 behind a translator.
constexpr std::string_view translated("\0\x64\xff\x9b\0\0\0\0\0\0\0\0", 12);

/// Four or sixteen bytes; of an address that is mapped into IPv6 the four that it stands for.
std::string bytes_of(const ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  const std::string all(bytes.begin(), bytes.end());
  const bool holds_v4 = address.to_v6().is_v4_mapped() || all.starts_with(translated);
  return holds_v4 ? all.substr(translated.size()) : all;
}

/// Without its zone, which says nothing about who it is.
std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code error;
  const auto zone = text.find('%');
  if (zone != std::string_view::npos && text.find(':') > zone) return std::nullopt;
  const auto address = ip::make_address(std::string(text.substr(0, zone)), error);
  if (error || address.is_unspecified()) return std::nullopt;
  return address;
}

/// Digits, or a name that hides them: RFC 7239 section 6.
bool is_port(std::string_view text) {
  if (text.starts_with('_')) return text.size() > 1;
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<unsigned> parse_bits(std::string_view text) {
  unsigned bits = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, bits);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return bits;
}

}  // namespace

std::string address_key(const ip::address& address) {
  auto bytes = bytes_of(address);
  if (bytes.size() > 4 && !address.to_v6().is_link_local()) bytes.resize(8);
  return bytes;
}

std::optional<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network network;
  network.bytes_ = bytes_of(*address);
  const auto all = static_cast<unsigned>(8 * network.bytes_.size());
  network.bits_ = all;
  if (slash == std::string_view::npos) return network;
  auto bits = parse_bits(text.substr(slash + 1));
  // A mapped network is written with the bits of IPv6.
  const unsigned written_before = address->is_v6() ? 128 - all : 0;
  if (!bits || *bits <= written_before || *bits > written_before + all) return std::nullopt;
  network.bits_ = *bits - written_before;
  return network;
}

bool Network::contains(const ip::address& address) const {
  const auto bytes = bytes_of(address);
  if (bytes.size() != bytes_.size()) return false;
  for (unsigned bit = 0; bit < bits_; ++bit) {
    const auto differs = static_cast<unsigned char>(bytes[bit / 8] ^ bytes_[bit / 8]);
    if ((differs >> (7 - bit % 8)) & 1) return false;
  }
  return true;
}

bool is_proxy(const ip::address& peer, const Proxies& proxies) {
  return std::any_of(proxies.begin(), proxies.end(),
                     [&](const Network& network) { return network.contains(peer); });
}

std::optional<ip::address> parse_hop(std::string_view text) {
  text = without_blanks(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = without_blanks(text.substr(1, text.size() - 2));
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto rest = text.substr(end + 1);
    if (!rest.empty() && !(rest.front() == ':' && is_port(rest.substr(1)))) return std::nullopt;
    return parse_address(text.substr(1, end - 1));
  }
  if (auto address = parse_address(text)) return address;
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) return std::nullopt;
  return parse_address(text.substr(0, colon));
}

std::optional<ip::address> client_address(std::span<const std::string> hops,
                                          const Proxies& proxies) {
  std::optional<ip::address> client;
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    client = parse_hop(*hop);
    if (!client || !is_proxy(*client, proxies)) break;
  }
  return client;
}

}  // namespace culver::net_
