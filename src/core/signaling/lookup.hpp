// One known peer that we look for: from bringing its tokens to the server until there is a match,
// and again after it is lost. Rendezvous tells it what it has found and when it is its turn.
#pragma once

#include <chrono>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/base/strong.hpp"
#include "core/signaling/events.hpp"

namespace culver::signaling::lookup {

using fsm::OneOf;

/// Two that start at the same moment may each come before the other: tokens are brought twice.
inline constexpr Duration again_after = std::chrono::seconds(5);
/// Whoever is looked for accepts at once; who does not within this is no longer there.
inline constexpr Duration ask_patience = std::chrono::seconds(20);
/// Who has said goodbye need not be looked for in the same moment.
inline constexpr Duration after_goodbye = std::chrono::seconds(3);

// ---- effects ------------------------------------------------------------------------------------

/// Bring the tokens of this peer to the server.
struct Bring {
  bool leave_drop;  ///< and say at the rendezvous points that we were here
};
/// Ask this code for a pairing.
struct AskFor {
  PairingCode code;
};
/// The ask is not waited for any longer.
struct LetGo {
  PairingCode code;
};

using Effect = std::variant<Bring, AskFor, LetGo>;
using Effects = std::vector<Effect>;

// ---- events -------------------------------------------------------------------------------------

/// We are registered on the server: nothing is there of what we brought before.
struct Reached {
  static constexpr std::string_view name = "Reached";
  static constexpr Origin origin = Origin::ours;
};
struct Unreached {
  static constexpr std::string_view name = "Unreached";
  static constexpr Origin origin = Origin::ours;
};
/// The peer is there under this code, and the one who asks is us.
struct Sighted {
  static constexpr std::string_view name = "Sighted";
  static constexpr Origin origin = Origin::peer;
  PairingCode code;
};
/// No other ask is running.
struct Turn {
  static constexpr std::string_view name = "Turn";
  static constexpr Origin origin = Origin::ours;
};
struct AskFailed {
  static constexpr std::string_view name = "AskFailed";
  static constexpr Origin origin = Origin::ours;
  Fault fault;
};
/// A match with this peer was made, whoever asked: a connection is being established.
struct Granted {
  static constexpr std::string_view name = "Granted";
  static constexpr Origin origin = Origin::ours;
  PairingCode code;
};
/// Its keys are proven.
struct Proven {
  static constexpr std::string_view name = "Proven";
  static constexpr Origin origin = Origin::ours;
};
/// The last connection with it is gone.
struct Parted {
  static constexpr std::string_view name = "Parted";
  static constexpr Origin origin = Origin::ours;
  enum class How {
    goodbye,
    lost,
    sent_away,  ///< it does not want us, or has a newer connection with another process of ours
  };
  How how;
};

struct Context {
  Env env;
  bool is_reached;      ///< registered on the server
  Duration until_turn;  ///< until the hour has changed and there are other tokens
};

// ---- states -------------------------------------------------------------------------------------

struct Idle;
struct Looking;
struct Found;
struct Asking;
struct Together;

/// There is no server to look on.
struct Idle {
  static constexpr std::string_view name = "Idle";
  unsigned failures = 0;
  OneOf<Looking> on(Reached&&, Context&, Effects&) &&;
  OneOf<Together> on(Granted&&, Context&, Effects&) &&;
};
/// Our tokens are there.
struct Looking {
  static constexpr std::string_view name = "Looking";
  unsigned failures;  ///< since the last proven connection
  bool is_again;      ///< the deadline is for the second time, not for other tokens
  TimePoint deadline;
  OneOf<Looking> on(Reached&&, Context&, Effects&) &&;
  OneOf<Idle> on(Unreached&&, Context&, Effects&) &&;
  OneOf<Found> on(Sighted&&, Context&, Effects&) &&;
  OneOf<Together> on(Granted&&, Context&, Effects&) &&;
  OneOf<Looking> on(Tick&&, Context&, Effects&) &&;
};
/// It is there; other asks come first.
struct Found {
  static constexpr std::string_view name = "Found";
  unsigned failures;
  PairingCode code;
  OneOf<Idle> on(Unreached&&, Context&, Effects&) &&;
  OneOf<Found> on(Sighted&&, Context&, Effects&) &&;
  OneOf<Asking> on(Turn&&, Context&, Effects&) &&;
  OneOf<Together> on(Granted&&, Context&, Effects&) &&;
};
struct Asking {
  static constexpr std::string_view name = "Asking";
  unsigned failures;
  PairingCode code;
  TimePoint deadline;
  OneOf<Idle> on(Unreached&&, Context&, Effects&) &&;
  OneOf<Asking, Found> on(Sighted&&, Context&, Effects&) &&;
  OneOf<Looking> on(AskFailed&&, Context&, Effects&) &&;
  OneOf<Together> on(Granted&&, Context&, Effects&) &&;
  OneOf<Asking, Looking> on(Tick&&, Context&, Effects&) &&;
};
/// There is a connection, or one that is being established. Our tokens stay, so that a peer that
/// has begun anew finds us before we have missed it.
struct Together {
  static constexpr std::string_view name = "Together";
  unsigned failures;
  PairingCode code;
  OneOf<Together> on(Reached&&, Context&, Effects&) &&;
  OneOf<Together, Found> on(Sighted&&, Context&, Effects&) &&;
  OneOf<Together> on(Granted&&, Context&, Effects&) &&;
  OneOf<Together> on(Proven&&, Context&, Effects&) &&;
  OneOf<Looking, Idle> on(Parted&&, Context&, Effects&) &&;
};

struct Machine {
  using State = std::variant<Idle, Looking, Found, Asking, Together>;
  using Event =
      std::variant<Reached, Unreached, Sighted, Turn, AskFailed, Granted, Proven, Parted, Tick>;
  using Context = lookup::Context;
  using Effects = lookup::Effects;
  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return std::move(state);
  }
};

}  // namespace culver::signaling::lookup
