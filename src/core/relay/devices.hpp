// Which devices are connected, by account, and what each account has used up. A socket is never
// used twice, so it is the generation of a device's connection: an older one that leaves late
// changes nothing for the newer.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "core/base/deadlines.hpp"
#include "core/base/ids.hpp"
#include "core/relay/events.hpp"
#include "core/relay/limits.hpp"

namespace culver::relay {

class Devices {
 public:
  struct Session {
    DeviceId device;
    SocketId socket;
  };

  explicit Devices(const Limits& limits) : limits_(limits) {}
  /// From now on; what was granted before stays.
  void limit(const Limits& limits) { limits_ = limits; }

  /// An older connection of the device must have left.
  void enter(const UserId& user, const Session& session);
  /// False if a newer socket of the device has taken over.
  bool leave(const UserId& user, const DeviceId& device, SocketId socket, TimePoint now);
  /// The device now belongs to another account.
  void move(const UserId& from, const UserId& to, const Session& session, TimePoint now);

  const std::vector<Session>& sessions_of(const UserId& user) const;
  std::optional<SocketId> socket_of(const DeviceId& device) const;
  /// Whether one more device of the account may be connected, or this one again.
  bool has_room(const UserId& user, const DeviceId& device) const;

  /// How long the account must wait first; zero: it was granted. Only for accounts with a session.
  Duration take_event(const UserId& user, TimePoint now);
  Duration take_link_try(const UserId& user, TimePoint now);

  void sweep(TimePoint now);
  std::size_t size() const { return sockets_.size(); }
  const std::map<DeviceId, SocketId>& sockets() const { return sockets_; }
  /// With those that are remembered for the sake of their rates.
  std::size_t accounts() const { return accounts_.size(); }

 private:
  struct Account {
    std::vector<Session> sessions;
    Allowance events;
    Allowance link_tries;
  };
  Duration take(const UserId& user, Allowance Account::*allowance, const Rate& rate, TimePoint now);
  void remove(const UserId& user, SocketId socket, TimePoint now);

  Limits limits_;
  std::map<UserId, Account> accounts_;
  std::map<DeviceId, SocketId> sockets_;
  Deadlines<UserId> forgetting_;  ///< accounts without a session
};

}  // namespace culver::relay
