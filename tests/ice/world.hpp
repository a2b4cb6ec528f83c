// Two ICE agents in a network in memory, what connects them before they are connected (signaling),
// servers that speak real bytes, and data along the selected routes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "core/base/fsm.hpp"
#include "core/ice/agent.hpp"
#include "core/ice/path_mtu.hpp"
#include "core/wire/stun.hpp"
#include "tests/ice/network.hpp"
#include "tests/ice/turn_server.hpp"

namespace culver::ice::test {

/// One side: an agent and what a shell is to it.
struct Side {
  struct Socket {
    Network::Place place;
    Endpoint local;
  };

  std::optional<ice::Agent> agent;
  wire::sdp::IceCredentials credentials;
  std::map<ice::WireId, Socket> sockets;
  std::map<ice::WireId, Endpoint> streams;  ///< how the TURN server knows them
  bool offline = false;                     ///< streams stand still
  std::uint32_t last_wire = 0;
  bool alive = true;

  // What it said.
  std::vector<wire::sdp::Candidate> candidates;
  std::optional<ice::Selected> selected;
  std::size_t carries = ice::path_mtu::base;
  std::optional<TimePoint> selected_at, failed_at;
  std::optional<ice::Failed::Why> failed;
  unsigned selections = 0, gatherings = 0, doubts = 0;
  // Data.
  std::uint64_t data_sent = 0, data_heard = 0;
  std::optional<ice::Route> data_from;  ///< the last; a route as we would send there

  // Its shell.
  bool says_done = true;
  bool restarting = false;
  bool wants_restart = false;
  std::optional<wire::sdp::IceCredentials> theirs;
};

class World {
 public:
  explicit World(std::uint64_t seed);

  SeededRng random;
  Network network;
  Duration signaling_delay{};
  Side a, b;

  Side& other(Side& side) { return &side == &a ? b : a; }

  // ---- building ---------------------------------------------------------------------------------
  void start(Side& side, bool controlling);
  /// A host with an address in this realm; the agent gets a socket.
  ice::WireId open(Side& side, Network::Place place, const Endpoint& address);
  void lose(Side& side, ice::WireId wire);
  Endpoint add_stun_server(const Endpoint& address, bool answers = true);
  Endpoint add_turn_server(const Endpoint& address);
  /// By datagrams, or over a stream of its own.
  void use_turn_server(Side& side, bool stream);
  std::size_t allocations() { return turn_ ? turn_->allocations(network.now) : 0; }
  /// Credentials go to the other side, candidates as they come.
  void introduce(Side& side);
  void tell(Side& side, ice::Event event);
  /// Everything that is known of servers and wires has been told.
  void finish(Side& side);
  void restart(Side& side);
  bool restarts_when_doubted = false;  ///< as a connection does

  // ---- time -------------------------------------------------------------------------------------
  void run_for(Duration time);
  /// Until it holds, at most so long. Whether it holds.
  bool run_until(const std::function<bool()>& holds, Duration at_most);
  /// A datagram of data along the route of the last Selected.
  void send_data(Side& side);
  /// Both send once in this time, from now on. Zero: no more.
  void send_data_every(Duration interval) {
    data_interval_ = interval;
    data_next_ = network.now;
  }
  bool both_selected() const { return a.selected && b.selected && !a.failed && !b.failed; }
  bool hear_each_other();
  /// Each hears the other where it sends to itself: told by the last data.
  bool same_pair() const;
  void close(Side& side);

  /// What must hold at any time; empty if it does.
  std::string broken;
  bool trace = false;
  Duration simulated() const { return network.now - begun_; }

 private:
  struct Later {
    TimePoint at;
    Side* to;
    ice::Event event;
  };

  struct OnAStream {
    TimePoint at;
    Side* side;
    ice::WireId wire;
    bool to_server;
    ByteVector bytes;
  };

  void step(Side& side, ice::Event event);
  void perform(Side& side, ice::Effects& effects);
  void transmit(Side& side, ice::WireId wire, const Endpoint& to, ByteVector bytes, bool whole);
  void signal(Side& from, ice::Event event);
  void receive_signal(Side& side, ice::Event event);
  std::optional<TimePoint> next_at();
  void advance_to(TimePoint at);
  void deliver(Network::Arrived arrived);
  void serve_stun(Network::Place place, const Datagram& datagram);
  void serve_turn(const Datagram& datagram);
  void perform(std::vector<TurnServer::Out> outs);
  void carry_stream();
  void hear(Side& side, ice::WireId wire, const Datagram& datagram);
  void say(const Side& side, const std::string& what) const;

  TimePoint begun_;
  std::deque<Later> signals_;  ///< in order: signaling is reliable
  std::map<Network::Place, bool> stun_servers_;
  std::optional<TurnServer> turn_;
  Endpoint turn_address_;
  Network::Place turn_place_ = 0;
  std::deque<OnAStream> streams_;
  std::uint16_t last_stream_ = 0;
  Duration data_interval_{};
  TimePoint data_next_{};
  std::uint64_t same_time_ = 0;
  TimePoint last_time_{};
};

Endpoint address(std::string_view text, std::uint16_t port = 0);

}  // namespace culver::ice::test
