// The server's boss as a value: sockets in, frames in, frames out. It counts and limits, parses,
// and routes each event to the socket's own machine (session). No socket, clock or thread in here.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "core/base/env.hpp"
#include "core/relay/addresses.hpp"
#include "core/relay/deadlines.hpp"
#include "core/relay/events.hpp"
#include "core/relay/limits.hpp"
#include "core/relay/pairing_book.hpp"
#include "core/relay/registry.hpp"
#include "core/relay/session.hpp"

namespace culver::relay {

class Hub {
 public:
  Hub(session::ServerName name, Limits limits);

  /// Perform the effects in order.
  Effects step(Event event, const Env& env);
  /// When to come back with a Tick, if nothing else happens before.
  std::optional<TimePoint> deadline() const;

  std::size_t sockets() const { return sockets_.size(); }
  const Limits& limits() const { return limits_; }
  // For tests of what must always hold.
  const session::Machine::State* state_of(SocketId socket) const;
  const Registry& registry() const { return registry_; }
  const PairingBook& book() const { return book_; }
  const Addresses& addresses() const { return addresses_; }

 private:
  struct Socket {
    session::Machine::State state;
    Address address;
    bool over_limit = false;
    Allowance messages;
    Allowance pair_requests;
  };

  void on(Accepted&& event, TimePoint now, Effects& effects);
  void on(SocketOpened&& event, TimePoint now, Effects& effects);
  void on(Frame&& event, TimePoint now, Effects& effects);
  void on(Oversized&& event, TimePoint now, Effects& effects);
  void on(Alive&& event, TimePoint now, Effects& effects);
  void on(SocketClosed&& event, TimePoint now, Effects& effects);
  void on(Answered&& event, TimePoint now, Effects& effects);
  void on(HttpRequest&& event, TimePoint now, Effects& effects);
  void on(Tick&& event, TimePoint now, Effects& effects);
  void on(Drain&& event, TimePoint now, Effects& effects);

  /// What the message asks for, unless the socket or its address has asked too often.
  Result<session::Event> admit(Socket& socket, wire::signaling::ClientMessage message,
                               TimePoint now);
  void step_session(SocketId id, session::Event event, TimePoint now, Effects& effects);

  session::ServerName name_;
  Limits limits_;
  std::map<SocketId, Socket> sockets_;
  Addresses addresses_;
  Registry registry_;
  PairingBook book_;
  Deadlines<SocketId> due_;
  bool draining_ = false;
};

}  // namespace culver::relay
