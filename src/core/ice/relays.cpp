#include "core/ice/relays.hpp"

#include <algorithm>

namespace culver::ice {
namespace {

/// A socket bound to loopback reaches loopback only, and no other needs to ask there.
bool may_ask(const Base& base, const TurnServer& server) {
  return !server.stream && !base.relay && base.address.family() == server.address.family() &&
         base.address.is_loopback() == server.address.is_loopback();
}

}  // namespace

bool Relay::permits(const Endpoint& peer) const {
  return std::find(permitted.begin(), permitted.end(), peer) != permitted.end();
}

std::optional<std::uint16_t> Relay::channel_to(const Endpoint& peer) const {
  const auto at = std::find_if(channels.begin(), channels.end(),
                               [&](const auto& channel) { return channel.first == peer; });
  if (at == channels.end()) return std::nullopt;
  return at->second;
}

std::optional<Relays::Begun> Relays::begin(const TurnServer& server, WireId wire, Env& env) {
  const auto of_server = std::count_if(
      all_.begin(), all_.end(), [&](const Relay& relay) { return relay.server == server.address; });
  if (all_.size() >= most || of_server >= most_of_a_server || find(wire, server.address))
    return std::nullopt;
  Begun begun{RelayId{++last_}, {}};
  turn::Params params{server.user, server.password.copy(), server.stream.has_value(),
                      server.address.family()};
  auto client = turn::Client::start(std::move(params), env, begun.effects);
  all_.push_back(
      {begun.relay, wire, server.address, server.stream.has_value(), std::move(client), env.now});
  return begun;
}

void Relays::remember(TurnServer server) {
  if (servers_.size() < most_servers) servers_.push_back(std::move(server));
}

std::vector<Relays::Begun> Relays::server_named(TurnServer server, const std::vector<Base>& bases,
                                                Env& env) {
  std::vector<Begun> all;
  if (servers_.size() >= most_servers || !server.address.is_unicast()) return all;
  remember(std::move(server));
  const auto& named = servers_.back();
  if (named.stream)
    if (auto begun = begin(named, *named.stream, env)) all.push_back(std::move(*begun));
  for (const auto& base : bases)
    if (may_ask(base, named))
      if (auto begun = begin(named, base.wire, env)) all.push_back(std::move(*begun));
  return all;
}

std::vector<Relays::Begun> Relays::base_added(const Base& base, Env& env) {
  std::vector<Begun> all;
  for (const auto& server : servers_)
    if (may_ask(base, server))
      if (auto begun = begin(server, base.wire, env)) all.push_back(std::move(*begun));
  return all;
}

std::vector<Relays::Begun> Relays::begin_anew(const std::vector<Base>& bases, Env& env) {
  std::vector<Begun> all;
  for (auto& server : std::exchange(servers_, {}))
    for (auto& begun : server_named(std::move(server), bases, env)) all.push_back(std::move(begun));
  return all;
}

const Relay* Relays::find(RelayId id) const {
  const auto at =
      std::find_if(all_.begin(), all_.end(), [&](const Relay& relay) { return relay.id == id; });
  return at == all_.end() ? nullptr : &*at;
}

Relay* Relays::find(RelayId id) { return const_cast<Relay*>(std::as_const(*this).find(id)); }

const Relay* Relays::find(WireId wire, const Endpoint& server) const {
  const auto at = std::find_if(all_.begin(), all_.end(), [&](const Relay& relay) {
    return relay.wire == wire && relay.server == server;
  });
  return at == all_.end() ? nullptr : &*at;
}

void Relays::remove(RelayId id) {
  std::erase_if(all_, [&](const Relay& relay) { return relay.id == id; });
}

void Relays::forget_stream(WireId wire) {
  std::erase_if(servers_, [&](const TurnServer& server) { return server.stream == wire; });
}

std::vector<RelayId> Relays::on_wire(WireId wire) const {
  std::vector<RelayId> found;
  for (const auto& relay : all_)
    if (relay.wire == wire) found.push_back(relay.id);
  return found;
}

std::vector<RelayId> Relays::ids() const {
  std::vector<RelayId> found;
  for (const auto& relay : all_) found.push_back(relay.id);
  return found;
}

std::optional<TimePoint> Relays::deadline() const {
  std::optional<TimePoint> first;
  for (const auto& relay : all_) first = fsm::earlier(first, relay.client.deadline());
  return first;
}

std::optional<TimePoint> Relays::pending_until(TimePoint now) const {
  std::optional<TimePoint> last;
  for (const auto& relay : all_)
    if (!relay.ready && now < relay.begun + patience)
      last = std::max(last.value_or(relay.begun), relay.begun + patience);
  return last;
}

}  // namespace culver::ice
