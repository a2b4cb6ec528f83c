// A TURN server (RFC 8656) for a network in memory: it reads and prints real bytes, and knows
// clients by where they speak from.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/endpoint.hpp"
#include "core/base/env.hpp"
#include "core/wire/stun.hpp"

namespace culver::ice::test {

class TurnServer {
 public:
  static constexpr std::string_view user = "alice", password = "a secret", realm = "relay.example";

  explicit TurnServer(const Endpoint& address) : address_(address) {}

  struct Out {
    std::optional<Endpoint> client;  ///< else from the relay's port to the peer
    std::uint16_t port = 0;
    Endpoint peer{};
    ByteVector bytes;
  };
  std::vector<Out> from_client(const Endpoint& client, ByteView bytes, TimePoint now);
  std::vector<Out> from_peer(std::uint16_t port, const Endpoint& peer, ByteView bytes,
                             TimePoint now);
  /// Those that were neither given back nor have run out.
  std::size_t allocations(TimePoint now);

 private:
  struct Channel {
    Endpoint peer;
    TimePoint until;
  };
  struct Allocation {
    std::uint16_t port;
    TimePoint until;
    std::map<Endpoint, TimePoint> permissions;  ///< by address
    std::map<std::uint16_t, Channel> channels;
    bool permits(const Endpoint& peer, TimePoint now) const;
  };

  wire::stun::Message serve(const Endpoint& client, const wire::stun::Message& request,
                            TimePoint now);
  bool bind(Allocation& allocation, const wire::stun::Message& request, TimePoint now);
  std::vector<Out> relay(const Endpoint& client, const wire::stun::Message& indication,
                         TimePoint now);
  Allocation* find(const Endpoint& client, TimePoint now);

  Endpoint address_;
  std::uint16_t last_port_ = 50'000;
  std::map<Endpoint, Allocation> allocations_;
};

}  // namespace culver::ice::test
