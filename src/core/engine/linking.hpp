// Linking a device to an account, within a session that the gate has opened. One side offers a code
// and waits: Asking -> Offering -> Over. The other spends it: Spending -> Over. What the server
// says about anything else passes by.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/dial_failure.hpp"
#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/strong.hpp"

namespace culver::engine::linking {

using fsm::OneOf;
using fsm::Origin;

/// For the server's answer; it asks its store.
inline constexpr Duration answer_time = std::chrono::seconds(20);
/// A code is waited for no longer, whatever the server says of it.
inline constexpr Duration longest_offer = std::chrono::minutes(10);

struct Context {
  Env& env;
};

// ---- events -------------------------------------------------------------------------------------

struct CodeCame {
  static constexpr std::string_view name = "pairing_initiated";
  static constexpr Origin origin = Origin::peer;
  LinkCode code;
  Duration time;  ///< for which it is good, at most longest_offer
};
struct AccountCame {
  static constexpr std::string_view name = "pairing_completed";
  static constexpr Origin origin = Origin::peer;
  UserId account;
};
struct DeviceCame {
  static constexpr std::string_view name = "device_paired";
  static constexpr Origin origin = Origin::peer;
  DeviceId device;
};
/// pairing_failed, or the error that a message was answered by.
struct Refused {
  static constexpr std::string_view name = "pairing_failed";
  static constexpr Origin origin = Origin::peer;
  Fault fault;
};
struct Tick {
  static constexpr std::string_view name = "Tick";
  static constexpr Origin origin = Origin::ours;
};
using Event = std::variant<CodeCame, AccountCame, DeviceCame, Refused, Tick>;

// ---- effects ------------------------------------------------------------------------------------

/// To be shown, not to be logged.
struct Offered {
  LinkCode code;
  Duration time;
};
/// Another device has joined this account. It may have used another code than ours.
struct Joined {
  DeviceId device;
};
/// This device is one of that account now.
struct Entered {
  UserId account;
};
struct Failed {
  Failure fault;
};
using Effect = std::variant<Offered, Joined, Entered, Failed>;
using Effects = std::vector<Effect>;

// ---- states -------------------------------------------------------------------------------------

struct Offering;

/// Joined, Entered or Failed was the last effect.
struct Over {
  static constexpr std::string_view name = "Over";
};

/// initiate_pairing is sent.
struct Asking {
  static constexpr std::string_view name = "Asking";
  TimePoint deadline;
  OneOf<Offering> on(CodeCame&&, Context&, Effects&) &&;
  OneOf<Over> on(Refused&&, Context&, Effects&) &&;
  OneOf<Asking, Over> on(Tick&&, Context&, Effects&) &&;
};

struct Offering {
  static constexpr std::string_view name = "Offering";
  TimePoint deadline;
  OneOf<Over> on(DeviceCame&&, Context&, Effects&) &&;
  OneOf<Offering, Over> on(Refused&&, Context&, Effects&) &&;
  OneOf<Offering, Over> on(Tick&&, Context&, Effects&) &&;
};

/// complete_pairing is sent.
struct Spending {
  static constexpr std::string_view name = "Spending";
  TimePoint deadline;
  OneOf<Over> on(AccountCame&&, Context&, Effects&) &&;
  OneOf<Over> on(Refused&&, Context&, Effects&) &&;
  OneOf<Spending, Over> on(Tick&&, Context&, Effects&) &&;
};

struct Machine {
  using State = std::variant<Asking, Offering, Spending, Over>;
  using Event = linking::Event;
  using Context = linking::Context;
  using Effects = linking::Effects;

  /// What was not asked for, and what comes late.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return State(std::move(state));
  }
};

struct Begun {
  Machine::State state;
  std::string frame;  ///< to be said in the session
};
Begun offer(const Env& env);
Begun spend(const LinkCode& code, const Env& env);
/// What a frame of the session is to the machine, if it is anything.
std::optional<Event> read(std::string_view frame);

}  // namespace culver::engine::linking
