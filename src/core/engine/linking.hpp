// Linking a device to an account, within a session that the server channel has opened. One side
// offers a code and waits: Asking -> Offering -> Over; if it wants to be asked before somebody
// comes in, Offering
// -> Deciding -> Admitting -> Over. The other spends it: Spending -> Over, or, while the first one
// is asked, Spending -> AwaitingConsent -> Over. What the server says about anything else passes
// by.
#pragma once

#include <chrono>
#include <cstdint>
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
#include "core/base/text.hpp"

namespace culver::engine::linking {

using fsm::OneOf;
using fsm::Origin;

/// For the server's answer; it asks its store.
inline constexpr Duration answer_time = std::chrono::seconds(20);
/// A code is waited for no longer, whatever the server says of it.
inline constexpr Duration longest_offer = std::chrono::minutes(10);
/// Nobody is waited for longer while a person is asked, whatever the server says.
inline constexpr Duration longest_question = std::chrono::minutes(2);

/// Whether a person is asked before another device comes in by our code.
enum class Consent : std::uint8_t { given, asked };

struct Context {
  Env& env;
};

// ---- events -------------------------------------------------------------------------------------

struct CodeCame {
  static constexpr std::string_view name = "pairing_initiated";
  static constexpr Origin origin = Origin::peer;
  LinkCode code;
  Duration time;  ///< for which it is good, at most longest_offer
  Consent consent;
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
/// A device wants to come in by our code.
struct DeviceAsked {
  static constexpr std::string_view name = "pairing_requested";
  static constexpr Origin origin = Origin::peer;
  std::uint64_t id;
  DeviceId device;
  UserId device_key;
  std::optional<Plaintext> device_name;
  Duration time;  ///< for which it waits, at most longest_question
};
/// It does not wait any more.
struct Withdrawn {
  static constexpr std::string_view name = "pairing_withdrawn";
  static constexpr Origin origin = Origin::peer;
  std::uint64_t id;
  Fault fault;
};
/// The other device is asked whether to let this one in.
struct Pending {
  static constexpr std::string_view name = "pairing_pending";
  static constexpr Origin origin = Origin::peer;
  Duration time;  ///< at most longest_question
};
/// By the person here.
struct Decided {
  static constexpr std::string_view name = "Decided";
  static constexpr Origin origin = Origin::ours;
  bool accepted;
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
using Event = std::variant<CodeCame, AccountCame, DeviceCame, DeviceAsked, Withdrawn, Pending,
                           Decided, Refused, Tick>;

// ---- effects ------------------------------------------------------------------------------------

/// To be shown, not to be logged.
struct Offered {
  LinkCode code;
  Duration time;
  Consent consent;  ///< as the server has it, which may not be as was wished
};
/// Whether this one is let in is to be Decided.
struct Requested {
  DeviceId device;
  UserId device_key;
  std::optional<Plaintext> device_name;  ///< as it calls itself
};
/// This device waits for that.
struct Held {};
/// To be said in the session.
struct Say {
  std::string frame;
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
using Effect = std::variant<Offered, Requested, Held, Say, Joined, Entered, Failed>;
using Effects = std::vector<Effect>;

// ---- states -------------------------------------------------------------------------------------

struct Offering;
struct Deciding;
struct Admitting;
struct AwaitingConsent;

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
  OneOf<Deciding> on(DeviceAsked&&, Context&, Effects&) &&;
  OneOf<Over> on(DeviceCame&&, Context&, Effects&) &&;
  OneOf<Offering, Over> on(Refused&&, Context&, Effects&) &&;
  OneOf<Offering, Over> on(Tick&&, Context&, Effects&) &&;
};

/// The person is asked about the device that has used the code.
struct Deciding {
  static constexpr std::string_view name = "Deciding";
  TimePoint deadline;
  std::uint64_t id;
  DeviceId device;
  OneOf<Admitting, Over> on(Decided&&, Context&, Effects&) &&;
  OneOf<Deciding, Over> on(Withdrawn&&, Context&, Effects&) &&;
  OneOf<Deciding, Over> on(Tick&&, Context&, Effects&) &&;
};

/// The yes is sent.
struct Admitting {
  static constexpr std::string_view name = "Admitting";
  TimePoint deadline;
  std::uint64_t id;
  DeviceId device;
  OneOf<Admitting, Over> on(DeviceCame&&, Context&, Effects&) &&;
  OneOf<Admitting, Over> on(Withdrawn&&, Context&, Effects&) &&;
  OneOf<Over> on(Refused&&, Context&, Effects&) &&;
  OneOf<Admitting, Over> on(Tick&&, Context&, Effects&) &&;
};

/// complete_pairing is sent.
struct Spending {
  static constexpr std::string_view name = "Spending";
  TimePoint deadline;
  OneOf<AwaitingConsent> on(Pending&&, Context&, Effects&) &&;
  OneOf<Over> on(AccountCame&&, Context&, Effects&) &&;
  OneOf<Over> on(Refused&&, Context&, Effects&) &&;
  OneOf<Spending, Over> on(Tick&&, Context&, Effects&) &&;
};

/// The person at the other device is asked.
struct AwaitingConsent {
  static constexpr std::string_view name = "AwaitingConsent";
  TimePoint deadline;
  OneOf<Over> on(AccountCame&&, Context&, Effects&) &&;
  OneOf<Over> on(Refused&&, Context&, Effects&) &&;
  OneOf<AwaitingConsent, Over> on(Tick&&, Context&, Effects&) &&;
};

struct Machine {
  using State =
      std::variant<Asking, Offering, Deciding, Admitting, Spending, AwaitingConsent, Over>;
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
Begun offer(Consent consent, const Env& env);
Begun spend(const LinkCode& code, const Env& env);
/// What a frame of the session is to the machine, if it is anything.
std::optional<Event> read(std::string_view frame);

}  // namespace culver::engine::linking
