// Which addresses of this machine a peer may be told: what ICE binds its sockets to.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/endpoint.hpp"

namespace culver::p2p {

inline constexpr std::size_t local_address_limit = 16;

struct InterfaceAddress {
  Endpoint address;  ///< port 0
  bool up;
  std::uint8_t subnet_bits = 0;  ///< 0: unknown
};

/// What of these is worth a socket, at most local_address_limit, whatever the order in which the
/// kernel tells them: those that lead where we want to go first; then IPv6 and IPv4 in turn; then
/// IPv4's link-local ones, which a cable between two machines has; loopback last and only if
/// wanted. Not those that are down, and not IPv6's link-local ones, which mean nothing without a
/// connection.
std::vector<Endpoint> usable(std::span<const InterfaceAddress> found, bool loopback,
                             std::span<const Endpoint> first = {});

/// The address that this machine would send from to get there, port 0. Nothing is sent.
std::optional<Endpoint> source_towards(const Endpoint& there);

/// Those towards these places, and towards the Internet, by each family; each once.
std::vector<Endpoint> sources_towards(std::span<const Endpoint> places);

/// Those that the interfaces of this machine have now.
std::vector<InterfaceAddress> interface_addresses();

/// Whether what is bound to this address can still be reached there. An interface that is down
/// keeps its addresses, since it may come up again. All of 127.0.0.0/8 is always there.
bool is_there(std::span<const InterfaceAddress> found, const Endpoint& address);

/// Of this machine, now, as usable() has them. If `only` names some, those as they are: the literal
/// addresses among them, whether an interface has them or not.
std::vector<Endpoint> local_addresses(bool loopback, std::span<const std::string> only,
                                      std::span<const Endpoint> first = {});

}  // namespace culver::p2p
