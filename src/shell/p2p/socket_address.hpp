// Endpoints as the kernel has them.
#pragma once

#include <optional>

#include <sys/socket.h>

#include "core/base/endpoint.hpp"

namespace culver::p2p {

struct SocketAddress {
  sockaddr_storage storage;
  socklen_t size;
};

SocketAddress to_socket(const Endpoint& endpoint);
/// Nothing if it is neither IPv4 nor IPv6. The zone of an IPv6 address is dropped.
std::optional<Endpoint> from_socket(const sockaddr& address);

}  // namespace culver::p2p
