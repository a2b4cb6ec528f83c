// How large the datagrams along the selected pair may be: probes of growing sizes that may not be
// fragmented, in the manner of RFC 8899. docs/protocol/ice.md, "How large a datagram may be".
//
//   Probing -> Known -> Probing -> ...;  Known without a deadline: the peer does not take part
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/fsm.hpp"

namespace culver::ice::path_mtu {

/// Bytes of UDP payload that pass wherever IPv6's minimum MTU passes, tunnels included.
inline constexpr std::size_t base = 1'200;
/// What is tried above it: through WireGuard (1,420) and Ethernet (1,500) with IPv6's headers,
/// jumbo frames (9,000), and four to a segmented send on loopback. A record of DTLS ends at 16,384.
/// Multiples of four, as STUN is.
inline constexpr std::array<std::size_t, 4> sizes{1'372, 1'452, 8'952, 16'376};
/// The largest datagram that we take.
inline constexpr std::size_t largest = sizes.back();

/// A probe may be lost like any datagram: what is not answered is tried so often.
inline constexpr unsigned rounds = 3;
inline constexpr Duration round_time = std::chrono::milliseconds(100);
/// After the last round: longer than a round trip, or a long path would seem to carry nothing.
inline constexpr Duration last_wait = std::chrono::seconds(2);
/// Routes change: what was found is asked for again.
inline constexpr Duration interval = std::chrono::seconds(30);

struct Tick {
  static constexpr std::string_view name = "Tick";
};
/// A probe arrived whole. The peer says how much it takes; one that says nothing takes no part.
struct Answered {
  static constexpr std::string_view name = "Answered";
  std::size_t size;
  std::optional<std::size_t> limit;
};
using Event = std::variant<Tick, Answered>;

struct SendProbe {
  std::size_t size;
};
/// From now on datagrams of up to so many bytes may be sent.
struct Told {
  std::size_t size;
};
using Effect = std::variant<SendProbe, Told>;
using Effects = std::vector<Effect>;

struct Probing;
struct Known;

struct Probing {
  static constexpr std::string_view name = "Probing";
  std::size_t told;   ///< last
  std::size_t found;  ///< since it began
  unsigned round;     ///< that have begun
  TimePoint deadline;
  fsm::OneOf<Probing, Known> on(Tick&&, Env&, Effects&) &&;
  fsm::OneOf<Probing, Known> on(Answered&&, Env&, Effects&) &&;
};
struct Known {
  static constexpr std::string_view name = "Known";
  std::size_t told;
  std::optional<TimePoint> deadline;
  fsm::OneOf<Probing, Known> on(Tick&&, Env&, Effects&) &&;
  /// Late.
  fsm::OneOf<Known> on(Answered&&, Env&, Effects&) &&;
};

struct Machine {
  using State = std::variant<Probing, Known>;
  using Event = path_mtu::Event;
  using Context = Env;
  using Effects = path_mtu::Effects;

  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return State(std::move(state));
  }
};

std::size_t told(const Machine::State& state);

/// A pair has just been selected. What the one before it carried is taken to be carried by this one
/// until the probes have said otherwise: the system fragments meanwhile.
Probing begin(std::size_t told, Env& env);
/// A relay's path is not probed.
Known unprobed(std::size_t told, Effects& effects);

}  // namespace culver::ice::path_mtu
