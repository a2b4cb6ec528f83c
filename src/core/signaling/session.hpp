// Our place on the signaling server: dialing, registering, staying, and coming back after a loss.
// It knows nothing of pairings: what concerns them is handed on as Received.
//
// Before the first registration every failure is final, so that a wrong address fails at once,
// unless it is one that passes with time: then the server is there. After either every loss is
// retried until Stop, unless it is told as final.
#pragma once

#include <chrono>
#include <concepts>
#include <string_view>
#include <variant>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/base/strong.hpp"
#include "core/signaling/events.hpp"

namespace culver::signaling {

/// The shell gives up after 10 s and knows why; this is for one that does not.
inline constexpr Duration dial_time = std::chrono::seconds(12);
inline constexpr Duration register_time = std::chrono::seconds(10);
inline constexpr Duration ping_interval = std::chrono::seconds(30);
inline constexpr unsigned pings_unanswered = 2;  ///< one more interval of silence is a loss
inline constexpr Duration moved_patience = std::chrono::seconds(3);  ///< after NetworkChanged
inline constexpr unsigned collisions_in_a_row = 8;   ///< the next one is registration_failed
inline constexpr unsigned bad_frames_in_a_row = 20;  ///< the next one is a loss

struct SessionConfig {
  PublicKey key;  ///< ours, that peers will know us by
};

struct SessionContext {
  Env env;
  const SessionConfig& config;
};

using fsm::OneOf;

struct Dialing;
struct Registering;
struct Ready;
struct Backoff;
struct Closed;

/// What outlives a connection.
struct Place {
  PairingCode code;
  bool held = false;      ///< a server was there: from then on losses are retried
  unsigned failures = 0;  ///< tries since the last good time, for the backoff
};

struct Offline {
  static constexpr std::string_view name = "Offline";
  OneOf<Dialing> on(Start&&, SessionContext&, SessionEffects&) &&;
  OneOf<Closed> on(Stop&&, SessionContext&, SessionEffects&) &&;
};

struct Dialing {
  static constexpr std::string_view name = "Dialing";
  Place place;
  TimePoint deadline;
  OneOf<Registering> on(SocketOpened&&, SessionContext&, SessionEffects&) &&;
  OneOf<Backoff, Closed> on(SocketLost&&, SessionContext&, SessionEffects&) &&;
  OneOf<Dialing> on(NetworkChanged&&, SessionContext&, SessionEffects&) &&;
  OneOf<Dialing, Backoff, Closed> on(Tick&&, SessionContext&, SessionEffects&) &&;
  OneOf<Closed> on(Stop&&, SessionContext&, SessionEffects&) &&;
};

struct Registering {
  static constexpr std::string_view name = "Registering";
  Place place;
  TimePoint deadline;
  unsigned collisions = 0;
  unsigned bad_frames = 0;
  OneOf<Registering, Ready, Backoff, Closed> on(Frame&&, SessionContext&, SessionEffects&) &&;
  OneOf<Registering, Backoff, Closed> on(BadFrame&&, SessionContext&, SessionEffects&) &&;
  OneOf<Backoff, Closed> on(SocketLost&&, SessionContext&, SessionEffects&) &&;
  OneOf<Registering, Backoff, Closed> on(Tick&&, SessionContext&, SessionEffects&) &&;
  OneOf<Closed> on(Stop&&, SessionContext&, SessionEffects&) &&;
};

struct Ready {
  static constexpr std::string_view name = "Ready";
  Place place;
  TimePoint deadline;       ///< of the next ping
  unsigned unanswered = 0;  ///< pings since the last frame
  unsigned bad_frames = 0;
  OneOf<Ready> on(Frame&&, SessionContext&, SessionEffects&) &&;
  OneOf<Ready, Backoff> on(BadFrame&&, SessionContext&, SessionEffects&) &&;
  OneOf<Ready> on(SendMessage&&, SessionContext&, SessionEffects&) &&;
  OneOf<Ready> on(NetworkChanged&&, SessionContext&, SessionEffects&) &&;
  OneOf<Backoff, Closed> on(SocketLost&&, SessionContext&, SessionEffects&) &&;
  OneOf<Ready, Backoff> on(Tick&&, SessionContext&, SessionEffects&) &&;
  OneOf<Closed> on(Stop&&, SessionContext&, SessionEffects&) &&;
};

struct Backoff {
  static constexpr std::string_view name = "Backoff";
  Place place;
  TimePoint deadline;
  OneOf<Dialing> on(NetworkChanged&&, SessionContext&, SessionEffects&) &&;
  OneOf<Backoff, Dialing> on(Tick&&, SessionContext&, SessionEffects&) &&;
  OneOf<Closed> on(Stop&&, SessionContext&, SessionEffects&) &&;
};

/// The end. To go online again, begin a new session from Offline: it draws a new code.
struct Closed {
  static constexpr std::string_view name = "Closed";
};

struct Session {
  using State = std::variant<Offline, Dialing, Registering, Ready, Backoff, Closed>;
  using Event = SessionEvent;
  using Context = SessionContext;
  using Effects = SessionEffects;

  /// What no state waits for is dropped; a message that cannot be sent is given back.
  template <class S, class E>
  static State unexpected(S&& state, E&& event, Context&, Effects& effects) {
    if constexpr (std::same_as<E, SendMessage>)
      effects.push_back(NotSent{std::move(event.message)});
    return std::move(state);
  }
};

}  // namespace culver::signaling
