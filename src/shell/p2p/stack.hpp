// Peer-to-peer transports: performs the connection machine's TransportEffects on ICE, DTLS and SCTP
// and tells it TransportEvents. One stack per process, on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/connection/events.hpp"
#include "shell/p2p/counters.hpp"
#include "shell/p2p/dtls.hpp"
#include "shell/p2p/path.hpp"

namespace culver::p2p {

class Transport;

struct StackConfig {
  std::vector<IceServer> ice_servers;
  bool loopback =
      true;  ///< also gather 127.0.0.1, for two processes on one machine without network
  std::vector<std::string> addresses;    ///< gather these only; empty: every interface
  PathFactory make_path;                 ///< empty: ice_paths()
  OnRelayTrouble on_relay_trouble = {};  ///< once for each server
};

/// All methods and the sink on the io_context's one thread. The io_context must outlive the stack.
class Stack {
 public:
  using Sink = std::function<void(ConnectionId, connection::TransportEvent)>;

  Stack(boost::asio::io_context& io, StackConfig config, Sink sink);
  /// Frees every transport; no event afterwards.
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  /// Never calls the sink: what follows from the effect is told by the loop. An effect for a
  /// connection without a transport is ignored, since the transport may have ended a moment ago.
  void perform(ConnectionId id, connection::TransportEffect effect);

  /// Where the server is: connections made from now on tell the peer first the address that leads
  /// there.
  void set_server(const Endpoint& server) { places_ = {server}; }
  /// What the signaling server has for connections that begin from now on, in the place of what it
  /// lent before. Whoever was given servers of the user's own uses those alone.
  void lend(const std::vector<wire::signaling::IceServer>& servers);

  /// Transports that still exist. TransportClosed frees its transport; so does DropTransport.
  std::size_t live() const { return transports_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  void start(ConnectionId id, bool controlling);
  void tell(const RelayTrouble& trouble);
  void wake();
  void run();
  void deliver();
  void arm_ticks();
  void tick();

  boost::asio::io_context& io_;
  StackConfig config_;
  std::vector<Endpoint> places_;  ///< that addresses of ours should lead to
  std::vector<IceServer> lent_;
  Sink sink_;
  DtlsIdentity identity_;
  Counters counters_;
  std::map<ConnectionId, std::unique_ptr<Transport>> transports_;
  std::set<std::pair<std::string, std::uint16_t>> told_relays_;
  std::deque<std::pair<ConnectionId, connection::TransportEvent>> events_;
  boost::asio::steady_timer ticks_;
  bool ticking_ = false;
  bool awake_ = false;
  std::shared_ptr<Stack*> alive_;  ///< posted handlers may run after the stack has died
};

}  // namespace culver::p2p
