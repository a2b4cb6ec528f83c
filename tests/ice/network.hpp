// A network in memory: realms of addresses, NATs between them, paths with delay, loss, doubling and
// changing order. It carries datagrams between places and knows nothing of ICE.
#pragma once

#include <map>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/endpoint.hpp"
#include "core/base/env.hpp"
#include "tests/support/seeded.hpp"

namespace culver::ice::test {

using culver::test::SeededRng;

/// What a NAT does, RFC 4787 sections 4 and 5.
enum class Mapping : std::uint8_t { endpoint_independent, endpoint_dependent };
enum class Filtering : std::uint8_t { none, by_address, by_address_and_port };

struct NatKind {
  Mapping mapping = Mapping::endpoint_independent;
  Filtering filtering = Filtering::by_address_and_port;
  bool hairpin = false;
  Duration lifetime = std::chrono::seconds(30);  ///< of what nothing is sent along
};

/// Of each way between two realms or two places of one.
struct Quality {
  Duration delay{};
  Duration jitter{};  ///< added at random, so that the order changes
  double loss = 0;
  double doubling = 0;
  std::size_t mtu = 65'507;  ///< UDP payload; above it datagrams are fragmented, or lost if whole
};

struct Datagram {
  Endpoint from, to;
  ByteVector bytes;
  bool whole = false;  ///< better lost than fragmented
};

class Network {
 public:
  using Realm = std::size_t;
  using Place = std::size_t;
  static constexpr Realm internet = 0;

  explicit Network(SeededRng& random) : random_(random) {}

  TimePoint now{};
  Quality far, near;  ///< through the internet, and within any other realm

  Realm add_realm() { return ++realms_; }
  /// The way out of `inner`.
  void add_nat(NatKind kind, Realm inner, Realm outer, const Endpoint& address);
  /// Addresses are unique within a realm; ports are the owner's.
  Place attach(Realm realm, const Endpoint& address);
  /// Only what answers may come in.
  void protect(Place place) { places_[place].firewall = true; }
  /// Nothing passes, either way.
  void cut(Place place, bool is_cut) { places_[place].cut = is_cut; }
  void forget_mappings();

  /// `from` is the place's address with a port.
  void send(Place place, const Endpoint& from, const Endpoint& to, ByteVector bytes,
            bool whole = false);

  struct Arrived {
    Place place;
    Datagram datagram;
  };
  std::optional<TimePoint> next_at() const;
  /// Moves the clock to the next datagram. Nothing if it did not get through.
  std::optional<Arrived> next();
  std::uint64_t carried() const { return carried_; }

 private:
  struct Attached {
    Realm realm;
    Endpoint address;
    bool firewall = false, cut = false;
    std::map<Endpoint, TimePoint> spoken_to;
  };
  struct Hole {
    Endpoint inside;
    std::optional<Endpoint> to;  ///< of an endpoint-dependent mapping
    std::uint16_t port;
    TimePoint used;
    std::map<Endpoint, TimePoint> spoken_to;
  };
  struct Nat {
    NatKind kind;
    Realm inner, outer;
    Endpoint address;
    std::uint16_t last_port;
    std::vector<Hole> holes;
  };
  struct OnItsWay {
    TimePoint at;
    std::uint64_t order;
    Realm realm;
    Datagram datagram;
    bool operator<(const OnItsWay& other) const {
      return std::tie(at, order) > std::tie(other.at, other.order);
    }
  };

  void forward(Realm realm, Datagram datagram);
  void carry(Realm realm, Datagram datagram);
  std::optional<Arrived> arrive(Realm realm, Datagram datagram);
  bool is_in(Realm realm, const Endpoint& address) const;
  Nat* way_out_of(Realm realm);
  Endpoint outside(Nat& nat, const Datagram& datagram);
  std::optional<Endpoint> inside(Nat& nat, const Datagram& datagram);
  void expire(Nat& nat);

  SeededRng& random_;
  Realm realms_ = 0;
  std::vector<Attached> places_;
  std::vector<Nat> nats_;
  std::priority_queue<OnItsWay> on_their_way_;
  std::uint64_t order_ = 0, carried_ = 0;
};

}  // namespace culver::ice::test
