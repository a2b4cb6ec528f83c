// The allocations of an agent: which wire asks which TURN server for one, and who is who behind
// them. ice/turn knows what an allocation is; the agent carries its words.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ice/candidates.hpp"
#include "core/ice/turn.hpp"

namespace culver::ice {

struct Relay {
  RelayId id;
  WireId wire;
  Endpoint server;
  bool stream;
  turn::Client client;
  TimePoint begun;
  bool ready = false;
  /// What the server has confirmed, whatever generation asked for it.
  std::vector<Endpoint> permitted{};
  std::vector<std::pair<Endpoint, std::uint16_t>> channels{};

  bool permits(const Endpoint& peer) const;
  std::optional<std::uint16_t> channel_to(const Endpoint& peer) const;
};

class Relays {
 public:
  /// Each costs the server an address: a machine with many has enough with the first.
  static constexpr std::size_t most = 8;
  static constexpr std::size_t most_servers = 8;
  /// So that the first server's do not take the room of all others; by the first wires, which are
  /// those that lead out.
  static constexpr std::ptrdiff_t most_of_a_server = 3;
  /// A server that takes longer keeps nobody waiting: its candidate comes late.
  static constexpr Duration patience = std::chrono::seconds(5);

  struct Begun {
    RelayId relay;
    turn::Effects effects;
  };
  /// For when it begins anew.
  void remember(TurnServer server);
  std::vector<Begun> server_named(TurnServer server, const std::vector<Base>& bases, Env& env);
  std::vector<Begun> base_added(const Base& base, Env& env);
  /// Every server once more, after all relays were removed.
  std::vector<Begun> begin_anew(const std::vector<Base>& bases, Env& env);

  Relay* find(RelayId id);
  const Relay* find(RelayId id) const;
  const Relay* find(WireId wire, const Endpoint& server) const;
  void remove(RelayId id);

  /// A server that only this stream led to is a server no more.
  void forget_stream(WireId wire);
  std::vector<RelayId> on_wire(WireId wire) const;
  std::vector<RelayId> ids() const;
  std::optional<TimePoint> deadline() const;
  /// Some may still get their address in good time; until when.
  std::optional<TimePoint> pending_until(TimePoint now) const;
  std::size_t size() const { return all_.size(); }

 private:
  std::optional<Begun> begin(const TurnServer& server, WireId wire, Env& env);

  std::uint32_t last_ = 0;
  std::vector<TurnServer> servers_;
  std::vector<Relay> all_;
};

}  // namespace culver::ice
