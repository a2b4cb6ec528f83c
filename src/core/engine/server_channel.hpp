// The door between the socket and the signaling session: a client shakes hands with the server
// before it speaks signaling, and afterwards every frame passes through here. The session hears of
// the socket only when the server channel is open.
//
// A server whose identity is known must prove it, each time and at once. One that is not known is
// waited for: its server_info tells whether it can shake hands. Without that, signaling is open.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/dial_failure.hpp"
#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/handshake/client.hpp"

namespace culver::engine::server_channel {

using fsm::Among;
using fsm::OneOf;
using fsm::Origin;

/// For server_info, which every server sends unasked.
inline constexpr Duration greeting_time = std::chrono::seconds(5);

using Pin = handshake::client::Pin;

struct Context {
  Env& env;
  const handshake::client::Account& account;
  const Pin& pin;
};

// ---- events -------------------------------------------------------------------------------------

struct Opened {
  static constexpr std::string_view name = "Opened";
  static constexpr Origin origin = Origin::ours;
};
struct Frame {
  static constexpr std::string_view name = "Frame";
  static constexpr Origin origin = Origin::peer;
  std::string bytes;
};
/// The socket is gone, or could not be opened.
struct Lost {
  static constexpr std::string_view name = "Lost";
  static constexpr Origin origin = Origin::ours;
  Failure fault;
};
/// The session has something to say.
struct Say {
  static constexpr std::string_view name = "Say";
  static constexpr Origin origin = Origin::ours;
  std::string text;
};
/// The session has closed the socket.
struct HungUp {
  static constexpr std::string_view name = "HungUp";
  static constexpr Origin origin = Origin::ours;
};
struct Tick {
  static constexpr std::string_view name = "Tick";
  static constexpr Origin origin = Origin::ours;
};
using Event = std::variant<Opened, Frame, Lost, Say, HungUp, Tick>;

// ---- effects ------------------------------------------------------------------------------------

struct Transmit {
  std::string frame;
  bool binary;
};
/// The server has proven this identity; it comes before Ready.
struct Authenticated {
  crypto::VerifyKey identity;
  unsigned version;
  std::optional<UserId> account;  ///< of the device, if the server tells
};
/// From now on the session may speak.
struct Ready {};
/// What the server says to the session, in the clear.
struct Deliver {
  std::string text;
};
/// The connection is over, for this reason. With `hang_up` the socket has yet to be closed.
struct Ended {
  Failure fault;
  bool hang_up;
};
/// A frame that is for nobody here.
struct Ignored {
  Fault fault;
};
using Effect = std::variant<Transmit, Authenticated, Ready, Deliver, Ended, Ignored>;
using Effects = std::vector<Effect>;

/// Faults after which another try would end in the same way.
bool is_final(Fault fault);

// ---- states -------------------------------------------------------------------------------------

struct Closed;
struct AwaitingGreeting;
struct Handshaking;
struct Open;
struct Plain;
struct Sealed;

// What states do alike, whichever one it is.

template <class State>
OneOf<Closed> alike(State&&, Lost&& lost, Context&, Effects& effects);
template <class State>
OneOf<Closed> alike(State&&, HungUp&&, Context&, Effects&);
/// In the clear.
template <class State>
OneOf<State> alike(State&& state, Say&& say, Context&, Effects& effects) {
  effects.emplace_back(Transmit{std::move(say.text), false});
  return std::move(state);
}

/// No socket.
struct Closed {
  static constexpr std::string_view name = "Closed";
  OneOf<AwaitingGreeting, Handshaking> on(Opened&&, Context&, Effects&) &&;
  template <Among<Lost> E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

/// The server is not known, and has not said yet whether it shakes hands.
struct AwaitingGreeting {
  static constexpr std::string_view name = "AwaitingGreeting";
  TimePoint opened;
  TimePoint deadline;
  OneOf<Handshaking, Open> on(Frame&&, Context&, Effects&) &&;
  OneOf<AwaitingGreeting, Open> on(Tick&&, Context&, Effects&) &&;
  template <Among<Lost, HungUp> E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

struct Handshaking {
  static constexpr std::string_view name = "Handshaking";
  handshake::client::Machine::State machine;
  std::string greeting;              ///< server_info, kept for the session; empty until it comes
  bool claims_no_handshake = false;  ///< by its server_info, for which nobody vouches
  TimePoint deadline;

  OneOf<Handshaking, Plain, Sealed, Closed> on(Frame&&, Context&, Effects&) &&;
  OneOf<Handshaking, Closed> on(Tick&&, Context&, Effects&) &&;
  OneOf<Closed> on(Lost&&, Context&, Effects&) &&;
  template <Among<HungUp> E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

/// Signaling as it always was, with a server that does not shake hands.
struct Open {
  static constexpr std::string_view name = "Open";
  OneOf<Open> on(Frame&&, Context&, Effects&) &&;
  template <Among<Say, Lost, HungUp> E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

/// An authenticated session of version 1, whose frames travel in the clear.
struct Plain {
  static constexpr std::string_view name = "Plain";
  OneOf<Plain> on(Frame&&, Context&, Effects&) &&;
  template <Among<Say, Lost, HungUp> E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

/// An authenticated session of version 2.
struct Sealed {
  static constexpr std::string_view name = "Sealed";
  handshake::RecordLayer records;
  OneOf<Sealed, Closed> on(Frame&&, Context&, Effects&) &&;
  OneOf<Sealed> on(Say&&, Context&, Effects&) &&;
  template <Among<Lost, HungUp> E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

template <class State>
OneOf<Closed> alike(State&&, Lost&& lost, Context&, Effects& effects) {
  effects.emplace_back(Ended{std::move(lost.fault), false});
  return Closed{};
}
template <class State>
OneOf<Closed> alike(State&&, HungUp&&, Context&, Effects&) {
  return Closed{};
}

struct Machine {
  using State = std::variant<Closed, AwaitingGreeting, Handshaking, Open, Plain, Sealed>;
  using Event = server_channel::Event;
  using Context = server_channel::Context;
  using Effects = server_channel::Effects;

  /// Late frames and ticks, and words that nobody can hear.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return std::move(state);
  }
};

/// The server knows us as a device.
inline bool is_of_device(const Machine::State& state) {
  return std::holds_alternative<Plain>(state) || std::holds_alternative<Sealed>(state);
}

/// While this is so the server channel bounds the wait, and the session's own time stands still.
inline bool is_opening(const Machine::State& state) {
  return std::holds_alternative<AwaitingGreeting>(state) ||
         std::holds_alternative<Handshaking>(state);
}

}  // namespace culver::engine::server_channel
