// The allocation while it is there: its three kinds of lease are asked for, renewed and lost in the
// same way.
#include <algorithm>
#include <utility>

#include "core/ice/turn.hpp"
#include "core/ice/turn_requests.hpp"

namespace culver::ice::turn {
namespace {

namespace stun = wire::stun;

// ---- asking -------------------------------------------------------------------------------------

void ask(Lease& lease, const stun::Message& message, const Allocated& s, const Env& env,
         Effects& effects) {
  auto bytes = s.login.sign(message);
  effects.push_back(ToServer{bytes});
  lease.ask(Request(message.id, std::move(bytes), s.params.stream, env.now, env.now + patience));
}

std::size_t in_flight(const Allocated& s) {
  const auto asked = [](const auto& what) { return what.lease.request() != nullptr; };
  return static_cast<std::size_t>(std::count_if(s.permissions.begin(), s.permissions.end(), asked) +
                                  std::count_if(s.channels.begin(), s.channels.end(), asked));
}

void ask_for_due(Allocated& s, Env& env, Effects& effects) {
  if (s.allocation.is_due(env.now))
    ask(s.allocation, refresh_message(std::nullopt, env.rng), s, env, effects);
  auto places = most_in_flight - in_flight(s);
  for (auto& permission : s.permissions) {
    if (places == 0) return;
    if (!permission.lease.is_due(env.now)) continue;
    auto message = request_message(stun::Method::create_permission, env.rng);
    message.peer = permission.peers.front();
    ask(permission.lease, message, s, env, effects);
    --places;
  }
  for (auto& channel : s.channels) {
    if (places == 0) return;
    if (!channel.lease.is_due(env.now)) continue;
    auto message = request_message(stun::Method::channel_bind, env.rng);
    message.channel = channel.number;
    message.peer = channel.peer;
    ask(channel.lease, message, s, env, effects);
    --places;
  }
}

Allocated settled(Allocated s, Env& env, Effects& effects) {
  ask_for_due(s, env, effects);
  const bool may_ask = in_flight(s) < most_in_flight;
  auto next = s.allocation.next(true);
  for (const auto& permission : s.permissions)
    next = fsm::earlier(next, permission.lease.next(may_ask));
  for (const auto& channel : s.channels) next = fsm::earlier(next, channel.lease.next(may_ask));
  s.deadline = *next;  // an allocation that is held has an end
  return s;
}

// ---- losing -------------------------------------------------------------------------------------

void refuse(const Permission& permission, Effects& effects) {
  for (const auto& peer : permission.peers) effects.push_back(Refused{peer});
}
void refuse(Channel& channel, Effects& effects) {
  channel.lease.drop();
  effects.push_back(Refused{channel.peer});
}

/// Sends again what waits for an answer. False: it is not to be had, or no more.
bool keep(Lease& lease, const Env& env, Effects& effects) {
  if (lease.expired(env.now)) return false;
  auto* request = lease.request();
  if (!request) return true;
  if (request->given_up(env.now)) return lease.unanswered(env.now);
  if (const auto* bytes = request->due(env.now)) effects.push_back(ToServer{*bytes});
  return true;
}

void keep_peers(Allocated& s, const Env& env, Effects& effects) {
  std::erase_if(s.permissions, [&](Permission& permission) {
    if (keep(permission.lease, env, effects)) return false;
    refuse(permission, effects);
    return true;
  });
  for (auto& channel : s.channels)
    if (!keep(channel.lease, env, effects)) refuse(channel, effects);
}

// ---- answers ------------------------------------------------------------------------------------

enum class Answer { granted, repeat, refused, ignored, denied };

Answer judge(Allocated& s, Lease& lease, const stun::Received& received, const Env& env) {
  const auto& message = received.message;
  if (is_error(message, stun::unauthenticated)) return Answer::denied;
  if (is_error(message, stun::stale_nonce)) {
    auto renewed = Login::from(s.params, message);
    if (!renewed) return Answer::ignored;
    s.login = std::move(*renewed);
    return lease.found_stale(env.now) ? Answer::repeat : Answer::refused;
  }
  if (!authentic(received, s.login.key)) return Answer::ignored;
  return message.kind == stun::Class::success ? Answer::granted : Answer::refused;
}

bool is_of(const Lease& lease, const stun::Message& message) {
  return lease.request() && lease.request()->id() == message.id;
}

/// How a permission and a channel differ when they are granted.
void grant(Permission& permission, const Env& env, Effects& effects) {
  if (!permission.lease.held())
    for (const auto& peer : permission.peers) effects.push_back(Permitted{peer});
  permission.lease.granted(env.now + permission_renewal, env.now + permission_time);
}
void grant(Channel& channel, const Env& env, Effects& effects) {
  if (!channel.lease.held()) effects.push_back(Bound{channel.peer, channel.number});
  channel.lease.granted(env.now + channel_renewal, env.now + channel_time);
}

/// Nothing: the message answers none of these.
template <class What>
What* asked_by(std::vector<What>& all, const stun::Message& message) {
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](const What& what) { return is_of(what.lease, message); });
  return at == all.end() ? nullptr : &*at;
}

