#include "tests/ice/network.hpp"

#include <algorithm>

namespace culver::ice::test {
namespace {

constexpr Duration firewall_memory = std::chrono::seconds(60);

}  // namespace

void Network::add_nat(NatKind kind, Realm inner, Realm outer, const Endpoint& address) {
  const auto port = static_cast<std::uint16_t>(20'000 + random_.below(20'000));
  nats_.push_back({kind, inner, outer, address.with_port(0), port, {}});
}

Network::Place Network::attach(Realm realm, const Endpoint& address) {
  places_.push_back({realm, address.with_port(0), false, false, {}});
  return places_.size() - 1;
}

void Network::forget_mappings() {
  for (auto& nat : nats_) nat.holes.clear();
}

void Network::send(Place place, const Endpoint& from, const Endpoint& to, ByteVector bytes,
                   bool whole) {
  auto& here = places_[place];
  if (here.cut) return;
  if (here.firewall) here.spoken_to[to] = now;
  forward(here.realm, {from, to, std::move(bytes), whole});
}

bool Network::is_in(Realm realm, const Endpoint& address) const {
  return std::any_of(places_.begin(), places_.end(),
                     [&](const Attached& place) {
                       return place.realm == realm && place.address.same_address(address);
                     }) ||
         std::any_of(nats_.begin(), nats_.end(), [&](const Nat& nat) {
           return nat.outer == realm && nat.address.same_address(address);
         });
}

Network::Nat* Network::way_out_of(Realm realm) {
  const auto at =
      std::find_if(nats_.begin(), nats_.end(), [&](const Nat& nat) { return nat.inner == realm; });
  return at == nats_.end() ? nullptr : &*at;
}

/// Outwards at once, then the whole way in one piece.
void Network::forward(Realm realm, Datagram datagram) {
  if (is_in(realm, datagram.to)) return carry(realm, std::move(datagram));
  auto* nat = way_out_of(realm);
  if (!nat || nat->address.family() != datagram.to.family()) return;
  datagram.from = outside(*nat, datagram);
  if (nat->address.same_address(datagram.to)) {
    if (nat->kind.hairpin) carry(nat->outer, std::move(datagram));
    return;
  }
  forward(nat->outer, std::move(datagram));
}

void Network::carry(Realm realm, Datagram datagram) {
  const auto& quality = realm == internet ? far : near;
  if (datagram.whole && datagram.bytes.size() > quality.mtu) return;
  for (int copies = random_.chance(quality.doubling) ? 2 : 1; copies > 0; --copies) {
    if (random_.chance(quality.loss)) continue;
    auto at = now + quality.delay;
    if (quality.jitter.count() > 0)
      at += Duration(random_.below(static_cast<std::uint64_t>(quality.jitter.count())));
    on_their_way_.push({at, ++order_, realm, datagram});
  }
}

std::optional<TimePoint> Network::next_at() const {
  if (on_their_way_.empty()) return std::nullopt;
  return on_their_way_.top().at;
}

std::optional<Network::Arrived> Network::next() {
  auto next = on_their_way_.top();
  on_their_way_.pop();
  now = std::max(now, next.at);
  return arrive(next.realm, std::move(next.datagram));
}

std::optional<Network::Arrived> Network::arrive(Realm realm, Datagram datagram) {
  for (Place i = 0; i < places_.size(); ++i) {
    auto& place = places_[i];
    if (place.realm != realm || !place.address.same_address(datagram.to)) continue;
    if (place.cut) return std::nullopt;
    if (place.firewall) {
      const auto at = place.spoken_to.find(datagram.from);
      if (at == place.spoken_to.end() || now - at->second > firewall_memory) return std::nullopt;
    }
    ++carried_;
    return Arrived{i, std::move(datagram)};
  }
  for (auto& nat : nats_) {
    if (nat.outer != realm || !nat.address.same_address(datagram.to)) continue;
    const auto to = inside(nat, datagram);
    if (!to) return std::nullopt;
    datagram.to = *to;
    return arrive(nat.inner, std::move(datagram));
  }
  return std::nullopt;
}

void Network::expire(Nat& nat) {
  std::erase_if(nat.holes, [&](const Hole& hole) { return now - hole.used > nat.kind.lifetime; });
}

/// Only what goes out keeps a hole open.
Endpoint Network::outside(Nat& nat, const Datagram& datagram) {
  expire(nat);
  const bool dependent = nat.kind.mapping == Mapping::endpoint_dependent;
  const auto to = dependent ? std::optional(datagram.to) : std::nullopt;
  auto hole = std::find_if(nat.holes.begin(), nat.holes.end(),
                           [&](const Hole& h) { return h.inside == datagram.from && h.to == to; });
  if (hole == nat.holes.end()) {
    nat.last_port = static_cast<std::uint16_t>(nat.last_port + 1 + random_.below(7));
    nat.holes.push_back({datagram.from, to, nat.last_port, now, {}});
    hole = std::prev(nat.holes.end());
  }
  hole->used = now;
  hole->spoken_to[datagram.to] = now;
  return nat.address.with_port(hole->port);
}

std::optional<Endpoint> Network::inside(Nat& nat, const Datagram& datagram) {
  expire(nat);
  for (const auto& hole : nat.holes) {
    if (hole.port != datagram.to.port()) continue;
    const bool known =
        nat.kind.filtering == Filtering::none ||
        std::any_of(hole.spoken_to.begin(), hole.spoken_to.end(), [&](const auto& spoken) {
          return now - spoken.second <= nat.kind.lifetime &&
                 (nat.kind.filtering == Filtering::by_address
                      ? spoken.first.same_address(datagram.from)
                      : spoken.first == datagram.from);
        });
    if (known) return hole.inside;
  }
  return std::nullopt;
}

}  // namespace culver::ice::test
