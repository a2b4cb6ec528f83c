#include "shell/p2p/socket_address.hpp"

#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace culver::p2p {
namespace {

template <class Name>
SocketAddress stored(const Name& name) {
  SocketAddress address{};
  std::memcpy(&address.storage, &name, sizeof name);
  address.size = sizeof name;
  return address;
}

}  // namespace

SocketAddress to_socket(const Endpoint& endpoint) {
  const auto bytes = endpoint.address();
  if (endpoint.family() == Endpoint::Family::v4) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(endpoint.port());
    std::memcpy(&name.sin_addr, bytes.data(), bytes.size());
    return stored(name);
  }
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(endpoint.port());
  std::memcpy(&name.sin6_addr, bytes.data(), bytes.size());
  return stored(name);
}

std::optional<Endpoint> from_socket(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in name{};
    std::memcpy(&name, &address, sizeof name);
    std::array<std::byte, 4> bytes{};
    std::memcpy(bytes.data(), &name.sin_addr, bytes.size());
    return Endpoint::v4(bytes, ntohs(name.sin_port));
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 name{};
  std::memcpy(&name, &address, sizeof name);
  std::array<std::byte, 16> bytes{};
  std::memcpy(bytes.data(), &name.sin6_addr, bytes.size());
  return Endpoint::v6(bytes, ntohs(name.sin6_port));
}

}  // namespace culver::p2p