void remove(Allocated& s, Permission& permission, Effects& effects) {
  refuse(permission, effects);
  s.permissions.erase(s.permissions.begin() + (&permission - s.permissions.data()));
}
void remove(Allocated&, Channel& channel, Effects& effects) { refuse(channel, effects); }

template <class What>
Answer answer(Allocated& s, What& what, const stun::Received& received, const Env& env,
              Effects& effects) {
  const auto judged = judge(s, what.lease, received, env);
  if (judged == Answer::granted) grant(what, env, effects);
  if (judged == Answer::refused) remove(s, what, effects);
  return judged;
}

/// Whether the allocation is still there afterwards.
bool refreshed(Allocated& s, const stun::Received& received, const Env& env) {
  const auto judged = judge(s, s.allocation, received, env);
  if (judged == Answer::granted) {
    const auto until = lifetime_of(received.message);
    if (!until) return false;
    s.allocation.granted(env.now + until->renewal, env.now + until->end);
  }
  return judged != Answer::refused && judged != Answer::denied;
}

bool still_there(Allocated& s, const stun::Received& received, const Env& env, Effects& effects) {
  if (is_of(s.allocation, received.message)) return refreshed(s, received, env);
  if (auto* permission = asked_by(s.permissions, received.message))
    return answer(s, *permission, received, env, effects) != Answer::denied;
  if (auto* channel = asked_by(s.channels, received.message))
    return answer(s, *channel, received, env, effects) != Answer::denied;
  return true;
}

// ---- peers --------------------------------------------------------------------------------------

Permission* permission_of(Allocated& s, const Endpoint& peer) {
  const auto at =
      std::find_if(s.permissions.begin(), s.permissions.end(),
                   [&](const Permission& p) { return p.peers.front().same_address(peer); });
  return at == s.permissions.end() ? nullptr : &*at;
}

std::size_t peers(const Allocated& s) {
  std::size_t count = 0;
  for (const auto& permission : s.permissions) count += permission.peers.size();
  return count;
}

void unwrap(Allocated& s, stun::Message&& message, Effects& effects) {
  if (message.method != stun::Method::data || !message.peer || !message.data) return;
  if (!permission_of(s, *message.peer)) return;
  effects.push_back(FromPeer{*message.peer, std::move(*message.data)});
}

bool permit(Allocated& s, const Endpoint& peer, const Env& env, Effects& effects) {
  auto* permission = permission_of(s, peer);
  if (permission) {
    auto& known = permission->peers;
    if (std::find(known.begin(), known.end(), peer) != known.end()) return true;
  }
  if (peer.family() != s.relayed.family() || peers(s) == most_peers) return false;
  if (!permission) permission = &s.permissions.emplace_back();
  permission->peers.push_back(peer);
  if (permission->lease.held()) effects.push_back(Permitted{peer});
  if (permission->lease.idle()) permission->lease.want(env.now);
  return true;
}

Channel* channel_of(Allocated& s, const Endpoint& peer) {
  const auto at = std::find_if(s.channels.begin(), s.channels.end(),
                               [&](const Channel& c) { return c.peer == peer; });
  if (at != s.channels.end()) return &*at;
  if (s.channels.size() == most_channels) return nullptr;
  const auto number = static_cast<std::uint16_t>(stun::first_channel + s.channels.size());
  return &s.channels.emplace_back(Channel{number, peer, {}});
}

}  // namespace

// ---- Allocated ----------------------------------------------------------------------------------

OneOf<Allocated, Closed> Allocated::on(FromServer&& event, Env& env, Effects& effects) && {
  auto& message = event.received.message;
  if (message.kind == stun::Class::indication)
    unwrap(*this, std::move(message), effects);
  else if (is_answer(message) && !still_there(*this, event.received, env, effects))
    return lost(Fault::relay_refused, effects);
  return settled(std::move(*this), env, effects);
}

OneOf<Allocated> Allocated::on(Permit&& event, Env& env, Effects& effects) && {
  if (!permit(*this, event.peer, env, effects)) effects.push_back(Refused{event.peer});
  return settled(std::move(*this), env, effects);
}

OneOf<Allocated> Allocated::on(Bind&& event, Env& env, Effects& effects) && {
  auto* channel = permit(*this, event.peer, env, effects) ? channel_of(*this, event.peer) : nullptr;
  if (!channel)
    effects.push_back(Refused{event.peer});
  else if (channel->lease.held())
    effects.push_back(Bound{channel->peer, channel->number});
  else if (channel->lease.idle())
    channel->lease.want(env.now);
  return settled(std::move(*this), env, effects);
}

OneOf<Allocated, Closed> Allocated::on(Tick&&, Env& env, Effects& effects) && {
  if (!keep(allocation, env, effects)) return lost(Fault::relay_silent, effects);
  keep_peers(*this, env, effects);
  return settled(std::move(*this), env, effects);
}

OneOf<Closed> Allocated::on(Close&&, Env& env, Effects& effects) && {
  effects.push_back(ToServer{login.sign(refresh_message(0, env.rng))});
  return Closed{};
}

}  // namespace culver::ice::turn
