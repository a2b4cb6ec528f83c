// The agent's candidates: telling them, pairing them, losing them, and sending from their bases.
#include <algorithm>

#include "core/ice/agent_core.hpp"

namespace culver::ice {

void Agent::Core::announce_from(std::size_t first, Effects& out) {
  const auto& all = local.announced();
  for (std::size_t i = first; i < all.size(); ++i)
    out.emplace_back(LocalCandidate{all[i].candidate});
}

void Agent::Core::pair_base(const Base& base, Env& env) {
  for (const auto& remote : remotes.all())
    if (worth_pairing(base, remote)) pair_up(base, remote, env);
}

/// Loopback reaches loopback, and nothing else does: unless the peer shows that it does, by asking.
bool Agent::Core::worth_pairing(const Base& base, const Remote& remote) const {
  if (base.address.is_loopback() != remote.address.is_loopback()) return false;
  return !remote.address.is_loopback() || may_use_loopback();
}

/// A peer elsewhere could have us ask whatever listens on this machine's loopback. So it must have
/// answered from an address of this machine, which nobody else can, and it does so where both have
/// one; or we have nothing but loopback, and it must be here.
bool Agent::Core::may_use_loopback() const {
  const auto& bases = local.bases();
  const bool nothing_else = std::all_of(
      bases.begin(), bases.end(), [](const Base& base) { return base.address.is_loopback(); });
  return nothing_else || valid_ways.any([&](const Way& way) { return is_ours(way.from); });
}

bool Agent::Core::is_ours(const Endpoint& address) const {
  const auto& bases = local.bases();
  return address.is_loopback() || std::any_of(bases.begin(), bases.end(), [&](const Base& base) {
           return !base.relay && base.address.same_address(address);
         });
}

bool Agent::Core::is_broadcast(const Endpoint& address) const {
  const auto& bases = local.bases();
  return std::any_of(bases.begin(), bases.end(), [&](const Base& base) {
    return address.is_broadcast_of(base.address, base.subnet_bits);
  });
}

/// Now that they may be of use: those that the peer has named. Pairs that are there stay as they
/// are.
void Agent::Core::pair_loopback(Env& env) {
  if (!may_use_loopback()) return;
  for (const auto& base : local.bases())
    for (const auto& remote : remotes.all())
      if (base.address.is_loopback() && remote.address.is_loopback() &&
          remote.type != wire::sdp::CandidateType::peer_reflexive)
        pair_up(base, remote, env);
}

/// Within a family. A relay must let the peer through first. A server-reflexive candidate has no
/// pairs of its own: its base's are the same, and better (RFC 8445 section 6.1.2.4).
Pair* Agent::Core::pair_up(const Base& base, const Remote& remote, Env& env) {
  if (base.address.family() != remote.address.family()) return nullptr;
  if (is_broadcast(remote.address)) return nullptr;
  const auto* relay = base.relay ? relays.find(*base.relay) : nullptr;
  const bool reachable = !base.relay || (relay && relay->permits(remote.address));
  auto* pair = checklist.add(base, remote, controlling, reachable, env);
  if (pair && !reachable) want(*pair, false);
  return pair;
}

void Agent::Core::lose_base(BaseId base, Env& env, Effects& out) {
  checklist.remove(base);
  transactions.remove(base);
  valid_ways.remove(base);
  gathering.base_lost(base);
  local.remove(base);
  std::erase_if(early, [&](const EarlyRequest& request) { return request.base == base; });
  if (selected && selected->base == base) feed(consent::SocketGone{}, env, out);
}

void Agent::Core::query_answered(const Transaction& query, const Way& way,
                                 const wire::stun::Received& answer, Effects& out) {
  if (!answer.message.mapped) return;
  const auto first = local.announced().size();
  if (local.add_reflexive(way.base, *answer.message.mapped, query.to)) announce_from(first, out);
}

void Agent::Core::finish_gathering(Env& env, Effects& out) {
  relays_until = relays.pending_until(env.now);
  if (gathering_told || relays_until) return;
  if (!gathering.all_asked() || transactions.asks_servers()) return;
  gathering_told = true;
  out.emplace_back(GatheringDone{});
}

/// Nothing while a relay has no channel to the peer.
std::optional<Route> Agent::Core::route_of(BaseId id, const Endpoint& remote) const {
  const auto* base = local.find(id);
  if (!base) return std::nullopt;
  if (!base->relay) return Route{base->wire, remote, std::nullopt};
  const auto* relay = relays.find(*base->relay);
  const auto channel = relay ? relay->channel_to(remote) : std::nullopt;
  if (!channel) return std::nullopt;
  return Route{relay->wire, relay->server, channel};
}

bool Agent::Core::is_relayed(const Pair& pair) const {
  const auto* base = local.find(pair.base);
  const auto* remote = remotes.find(pair.remote);
  return (base && base->relay) || (remote && remote->type == wire::sdp::CandidateType::relayed);
}

void Agent::Core::send(BaseId id, const Endpoint& to, ByteVector bytes, Env& env, Effects& out) {
  const auto* base = local.find(id);
  if (!base) return;
  if (!base->relay) {
    out.emplace_back(Transmit{base->wire, to, std::move(bytes)});
  } else if (const auto* relay = relays.find(*base->relay)) {
    out.emplace_back(Transmit{relay->wire, relay->server, turn::wrap(to, bytes, env.rng)});
  }
}

}  // namespace culver::ice
