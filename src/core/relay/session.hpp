// One socket as the server sees it: Connecting -> Unregistered -> Registered -> Closing. Which
// message is taken in which state is written here and nowhere else.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/base/fsm.hpp"
#include "core/relay/counters.hpp"
#include "core/relay/events.hpp"
#include "core/relay/ice_offer.hpp"
#include "core/relay/limits.hpp"
#include "core/relay/pairing_book.hpp"
#include "core/relay/questions.hpp"
#include "core/relay/registry.hpp"
#include "core/relay/rendezvous.hpp"
#include "core/wire/signaling.hpp"

namespace culver::relay::session {

using fsm::OneOf;
using fsm::Origin;

// ---- events -------------------------------------------------------------------------------------

struct Upgraded {
  static constexpr std::string_view name = "Upgraded";
  static constexpr Origin origin = Origin::ours;
  bool over_limit;  ///< of its address
};
/// Anything at all arrived, before it is looked at.
struct Heard {
  static constexpr std::string_view name = "Heard";
  static constexpr Origin origin = Origin::ours;
};
/// The first frame is one of open signaling, so this is no device.
struct Spoke {
  static constexpr std::string_view name = "Spoke";
  static constexpr Origin origin = Origin::ours;
};
struct Register {
  static constexpr std::string_view name = "register";
  static constexpr Origin origin = Origin::peer;
  wire::signaling::Register message;
};
struct PairRequest {
  static constexpr std::string_view name = "pair_request";
  static constexpr Origin origin = Origin::peer;
  wire::signaling::PairRequest message;
};
struct PairResponse {
  static constexpr std::string_view name = "pair_response";
  static constexpr Origin origin = Origin::peer;
  wire::signaling::PairResponse message;
};
/// offer, answer, ice_candidate, call_*.
struct Relay {
  static constexpr std::string_view name = "relay";
  static constexpr Origin origin = Origin::peer;
  wire::signaling::Relay message;
};
struct RegisterRendezvous {
  static constexpr std::string_view name = "register_rendezvous";
  static constexpr Origin origin = Origin::peer;
  wire::signaling::RegisterRendezvous message;
};
struct PingMessage {
  static constexpr std::string_view name = "ping";
  static constexpr Origin origin = Origin::peer;
};
struct TooLarge {
  static constexpr std::string_view name = "TooLarge";
  static constexpr Origin origin = Origin::ours;
};
/// Another socket took the code; everything that hangs on the code stays with it.
struct Replaced {
  static constexpr std::string_view name = "Replaced";
  static constexpr Origin origin = Origin::ours;
};
struct Gone {
  static constexpr std::string_view name = "Gone";
  static constexpr Origin origin = Origin::ours;
  bool goodbye;
};
struct Due {
  static constexpr std::string_view name = "Due";
  static constexpr Origin origin = Origin::ours;
};
struct Shutdown {
  static constexpr std::string_view name = "Shutdown";
  static constexpr Origin origin = Origin::ours;
};

using Event =
    std::variant<Upgraded, Heard, Spoke, Register, PairRequest, PairResponse, Relay,
                 RegisterRendezvous, PingMessage, TooLarge, Replaced, Gone, Due, Shutdown>;

// ---- context ------------------------------------------------------------------------------------

struct ServerName {
  std::string id;
  std::string endpoint;
  std::optional<std::string> region;
  IceOffer ice = {};
};

/// What a handler may touch besides its own socket.
struct Context {
  SocketId socket;
  const Address& address;
  TimePoint now;
  RunTime ran;    ///< by the server, until now
  WallTime wall;  ///< for what others judge by their clocks
  const Limits& limits;
  const ServerName& server;
  Registry& registry;
  PairingBook& book;
  Rendezvous& rendezvous;
  Questions& questions;
  Counters& counters;
  std::optional<SocketId> displaced;  ///< out: this socket is to be told that it was Replaced
};

// ---- states -------------------------------------------------------------------------------------

struct Unregistered;
struct Registered;
struct Closing;

/// Accepted; the HTTP upgrade is under way.
struct Connecting {
  static constexpr std::string_view name = "Connecting";
  TimePoint deadline;

  OneOf<Unregistered, Closing> on(Upgraded&&, Context&, Effects&) &&;
  OneOf<Connecting, Closing> on(Due&&, Context&, Effects&) &&;
  OneOf<Closing> on(Shutdown&&, Context&, Effects&) &&;
};

/// It has heard our name and has to say its own in time: the time of a handshake, until its first
/// frame shows that there will be none. No deadline, here and below: a device that
/// shook hands, whose own session looks after the connection.
struct Unregistered {
  static constexpr std::string_view name = "Unregistered";
  Speaker speaker;
  std::optional<TimePoint> deadline;

  OneOf<Unregistered> on(Spoke&&, Context&, Effects&) &&;
  OneOf<Unregistered, Registered> on(Register&&, Context&, Effects&) &&;
  OneOf<Unregistered> on(PingMessage&&, Context&, Effects&) &&;
  OneOf<Closing> on(TooLarge&&, Context&, Effects&) &&;
  OneOf<Unregistered, Closing> on(Due&&, Context&, Effects&) &&;
  OneOf<Closing> on(Shutdown&&, Context&, Effects&) &&;
};

/// It holds a code. The deadline is the next ping.
struct Registered {
  static constexpr std::string_view name = "Registered";
  PairingCode code;
  Claimant claimant;
  std::optional<TimePoint> unanswered;  ///< when the ping was sent since which nothing came
  std::optional<TimePoint> deadline;

  OneOf<Registered> on(Heard&&, Context&, Effects&) &&;
  OneOf<Registered> on(Register&&, Context&, Effects&) &&;
  OneOf<Registered> on(PairRequest&&, Context&, Effects&) &&;
  OneOf<Registered> on(PairResponse&&, Context&, Effects&) &&;
  OneOf<Registered> on(Relay&&, Context&, Effects&) &&;
  OneOf<Registered> on(RegisterRendezvous&&, Context&, Effects&) &&;
  OneOf<Registered> on(PingMessage&&, Context&, Effects&) &&;
  OneOf<Closing> on(TooLarge&&, Context&, Effects&) &&;
  OneOf<Closing> on(Replaced&&, Context&, Effects&) &&;
  OneOf<Closing> on(Gone&&, Context&, Effects&) &&;
  OneOf<Registered, Closing> on(Due&&, Context&, Effects&) &&;
  OneOf<Closing> on(Shutdown&&, Context&, Effects&) &&;
};

/// Its Close is on the way, or the connection is gone already. It is deaf.
struct Closing {
  static constexpr std::string_view name = "Closing";
};

struct Machine {
  using State = std::variant<Connecting, Unregistered, Registered, Closing>;
  using Event = session::Event;
  using Context = session::Context;
  using Effects = relay::Effects;

  /// A message that needs a code is refused before there is one; all else is late and ignored.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Context& context, Effects& effects) {
    if constexpr (std::same_as<S, Unregistered> && E::origin == Origin::peer)
      refuse(Fault::not_registered, context, effects);
    return State(std::move(state));
  }
  static void refuse(Fault fault, Context& context, Effects& effects);
};

/// Tells the partners of a code whose socket did not come back in time.
void announce_lapsed(const Registry::Lapsed& lapsed, Registry& registry, PairingBook& book,
                     Effects& effects);
/// Tells both sides of a request that it is nearly over, or over.
void announce_due(const PairingBook::Due& due, const Limits& limits, const Registry& registry,
                  Effects& effects);

}  // namespace culver::relay::session
