// Where a datagram comes from or goes to: a literal IPv4 or IPv6 address and a port.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace culver {

/// An IPv4-mapped IPv6 address is an IPv4 one: the constructors see to it, so that the same place
/// has one value.
class Endpoint {
 public:
  enum class Family : std::uint8_t { v4, v6 };

  Endpoint() = default;  ///< 0.0.0.0:0
  static Endpoint v4(std::array<std::byte, 4> address, std::uint16_t port);
  static Endpoint v6(std::array<std::byte, 16> address, std::uint16_t port);
  /// "192.0.2.1" or "2001:db8::1", never a name, without brackets and zone.
  static std::optional<Endpoint> parse(std::string_view address, std::uint16_t port);

  Family family() const { return family_; }
  std::uint16_t port() const { return port_; }
  Endpoint with_port(std::uint16_t port) const;
  /// The 4 or 16 bytes in network order.
  std::span<const std::byte> address() const;
  /// As a candidate line has it.
  std::string address_text() const;

  bool is_loopback() const;
  bool is_link_local() const;
  bool is_unspecified() const;
  /// One machine may have it: no multicast, broadcast (255.255.255.255), reserved or "this network"
  /// address, nor an IPv6 address that carries such an IPv4 one (NAT64, 6to4, IPv4-compatible).
  bool is_unicast() const;
  /// All ones or all zeros behind the first `bits` bits, which `local` has too: a datagram there
  /// goes to everybody on the link. IPv4 only; nothing is one if `bits` is 0 or above 30.
  bool is_broadcast_of(const Endpoint& local, unsigned bits) const;
  bool same_address(const Endpoint& other) const;

  auto operator<=>(const Endpoint&) const = default;

 private:
  std::array<std::byte, 16> bytes_{};
  std::uint16_t port_ = 0;
  Family family_ = Family::v4;
};

}  // namespace culver
