// A full ICE agent (RFC 8445) for one component over UDP, with trickle (RFC 8838), regular
// nomination, consent (RFC 7675), TURN (RFC 8656) and restart: the boss of the machines of this
// folder. One step takes one event and gives effects; the shell performs them in order.
//
// It never sees data: the shell sends along the Route of the last Selected, and takes what comes in
// as data if it is not STUN and the peer has answered a check along that way. DTLS judges who sent
// it.
#pragma once

#include <memory>
#include <optional>

#include "core/base/env.hpp"
#include "core/ice/credentials.hpp"
#include "core/ice/events.hpp"

namespace culver::ice {

struct Config {
  bool controlling;
  wire::sdp::IceCredentials credentials;  ///< ours; see make_credentials
  bool loopback = true;                   ///< loopback addresses are candidates too
};

/// How much of everything is alive: what a test of leaks compares.
struct Census {
  std::size_t wires = 0, pairs = 0, transactions = 0, allocations = 0;
  bool operator==(const Census&) const = default;
};

class Agent {
 public:
  Agent(Config config, Env& env);
  Agent(Agent&&) noexcept;
  Agent& operator=(Agent&&) noexcept;
  ~Agent();

  /// After Failed only Restart and the coming and going of wires mean something.
  void step(Event event, Env& env, Effects& effects);
  /// When to send a Tick at the latest. None after Failed.
  std::optional<TimePoint> deadline() const;

  /// How a datagram came. With a channel: it was the payload of ChannelData from that TURN server,
  /// and if it is STUN it goes back in as Received with that channel. Nothing: by no way of ours,
  /// dropped.
  std::optional<Way> way_of(WireId wire, const Endpoint& from,
                            std::optional<std::uint16_t> channel) const;
  /// The peer has answered a check along this way, so what comes by it may be data. Else it is data
  /// only if it has answered by then: anybody can send a datagram. Cheap, as is way_of.
  bool leads_to_peer(const Way& way) const;

  /// Credentials have changed, and the selected path is still one of before.
  bool restarting() const;

  /// The last words: an allocation is given back. The agent does nothing afterwards.
  void close(Env& env, Effects& effects);
  Census census() const;

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace culver::ice
