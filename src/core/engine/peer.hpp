// The standing of a peer: how far the other side of one connection is believed, from the match to
// the end, and what of it waits meanwhile. The connection knows the connection; this knows whether
// its peer may be told. The full table is in docs/generated/peer.md.
//
//   Establishing -> Claimed -> AwaitingPeerBook -> Connected
//   in between, if its name is a known peer's: AwaitingName
//   one that we want nothing of: any of them -> Refused;  the end of all: Ended
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/base/strong.hpp"
#include "core/connection/words.hpp"
#include "core/engine/api.hpp"
#include "core/engine/tried.hpp"

namespace culver::engine::peer {

using fsm::OneOf;
using fsm::Origin;

/// A book that has not answered by then is taken to be broken.
inline constexpr Duration book_patience = std::chrono::seconds(30);
/// A person who has not said by then who somebody is has refused.
inline constexpr Duration name_patience = std::chrono::minutes(2);

struct Context {
  TimePoint now;
};

// ---- events -------------------------------------------------------------------------------------

/// Somebody who names the key has a session with us.
struct Claim {
  static constexpr std::string_view name = "Claim";
  static constexpr Origin origin = Origin::ours;
  std::size_t largest_message;  ///< bytes, sealed, that its SCTP takes
};
/// The key is proven, and the peer calls itself like a known one that has another.
struct NameTaken {
  static constexpr std::string_view name = "NameTaken";
  static constexpr Origin origin = Origin::ours;
  connection::Established proven;
  PublicKey namesake;
};
/// The key is proven, and may come in.
struct Welcomed {
  static constexpr std::string_view name = "Welcomed";
  static constexpr Origin origin = Origin::ours;
  connection::Established proven;
  std::optional<PublicKey> instead_of;  ///< whose row it takes over
};
/// A person has said that it is somebody else of that name.
struct ToldApart {
  static constexpr std::string_view name = "ToldApart";
  static constexpr Origin origin = Origin::ours;
};
/// The book has it.
struct Written {
  static constexpr std::string_view name = "Written";
  static constexpr Origin origin = Origin::ours;
};
/// We want nothing of it, for this reason.
struct Rejected {
  static constexpr std::string_view name = "Rejected";
  static constexpr Origin origin = Origin::ours;
  Fault fault;
  std::optional<PublicKey> namesake = {};  ///< the known peer whose name it used
};
/// Its end is told, or is not to be told.
struct EndTold {
  static constexpr std::string_view name = "EndTold";
  static constexpr Origin origin = Origin::ours;
};

// ---- effects ------------------------------------------------------------------------------------

/// Reading is paused while it waits, so that what has to be kept is little.
struct PauseReading {
  bool paused;
};
struct AskWhoseName {
  PublicKey namesake;
};
struct WriteDown {
  bool is_culver;
  std::optional<PublicKey> instead_of;
};
struct EndConnection {
  Fault fault;
};
/// What came while it waited, in order.
struct GiveKept {
  connection::Effects effects;
};
using Effect = std::variant<PauseReading, AskWhoseName, WriteDown, EndConnection, GiveKept>;
using Effects = std::vector<Effect>;

// ---- states -------------------------------------------------------------------------------------

/// A peer that can be sent to.
struct Sending {
  std::size_t largest_message;  ///< bytes, sealed, that its SCTP takes
  std::vector<TextId> texts;    ///< under way, to one that speaks no letters
};

struct Claimed;
struct AwaitingName;
struct AwaitingPeerBook;
struct Connected;
struct Refused;
struct Ended;

struct Establishing {
  static constexpr std::string_view name = "Establishing";
  /// Its request and ours had crossed: there may be two matches, and the peer may be in the other.
  bool crossed = false;
  Tried tried = {};
  std::optional<engine::Establishing> told = {};  ///< the last of them

  OneOf<Claimed> on(Claim&&, Context&, Effects&) &&;
  OneOf<AwaitingName> on(NameTaken&&, Context&, Effects&) &&;
  OneOf<AwaitingPeerBook> on(Welcomed&&, Context&, Effects&) &&;
  OneOf<Refused> on(Rejected&&, Context&, Effects&) &&;
  OneOf<Ended> on(EndTold&&, Context&, Effects&) &&;
};

/// Its key is a claim: told as Unproven.
struct Claimed {
  static constexpr std::string_view name = "Claimed";
  Sending sending;

  OneOf<Claimed> on(Claim&&, Context&, Effects&) &&;
  OneOf<AwaitingName> on(NameTaken&&, Context&, Effects&) &&;
  OneOf<AwaitingPeerBook> on(Welcomed&&, Context&, Effects&) &&;
  OneOf<Refused> on(Rejected&&, Context&, Effects&) &&;
  OneOf<Ended> on(EndTold&&, Context&, Effects&) &&;
};

/// What a peer waits with whose key is proven and which is not told as connected yet.
struct Waiting {
  connection::Established proven;
  std::optional<Sending> sending;  ///< if it was told as Unproven
  connection::Effects kept = {};   ///< what has come in since, in order
};

/// A person is asked whether it is somebody else of the name that it has.
struct AwaitingName {
  static constexpr std::string_view name = "AwaitingName";
  Waiting waiting;
  PublicKey namesake;
  TimePoint deadline;

  OneOf<AwaitingPeerBook> on(ToldApart&&, Context&, Effects&) &&;
  OneOf<Refused> on(Rejected&&, Context&, Effects&) &&;
};

/// It is being written down.
struct AwaitingPeerBook {
  static constexpr std::string_view name = "AwaitingPeerBook";
  Waiting waiting;
  std::optional<PublicKey> instead_of;
  TimePoint deadline;

  OneOf<Connected> on(Written&&, Context&, Effects&) &&;
  OneOf<Refused> on(Rejected&&, Context&, Effects&) &&;
};

/// Told as Connected.
struct Connected {
  static constexpr std::string_view name = "Connected";
  Sending sending;
  bool is_culver;  ///< with all that a Culver promises

  OneOf<Refused> on(Rejected&&, Context&, Effects&) &&;
  OneOf<Ended> on(EndTold&&, Context&, Effects&) &&;
};

/// Its end is still to be told.
struct Refused {
  static constexpr std::string_view name = "Refused";
  bool was_connected;
  std::optional<PublicKey> namesake;  ///< the known peer whose name it used

  OneOf<Ended> on(EndTold&&, Context&, Effects&) &&;
};

/// Nothing more of it is told or taken. Its connection may still be hanging up.
struct Ended {
  static constexpr std::string_view name = "Ended";
  bool was_connected;
};

struct Machine {
  using State = std::variant<Establishing, Claimed, AwaitingName, AwaitingPeerBook, Connected,
                             Refused, Ended>;
  using Event = std::variant<Claim, NameTaken, Welcomed, ToldApart, Written, Rejected, EndTold>;
  using Context = peer::Context;
  using Effects = peer::Effects;

  /// Answers that come late.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return State{std::move(state)};
  }
};

/// What it waits with; null: it does not wait.
Waiting* waiting(Machine::State& state);
bool is_waiting(const Machine::State& state);
/// Null: there is no session, or nothing is sent on it any more.
Sending* sending(Machine::State& state);
bool is_sending(const Machine::State& state);
/// Told as Unproven, and as nothing else yet.
bool is_claimed(const Machine::State& state);
/// Told as Connected, whatever has become of it since.
bool was_connected(const Machine::State& state);

}  // namespace culver::engine::peer
