#include "shell/p2p/udp_wires.hpp"

#include <algorithm>
#include <utility>

#include "shell/p2p/local_addresses.hpp"

namespace culver::p2p {
namespace {

std::uint8_t bits_of(std::span<const InterfaceAddress> found, const Endpoint& address) {
  const auto at = std::find_if(found.begin(), found.end(),
                               [&](const auto& each) { return each.address == address; });
  return at == found.end() ? std::uint8_t{0} : at->subnet_bits;
}

}  // namespace

UdpWires::UdpWires(boost::asio::io_context& io, std::shared_ptr<SharedUdp> shared, bool loopback,
                   std::span<const std::string> only, Sink sink)
    : io_(io),
      shared_(std::move(shared)),
      loopback_(loopback),
      only_(only.begin(), only.end()),
      sink_(std::move(sink)),
      watching_(shared_->watch.add(sink_.on_change)) {}

UdpWires::~UdpWires() { shared_->watch.remove(watching_); }

bool UdpWires::lead_to(const Endpoint& place) {
  if (!only_.empty() || place.is_loopback() || !place.is_unicast()) return false;
  if (std::find(places_.begin(), places_.end(), place) != places_.end()) return false;
  if (places_.size() < most_places) places_.push_back(place);
  const auto source = source_towards(place);
  return source && !source->is_loopback() && !has(*source);
}

std::vector<std::variant<ice::WireOpened, ice::WireLost>> UdpWires::update() {
  std::vector<std::variant<ice::WireOpened, ice::WireLost>> news;
  const auto found = interface_addresses();
  const auto first = only_.empty() ? sources_towards(places_) : std::vector<Endpoint>();
  for (const auto& address : local_addresses(loopback_, only_, first)) {
    const bool leads = std::find(first.begin(), first.end(), address) != first.end();
    const auto room = leads ? local_address_limit + most_extra : local_address_limit;
    if (sockets_.size() >= room || has(address)) continue;
    const ice::WireId wire{last_};
    auto socket = UdpSocket::open(
        io_, address, shared_->buffer,
        [this, wire](std::span<const Arrival> arrivals) { sink_.on_arrivals(wire, arrivals); });
    if (!socket) continue;
    ++last_;
    news.emplace_back(ice::WireOpened{wire, socket->local(), bits_of(found, address)});
    sockets_.emplace(wire, std::move(socket));
  }
  std::erase_if(sockets_, [&](const auto& entry) {
    if (is_there(found, entry.second->local())) return false;
    news.emplace_back(ice::WireLost{entry.first});
    return true;
  });
  return news;
}

UdpSocket* UdpWires::find(ice::WireId wire) const {
  const auto found = sockets_.find(wire);
  return found == sockets_.end() ? nullptr : found->second.get();
}

bool UdpWires::has(const Endpoint& address) const {
  return std::any_of(sockets_.begin(), sockets_.end(), [&](const auto& entry) {
    return entry.second->local().with_port(0) == address;
  });
}

}  // namespace culver::p2p
