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

bool Endpoint::same_address(const Endpoint& other) const {
  return family_ == other.family_ && bytes_ == other.bytes_;
}

}  // namespace culver
