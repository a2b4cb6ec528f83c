// Coming, going, changing the account.
#include "core/relay/devices.hpp"

#include <algorithm>

namespace culver::relay {

void Devices::enter(const UserId& user, const Session& session) {
  accounts_[user].sessions.push_back(session);
  forgetting_.erase(user);
  sockets_.insert_or_assign(session.device, session.socket);
}

bool Devices::leave(const UserId& user, const DeviceId& device, SocketId socket, TimePoint now) {
  const auto found = sockets_.find(device);
  if (found == sockets_.end() || found->second != socket) return false;
  sockets_.erase(found);
  remove(user, socket, now);
  return true;
}

void Devices::move(const UserId& from, const UserId& to, const Session& session, TimePoint now) {
  accounts_[to].sessions.push_back(session);
  forgetting_.erase(to);
  remove(from, session.socket, now);
}

const std::vector<Devices::Session>& Devices::sessions_of(const UserId& user) const {
  static const std::vector<Session> nobody;
  const auto found = accounts_.find(user);
  return found == accounts_.end() ? nobody : found->second.sessions;
}

std::optional<SocketId> Devices::socket_of(const DeviceId& device) const {
  const auto found = sockets_.find(device);
  if (found == sockets_.end()) return std::nullopt;
  return found->second;
}

bool Devices::has_room(const UserId& user, const DeviceId& device) const {
  const auto& sessions = sessions_of(user);
  const auto others = std::count_if(sessions.begin(), sessions.end(),
                                    [&](const auto& s) { return s.device != device; });
  return static_cast<std::size_t>(others) < limits_.sessions_per_user;
}

Duration Devices::take_event(const UserId& user, TimePoint now) {
  return take(user, &Account::events, limits_.events_per_user, now);
}
Duration Devices::take_link_try(const UserId& user, TimePoint now) {
  return take(user, &Account::link_tries, limits_.link_tries, now);
}

Duration Devices::take(const UserId& user, Allowance Account::*allowance, const Rate& rate,
                       TimePoint now) {
  const auto found = accounts_.find(user);
  if (found == accounts_.end()) return rate.window;
  auto& left = found->second.*allowance;
  const auto wait = left.wait(rate, now);
  if (wait == Duration::zero()) left.take(rate, now);
  return wait;
}

void Devices::remove(const UserId& user, SocketId socket, TimePoint now) {
  const auto found = accounts_.find(user);
  if (found == accounts_.end()) return;
  auto& [sessions, events, link_tries] = found->second;
  std::erase_if(sessions, [&](const Session& session) { return session.socket == socket; });
  if (!sessions.empty()) return;
  if (events.is_whole(now) && link_tries.is_whole(now)) {
    accounts_.erase(found);
    return;
  }
  forgetting_.set(user, now + std::max(limits_.events_per_user.window, limits_.link_tries.window));
  // Too many strangers: the one that has been away longest starts afresh.
  if (forgetting_.size() > limits_.accounts)
    if (const auto first = forgetting_.take_due(TimePoint::max())) accounts_.erase(*first);
}

void Devices::sweep(TimePoint now) {
  while (const auto user = forgetting_.take_due(now)) accounts_.erase(*user);
}

}  // namespace culver::relay
