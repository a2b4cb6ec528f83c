// The agent and its allocations: their candidates, whom they let through, and what comes by them.
#include <algorithm>

#include "core/ice/agent_core.hpp"

namespace culver::ice {

namespace stun = wire::stun;

void Agent::Core::on(TurnServer&& event, Env& env, Effects& out) {
  if (over) return relays.remember(std::move(event));
  begun(relays.server_named(std::move(event), local.bases(), env), env, out);
}

void Agent::Core::begun(std::vector<Relays::Begun> all, Env& env, Effects& out) {
  for (auto& one : all) perform(one.relay, std::move(one.effects), env, out);
}

void Agent::Core::drive(RelayId id, turn::Event event, Env& env, Effects& out) {
  auto* relay = relays.find(id);
  if (!relay) return;
  turn::Effects effects;
  relay->client.on(std::move(event), env, effects);
  perform(id, std::move(effects), env, out);
}

void Agent::Core::perform(RelayId id, turn::Effects effects, Env& env, Effects& out) {
  for (auto& effect : effects)
    std::visit([&](auto&& e) { heard_of(id, std::move(e), env, out); }, std::move(effect));
}

void Agent::Core::heard_of(RelayId id, turn::ToServer&& effect, Env&, Effects& out) {
  if (const auto* relay = relays.find(id))
    out.emplace_back(Transmit{relay->wire, relay->server, std::move(effect.bytes)});
}

/// What the server saw of a stream says nothing about datagrams.
void Agent::Core::heard_of(RelayId id, turn::Ready&& effect, Env& env, Effects& out) {
  auto* relay = relays.find(id);
  if (!relay) return;
  relay->ready = true;
  const auto first = local.announced().size();
  const auto* host = relay->stream ? nullptr : local.host_of(relay->wire);
  if (host) local.add_reflexive(host->id, effect.mapped, relay->server);
  const auto* base = local.add_relayed(relay->wire, id, effect.relayed, relay->server);
  announce_from(first, out);
  if (base) pair_base(*base, env);
}

void Agent::Core::heard_of(RelayId id, turn::Permitted&& effect, Env&, Effects&) {
  auto* relay = relays.find(id);
  if (relay && !relay->permits(effect.peer)) relay->permitted.push_back(effect.peer);
  const auto* base = local.relayed_by(id);
  if (auto* pair = base ? checklist.find(base->id, effect.peer) : nullptr) pair->reachable = true;
}

void Agent::Core::heard_of(RelayId id, turn::Bound&& effect, Env& env, Effects& out) {
  auto* relay = relays.find(id);
  const auto* base = local.relayed_by(id);
  if (!relay || !base) return;
  if (!relay->channel_to(effect.peer)) relay->channels.emplace_back(effect.peer, effect.channel);
  auto* pair = checklist.find(base->id, effect.peer);
  if (pair && pair->nomination_open) consider_nomination(*pair, env, out);
}

void Agent::Core::heard_of(RelayId id, turn::Refused&& effect, Env& env, Effects& out) {
  auto* relay = relays.find(id);
  const auto* base = local.relayed_by(id);
  if (!relay || !base) return;
  std::erase(relay->permitted, effect.peer);
  std::erase_if(relay->channels, [&](const auto& c) { return c.first == effect.peer; });
  if (auto* pair = checklist.find(base->id, effect.peer)) {
    transactions.remove(pair->id);
    pair->reachable = false;
    pair->keep_alive_at.reset();
    pair->step(pair::GivenUp{}, env);
    refused(pair->id, env);
  }
  if (selected && selected->base == base->id && selected->remote == effect.peer)
    feed(consent::SocketGone{}, env, out);
}

void Agent::Core::heard_of(RelayId id, turn::FromPeer&& effect, Env& env, Effects& out) {
  const auto* base = local.relayed_by(id);
  if (!base) return;
  if (stun::kind_of(effect.bytes) == stun::Kind::stun)
    return heard({base->id, effect.peer}, effect.bytes, env, out);
  out.emplace_back(Relayed{{base->id, effect.peer}, std::move(effect.bytes)});
}

/// It is told when no other socket has the server's relay, or still asks for it.
void Agent::Core::heard_of(RelayId id, turn::Lost&& effect, Env& env, Effects& out) {
  const auto* relay = relays.find(id);
  const auto server = relay ? std::optional(relay->server) : std::nullopt;
  lose_relay(id, env, out);
  const auto all = relays.ids();
  const auto is_same = [&](RelayId other) { return relays.find(other)->server == server; };
  if (server && std::none_of(all.begin(), all.end(), is_same))
    out.emplace_back(RelayFailed{*server, effect.fault});
}

void Agent::Core::lose_relay(RelayId id, Env& env, Effects& out) {
  const auto* base = local.relayed_by(id);
  const auto lost = base ? std::optional(base->id) : std::nullopt;
  relays.remove(id);
  std::erase_if(wanted, [&](const Wanted& one) { return one.relay == id; });
  if (lost) lose_base(*lost, env, out);
}

/// With the last words to the servers.
void Agent::Core::give_back_relays(Env& env, Effects& out) {
  for (const auto id : relays.ids()) {
    drive(id, turn::Close{}, env, out);
    lose_relay(id, env, out);
  }
}

void Agent::Core::tick_relays(Env& env, Effects& out) {
  for (const auto id : relays.ids()) {
    const auto* relay = relays.find(id);
    const auto at = relay ? relay->client.deadline() : std::nullopt;
    if (at && env.now >= *at) drive(id, turn::Tick{}, env, out);
  }
}

/// Asked for at the end of a step, so that no answer comes into the middle of one.
void Agent::Core::want(const Pair& pair, bool channel) {
  const auto* base = local.find(pair.base);
  if (base && base->relay) wanted.push_back({*base->relay, pair.remote, channel});
}

void Agent::Core::ask_relays(Env& env, Effects& out) {
  for (const auto& one : std::exchange(wanted, {}))
    drive(one.relay, one.channel ? turn::Event(turn::Bind{one.peer}) : turn::Permit{one.peer}, env,
          out);
}

/// The way of something that came from a TURN server. Nothing: it was for an allocation, or nobody.
std::optional<Way> Agent::Core::unwrap(const Relay& relay, const Received& event) const {
  const auto* base = local.relayed_by(relay.id);
  const auto peer = relay.client.peer_of_channel(event.channel.value_or(0));
  if (!base || !peer) return std::nullopt;
  return Way{base->id, *peer};
}

}  // namespace culver::ice
