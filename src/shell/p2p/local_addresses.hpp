// Which addresses of this machine a peer may be told: what ICE binds its sockets to.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/endpoint.hpp"

namespace culver::p2p {

inline constexpr std::size_t local_address_limit = 16;

struct InterfaceAddress {
  Endpoint address;  ///< port 0
  bool up;
};

/// What of these is worth a socket: up, not link-local, each once, loopback last and only if
/// wanted; at most local_address_limit.
std::vector<Endpoint> usable(std::span<const InterfaceAddress> found, bool loopback);

/// Those that the interfaces of this machine have now.
std::vector<InterfaceAddress> interface_addresses();

/// Whether what is bound to this address can still be reached there. An interface that is down
/// keeps its addresses, since it may come up again. All of 127.0.0.0/8 is always there.
bool is_there(std::span<const InterfaceAddress> found, const Endpoint& address);

/// Of this machine, now. If `only` names some, those as they are: the literal addresses among them,
/// whether an interface has them or not.
std::vector<Endpoint> local_addresses(bool loopback, std::span<const std::string> only);

}  // namespace culver::p2p
