#include "core/base/endpoint.hpp"

#include <algorithm>

#include <arpa/inet.h>

namespace culver {
namespace {

constexpr std::array<std::byte, 12> mapped_prefix{
    std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},    std::byte{0},
    std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};

}  // namespace

Endpoint Endpoint::v4(std::array<std::byte, 4> address, std::uint16_t port) {
  Endpoint made;
  std::copy(address.begin(), address.end(), made.bytes_.begin());
  made.port_ = port;
  return made;
}

Endpoint Endpoint::v6(std::array<std::byte, 16> address, std::uint16_t port) {
  if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), address.begin()))
    return v4({address[12], address[13], address[14], address[15]}, port);
  Endpoint made;
  made.bytes_ = address;
  made.port_ = port;
  made.family_ = Family::v6;
  return made;
}

std::optional<Endpoint> Endpoint::parse(std::string_view address, std::uint16_t port) {
  const std::string text(address);  // inet_pton wants an end
  if (text.size() != std::string_view(text.c_str()).size()) return std::nullopt;
  std::array<std::byte, 4> four{};
  if (inet_pton(AF_INET, text.c_str(), four.data()) == 1) return v4(four, port);
  std::array<std::byte, 16> six{};
  if (inet_pton(AF_INET6, text.c_str(), six.data()) == 1) return v6(six, port);
  return std::nullopt;
}

Endpoint Endpoint::with_port(std::uint16_t port) const {
  Endpoint other = *this;
  other.port_ = port;
  return other;
}

std::span<const std::byte> Endpoint::address() const {
  return std::span(bytes_).first(family_ == Family::v4 ? 4 : 16);
}

std::string Endpoint::address_text() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(family_ == Family::v4 ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
  return text;
}

bool Endpoint::is_loopback() const {
  if (family_ == Family::v4) return bytes_[0] == std::byte{127};
  return std::all_of(bytes_.begin(), bytes_.end() - 1,
                     [](std::byte b) { return b == std::byte{}; }) &&
         bytes_[15] == std::byte{1};
}

bool Endpoint::is_link_local() const {
  if (family_ == Family::v4) return bytes_[0] == std::byte{169} && bytes_[1] == std::byte{254};
  return bytes_[0] == std::byte{0xfe} && (bytes_[1] & std::byte{0xc0}) == std::byte{0x80};
}

bool Endpoint::is_unspecified() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](std::byte b) { return b == std::byte{}; });
}

bool Endpoint::is_unicast() const {
  const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(bytes_[i]); };
  if (family_ == Family::v4) return byte(0) != 0 && byte(0) < 224;
  if (is_loopback()) return true;
  const auto carries = [&](std::size_t at) {
    const Endpoint inner = v4({bytes_[at], bytes_[at + 1], bytes_[at + 2], bytes_[at + 3]}, 0);
    return inner.is_unicast() && !inner.is_loopback();
  };
  const auto zeros = [&](std::size_t from, std::size_t to) {
    return std::all_of(bytes_.begin() + from, bytes_.begin() + to,
                       [](std::byte b) { return b == std::byte{}; });
  };
  if (zeros(0, 12)) return false;
  if (byte(0) == 0 && byte(1) == 0x64 && byte(2) == 0xff && byte(3) == 0x9b && zeros(4, 12))
    return carries(12);                                       // RFC 6052
  if (byte(0) == 0x20 && byte(1) == 0x02) return carries(2);  // RFC 3056
  return byte(0) != 0xff;
}

bool Endpoint::is_broadcast_of(const Endpoint& local, unsigned bits) const {
  if (family_ != Family::v4 || local.family_ != Family::v4 || bits == 0 || bits > 30) return false;
  const auto value = [](const Endpoint& of) {
    std::uint32_t number = 0;
    for (const auto byte : of.address())
      number = number << 8 | std::to_integer<std::uint32_t>(byte);
    return number;
  };
  const std::uint32_t host = 0xffffffffU >> bits;
  const auto mine = value(*this);
  return (mine & ~host) == (value(local) & ~host) && ((mine & host) == host || (mine & host) == 0);
}

bool Endpoint::same_address(const Endpoint& other) const {
  return family_ == other.family_ && bytes_ == other.bytes_;
}

}  // namespace culver
