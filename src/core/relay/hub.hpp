// The server's boss as a value: sockets in, frames in, frames out. It counts and limits, and routes
// each event to where its socket is received: open signaling (session), the gateway, the session of
// a device, HTTP. No socket, clock or thread in here.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "core/base/deadlines.hpp"
#include "core/base/env.hpp"
#include "core/relay/addresses.hpp"
#include "core/relay/admin.hpp"
#include "core/relay/clock.hpp"
#include "core/relay/counters.hpp"
#include "core/relay/devices.hpp"
#include "core/relay/events.hpp"
#include "core/relay/gateway.hpp"
#include "core/relay/limits.hpp"
#include "core/relay/link_codes.hpp"
#include "core/relay/pairing_book.hpp"
#include "core/relay/questions.hpp"
#include "core/relay/registry.hpp"
#include "core/relay/rendezvous.hpp"
#include "core/relay/session.hpp"
#include "core/relay/socket.hpp"

namespace culver::relay {

class Hub {
 public:
  Hub(session::ServerName name, Limits limits, Door door);

  /// What the store has of earlier processes. Before the first step.
  void restore(const std::vector<StoredDrop>& drops, const Env& env, RunTime ran = 0);
  /// For what comes from now on: what was granted before stays.
  void reconfigure(session::ServerName name, Limits limits, bool handshake_required);
  /// Perform the effects in order.
  Effects step(Event event, const Env& env);
  /// When to come back with a Tick, if nothing else happens before.
  std::optional<TimePoint> deadline() const;

  std::size_t sockets() const { return sockets_.size(); }
  const Limits& limits() const { return limits_; }
  const Counters& counters() const { return counters_; }
  // For tests of what must always hold.
  const session::Machine::State* state_of(SocketId socket) const;
  const device_session::Machine::State* session_of(SocketId socket) const;
  const Registry& registry() const { return registry_; }
  const PairingBook& book() const { return book_; }
  const Rendezvous& rendezvous() const { return rendezvous_; }
  const Addresses& addresses() const { return addresses_; }
  const Devices& devices() const { return devices_; }
  const LinkCodes& link_codes() const { return codes_; }
  const Questions& questions() const { return questions_; }
  std::optional<TimePoint> next_prune() const { return next_prune_; }

 private:
  void on(Accepted&& event, const Env& env, Effects& effects);
  void on(SocketOpened&& event, const Env& env, Effects& effects);
  void on(Frame&& event, const Env& env, Effects& effects);
  void on(Oversized&& event, const Env& env, Effects& effects);
  void on(Alive&& event, const Env& env, Effects& effects);
  void on(SocketClosed&& event, const Env& env, Effects& effects);
  void on(Answered&& event, const Env& env, Effects& effects);
  void on(HttpRequest&& event, const Env& env, Effects& effects);
  void on(Tick&& event, const Env& env, Effects& effects);
  void on(Drain&& event, const Env& env, Effects& effects);

  // Whatever came from below or from the store, all of it leaves through here: what goes to a
  // device is sealed, and with a Close everything that hangs on its socket ends.
  Effects finish(Effects effects, const Env& env);
  bool seal(SendToSocket& send);
  bool retire(SocketId id, bool goodbye, const Env& env, Effects& effects);

  Socket* find(SocketId id);
  void close(SocketId id, Fault fault, const Env& env, Effects& effects);
  void learn_address(Socket& socket, Address address, TimePoint now);
  void due(SocketId id, const Env& env, Effects& effects);
  void prune(const Env& env, Effects& effects);

  // Open signaling.
  void take_open(SocketId id, Socket& socket, std::string text, const Env& env, Effects& effects);
  void take_early(SocketId id, Socket& socket, const Env& env, Effects& effects);
  /// What the message asks for; or when it may, if the socket or its address has asked too often.
  tl::expected<session::Event, Duration> admit(Socket& socket,
                                               wire::signaling::ClientMessage message,
                                               TimePoint now);
  void step_session(SocketId id, session::Event event, const Env& env, Effects& effects);

  // The gateway: hub_gateway.cpp.
  void open_gateway(SocketId id, Socket& socket, Effects& effects);
  void take_handshake(SocketId id, Socket& socket, std::string text, const Env& env,
                      Effects& effects);
  void take_too_large(SocketId id, Socket& socket, const Env& env, Effects& effects);
  Gateway::Context gateway_context(SocketId id, const Socket& socket, const Env& env);
  void establish(SocketId id, Socket& socket, const Admission& admission, const Env& env,
                 Effects& effects);
  void take_sealed(SocketId id, std::string frame, const Env& env, Effects& effects);
  void take_device(SocketId id, std::string text, const Env& env, Effects& effects);
  void take_signaling(SocketId id, Socket& socket, const std::string& text, const Env& env,
                      Effects& effects);
  void refuse_signaling(SocketId id, Fault fault, Duration retry_after, Effects& effects);
  device_session::Context device_context(SocketId id, const Socket& socket, const Env& env);
  void step_device(SocketId id, device_session::Event event, const Env& env, Effects& effects);

  // The store's answers: hub_answers.cpp.
  void answered(const ForHandshake& asked, Answer&& answer, const Env& env, Effects& effects);
  void answered(const ForEvent& asked, Answer&& answer, const Env& env, Effects& effects);
  void answered(const ForEcho& asked, Answer&& answer, const Env& env, Effects& effects);
  void answered(const ForPage& asked, Answer&& answer, const Env& env, Effects& effects);
  void answered(const ForConnection& asked, Answer&& answer, const Env& env, Effects& effects);
  void answered(const ForSigner& asked, Answer&& answer, const Env& env, Effects& effects);
  void answered(const ForNonce& asked, Answer&& answer, const Env& env, Effects& effects);
  void answered(const ForDeviceList& asked, Answer&& answer, const Env& env, Effects& effects);
  void answered(const ForRename& asked, Answer&& answer, const Env& env, Effects& effects);
  void answered(const ForRevocation& asked, Answer&& answer, const Env& env, Effects& effects);
  void answered(const ForDrops& asked, Answer&& answer, const Env& env, Effects& effects);
  void deliver(const ForEvent& asked, const wire::gateway::StoredEvent& event, const Env& env,
               Effects& effects);
  void refuse_request(SocketId id, Fault fault, Effects& effects);
  Respond refusal(SocketId id, Fault fault);
  void answer_request(Respond answer, const Env& env, Effects& effects);

  session::ServerName name_;
  Limits limits_;
  std::map<SocketId, Socket> sockets_;
  Deadlines<SocketId> due_;
  Addresses addresses_;
  Registry registry_;
  PairingBook book_;
  Rendezvous rendezvous_;
  Gateway gateway_;
  Devices devices_;
  LinkCodes codes_;
  Questions questions_;
  Counters counters_;
  RunClock clock_;
  std::optional<TimePoint> next_prune_;
  bool draining_ = false;
};

}  // namespace culver::relay
