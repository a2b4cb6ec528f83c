#include "shell/p2p/local_addresses.hpp"

#include <algorithm>
#include <bit>
#include <memory>

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include "shell/host/file_descriptor.hpp"
#include "shell/p2p/socket_address.hpp"

namespace culver::p2p {
namespace {

struct Free {
  void operator()(ifaddrs* list) const { freeifaddrs(list); }
};

void add_once(std::vector<Endpoint>& list, const Endpoint& address) {
  const bool there = std::find(list.begin(), list.end(), address) != list.end();
  if (!there && list.size() < local_address_limit) list.push_back(address);
}

std::uint8_t set_bits(const sockaddr& mask) {
  const auto address = from_socket(mask);
  if (!address) return 0;
  int bits = 0;
  for (const auto byte : address->address()) bits += std::popcount(std::to_integer<unsigned>(byte));
  return static_cast<std::uint8_t>(bits);
}

}  // namespace

std::vector<InterfaceAddress> interface_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, Free> owned(list);
  std::vector<InterfaceAddress> found;
  for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr) continue;
    const auto address = from_socket(*i->ifa_addr);
    const bool up = (i->ifa_flags & IFF_UP) != 0 && (i->ifa_flags & IFF_RUNNING) != 0;
    const auto bits = i->ifa_netmask ? set_bits(*i->ifa_netmask) : std::uint8_t{0};
    if (address) found.push_back({address->with_port(0), up, bits});
  }
  return found;
}

bool is_there(std::span<const InterfaceAddress> found, const Endpoint& address) {
  const auto wanted = address.with_port(0);
  return address.is_loopback() || std::any_of(found.begin(), found.end(), [&](const auto& each) {
           return each.address == wanted;
         });
}

std::vector<Endpoint> usable(std::span<const InterfaceAddress> found, bool loopback,
                             std::span<const Endpoint> first) {
  std::vector<Endpoint> v6, v4, link_local, own;
  for (const auto& [address, up, bits] : found) {
    if (!up || address.is_unspecified()) continue;
    const bool is_v6 = address.family() == Endpoint::Family::v6;
    if (address.is_loopback())
      own.push_back(address);
    else if (address.is_link_local() && !is_v6)
      link_local.push_back(address);
    else if (!address.is_link_local())
      (is_v6 ? v6 : v4).push_back(address);
  }
  std::vector<Endpoint> chosen;
  for (const auto& address : first)
    for (const auto* known : {&v6, &v4, &link_local})
      if (std::find(known->begin(), known->end(), address) != known->end())
        add_once(chosen, address);
  for (std::size_t i = 0; i < std::max(v6.size(), v4.size()); ++i)
    for (const auto* family : {&v6, &v4})
      if (i < family->size()) add_once(chosen, (*family)[i]);
  for (const auto& address : link_local) add_once(chosen, address);
  if (loopback)
    for (const auto& address : own) add_once(chosen, address);
  return chosen;
}

std::optional<Endpoint> source_towards(const Endpoint& there) {
  auto name = to_socket(there.with_port(9));
  const host::FileDescriptor socket(::socket(name.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  auto* generic = reinterpret_cast<sockaddr*>(&name.storage);
  if (!socket || ::connect(socket.get(), generic, name.size) != 0) return std::nullopt;
  name.size = sizeof name.storage;
  if (::getsockname(socket.get(), generic, &name.size) != 0) return std::nullopt;
  const auto address = from_socket(*generic);
  return address ? std::optional(address->with_port(0)) : std::nullopt;
}

std::vector<Endpoint> sources_towards(std::span<const Endpoint> places) {
  std::vector<Endpoint> sources;
  const auto add = [&](const Endpoint& there) {
    const auto source = source_towards(there);
    if (source && std::find(sources.begin(), sources.end(), *source) == sources.end())
      sources.push_back(*source);
  };
  for (const auto& place : places) add(place);
  // Any place of the Internet will do: two that stay where they are.
  for (const auto* text : {"2001:4860:4860::8888", "8.8.8.8"}) add(*Endpoint::parse(text, 9));
  return sources;
}

std::vector<Endpoint> local_addresses(bool loopback, std::span<const std::string> only,
                                      std::span<const Endpoint> first) {
  if (only.empty()) return usable(interface_addresses(), loopback, first);
  std::vector<Endpoint> chosen;
  for (const auto& text : only)
    if (const auto address = Endpoint::parse(text, 0)) add_once(chosen, *address);
  return chosen;
}

}  // namespace culver::p2p
