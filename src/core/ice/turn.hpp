// One allocation on one TURN server (RFC 8656): asked for, kept alive, its permissions and channels
// renewed, given back. The machine of ice/agent that knows TURN; it sees messages, not sockets.
//
//   Asking -> Authenticating -> Allocated -> Closed; each -> Closed
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/ice/turn_events.hpp"
#include "core/ice/turn_lease.hpp"

namespace culver::ice::turn {

using fsm::OneOf;

/// Permissions are for addresses, whatever the port (RFC 8656 section 2.3). What is beyond these
/// bounds is Refused.
inline constexpr std::size_t most_peers = 128;
inline constexpr std::size_t most_channels = 16;
/// So many permissions and channels are asked for at once; the others wait for their turn.
inline constexpr std::size_t most_in_flight = 8;

inline constexpr Duration permission_time = 5min;
inline constexpr Duration permission_renewal = 4min;
inline constexpr Duration channel_time = 10min;
inline constexpr Duration channel_renewal = 9min;
/// Of an allocation, if the server does not say; and what we believe at most.
inline constexpr std::uint32_t default_lifetime = 600, longest_lifetime = 3600;  // seconds

struct Authenticating;
struct Allocated;
struct Closed;

/// Allocate is sent without credentials: the server answers 401 with its realm and nonce.
struct Asking {
  static constexpr std::string_view name = "Asking";
  Params params;
  Request request;
  TimePoint give_up;
  TimePoint deadline;

  OneOf<Asking, Authenticating, Closed> on(FromServer&&, Env&, Effects&) &&;
  OneOf<Asking, Closed> on(Tick&&, Env&, Effects&) &&;
  OneOf<Closed> on(Close&&, Env&, Effects&) &&;
};

/// Allocate is sent with credentials. From here on an answer that they do not prove is ignored, but
/// for 401 and 438, which have no proof.
struct Authenticating {
  static constexpr std::string_view name = "Authenticating";
  Params params;
  Login login;
  Request request;
  TimePoint give_up;
  TimePoint deadline;
  unsigned renewals = 0;

  OneOf<Authenticating, Allocated, Closed> on(FromServer&&, Env&, Effects&) &&;
  OneOf<Authenticating, Closed> on(Tick&&, Env&, Effects&) &&;
  /// The server may have allocated already.
  OneOf<Closed> on(Close&&, Env&, Effects&) &&;
};

/// Peers of one address, which share a permission.
struct Permission {
  std::vector<Endpoint> peers;  ///< never empty
  Lease lease;
};
/// A number is never given to another peer, so that none of the waiting of RFC 8656 section 12 is
/// needed.
struct Channel {
  std::uint16_t number;
  Endpoint peer;
  Lease lease;
};

struct Allocated {
  static constexpr std::string_view name = "Allocated";
  Params params;
  Login login;
  Endpoint relayed;
  Lease allocation{};
  std::vector<Permission> permissions{};
  std::vector<Channel> channels{};
  TimePoint deadline{};

  OneOf<Allocated, Closed> on(FromServer&&, Env&, Effects&) &&;
  OneOf<Allocated> on(Permit&&, Env&, Effects&) &&;
  OneOf<Allocated> on(Bind&&, Env&, Effects&) &&;
  OneOf<Allocated, Closed> on(Tick&&, Env&, Effects&) &&;
  OneOf<Closed> on(Close&&, Env&, Effects&) &&;
};

struct Closed {
  static constexpr std::string_view name = "Closed";
};

struct Machine {
  using State = std::variant<Asking, Authenticating, Allocated, Closed>;
  using Event = turn::Event;
  using Context = Env;
  using Effects = turn::Effects;

  /// Before there is a relay no peer can be reached through it; after the end nothing follows.
  template <class S, class E>
  static State unexpected(S&& state, E&& event, Env&, Effects& effects) {
    if constexpr (!std::same_as<S, Closed> && (std::same_as<E, Permit> || std::same_as<E, Bind>))
      effects.push_back(Refused{event.peer});
    return std::move(state);
  }
};

class Client {
 public:
  /// Asks for an allocation: Ready or Lost follow within `patience`.
  static Client start(Params params, Env& env, Effects& effects);

  void on(Event event, Env& env, Effects& effects);
  /// When to send a Tick at the latest; none after the end.
  std::optional<TimePoint> deadline() const { return fsm::deadline_of(state_); }
  /// Lost was told or Close was said; further events change nothing.
  bool ended() const { return std::holds_alternative<Closed>(state_); }
  std::string_view state() const { return fsm::name_of(state_); }

  /// Who is behind ChannelData with this number: we have asked for it, and the answer may still be
  /// on its way when the first data comes. Cheap.
  std::optional<Endpoint> peer_of_channel(std::uint16_t number) const;

 private:
  explicit Client(Machine::State state) : state_(std::move(state)) {}
  Machine::State state_;
};

/// A datagram to a permitted peer, as a Send indication for the server. Empty if it does not fit.
ByteVector wrap(const Endpoint& peer, ByteView datagram, Rng& rng);

}  // namespace culver::ice::turn
