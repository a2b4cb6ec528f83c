#include "shell/p2p/local_addresses.hpp"

#include <algorithm>
#include <memory>

#include <ifaddrs.h>
#include <net/if.h>

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
    if (address) found.push_back({address->with_port(0), up});
  }
  return found;
}

bool is_there(std::span<const InterfaceAddress> found, const Endpoint& address) {
  const auto wanted = address.with_port(0);
  return address.is_loopback() || std::any_of(found.begin(), found.end(), [&](const auto& each) {
           return each.address == wanted;
         });
}

std::vector<Endpoint> usable(std::span<const InterfaceAddress> found, bool loopback) {
  std::vector<Endpoint> chosen;
  for (const bool wants_loopback : {false, true}) {
    if (wants_loopback && !loopback) break;
    for (const auto& [address, up] : found) {
      if (!up || address.is_link_local() || address.is_unspecified()) continue;
      if (address.is_loopback() == wants_loopback) add_once(chosen, address);
    }
  }
  return chosen;
}

std::vector<Endpoint> local_addresses(bool loopback, std::span<const std::string> only) {
  if (only.empty()) return usable(interface_addresses(), loopback);
  std::vector<Endpoint> chosen;
  for (const auto& text : only)
    if (const auto address = Endpoint::parse(text, 0)) add_once(chosen, *address);
  return chosen;
}

}  // namespace culver::p2p
