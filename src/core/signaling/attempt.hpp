// One attempt to pair that we began, and one that somebody else began, each a small machine. They
// know one peer each; Pairing sorts the server's messages to them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/base/strong.hpp"
#include "core/base/text.hpp"
#include "core/signaling/events.hpp"

namespace culver::signaling {

using fsm::OneOf;

/// The server gives up after 120 s and says so; then it is our turn.
inline constexpr Duration ask_time = std::chrono::seconds(125);
/// An error without a name on it that comes later than this was not caused by our request.
inline constexpr Duration reply_time = std::chrono::seconds(10);
/// From our answer to the match or the error that the server makes of it.
inline constexpr Duration match_time = std::chrono::seconds(15);

// ---- effects ------------------------------------------------------------------------------------

/// Somebody asks us; to be answered by Pairing::answer.
struct Requested {
  PairingCode from;
  PublicKey key;
  std::optional<Plaintext> proposed_name;
};
/// A request that nobody has answered is void.
struct Withdrawn {
  PairingCode from;
};
/// Two who ask each other at once have two matches on a server that makes one of each request
/// (zajel-server 5.3), and one on a server that does not.
enum class Crossing : std::uint8_t {
  none,
  first,  ///< a second one may follow, in which the other side leads
  second,
};
/// Our ask, or a request that we accepted, was granted: a connection can be made with this peer.
struct Matched {
  PairingCode peer;
  PublicKey key;
  bool initiator;
  Crossing crossing = Crossing::none;
  std::optional<Plaintext> proposed_name = {};  ///< of its request, if there was one
};
/// Our ask, or a request that we accepted, came to nothing.
struct Failed {
  PairingCode peer;
  Fault fault;
};

using PairingEffect = std::variant<SendMessage, Requested, Withdrawn, Matched, Failed>;
using PairingEffects = std::vector<PairingEffect>;

// ---- events -------------------------------------------------------------------------------------

/// A person has answered.
struct Answer {
  static constexpr std::string_view name = "Answer";
  static constexpr Origin origin = Origin::ours;
  bool accepted;
};
/// While we ask for a peer it asks for us: both people mean it.
struct Crossed {
  static constexpr std::string_view name = "Crossed";
  static constexpr Origin origin = Origin::peer;
  PublicKey key;
  std::optional<Plaintext> proposed_name;
};
struct Match {
  static constexpr std::string_view name = "Match";
  static constexpr Origin origin = Origin::peer;
  PublicKey key;
  bool initiator;
};
/// Refused, expired, unknown, left: the server will make no match.
struct Ended {
  static constexpr std::string_view name = "Ended";
  static constexpr Origin origin = Origin::peer;
  Fault fault;
};

struct PairingContext {
  TimePoint now;
};

/// The end of both machines, with a Matched or without.
struct Settled {
  static constexpr std::string_view name = "Settled";
};

// ---- the one that we began ----------------------------------------------------------------------

struct Asking {
  static constexpr std::string_view name = "Asking";
  PairingCode target;
  TimePoint reply_deadline;
  TimePoint deadline;
  std::optional<PublicKey> key;  ///< once its request has crossed ours
  std::optional<Plaintext> proposed_name = {};
  OneOf<Asking> on(Crossed&&, PairingContext&, PairingEffects&) &&;
  OneOf<Settled> on(Match&&, PairingContext&, PairingEffects&) &&;
  OneOf<Settled> on(Ended&&, PairingContext&, PairingEffects&) &&;
  OneOf<Asking, Settled> on(Tick&&, PairingContext&, PairingEffects&) &&;
};

struct Ask {
  using State = std::variant<Asking, Settled>;
  using Event = std::variant<Crossed, Match, Ended, Tick>;
  using Context = PairingContext;
  using Effects = PairingEffects;
  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return std::move(state);
  }
};

// ---- the one that somebody else began -----------------------------------------------------------

struct Accepted;
struct Declined;

struct Undecided {
  static constexpr std::string_view name = "Undecided";
  PairingCode from;
  PublicKey key;
  std::optional<Plaintext> proposed_name;
  TimePoint deadline;
  OneOf<Accepted, Declined> on(Answer&&, PairingContext&, PairingEffects&) &&;
  OneOf<Settled> on(Ended&&, PairingContext&, PairingEffects&) &&;
  OneOf<Undecided, Settled> on(Tick&&, PairingContext&, PairingEffects&) &&;
};

struct Accepted {
  static constexpr std::string_view name = "Accepted";
  PairingCode from;
  PublicKey key;
  std::optional<Plaintext> proposed_name;
  TimePoint deadline;
  OneOf<Settled> on(Match&&, PairingContext&, PairingEffects&) &&;
  OneOf<Settled> on(Ended&&, PairingContext&, PairingEffects&) &&;
  OneOf<Accepted, Settled> on(Tick&&, PairingContext&, PairingEffects&) &&;
};

/// Kept for a while, since an error that the server makes of our answer bears no name.
struct Declined {
  static constexpr std::string_view name = "Declined";
  PairingCode from;
  PublicKey key;
  TimePoint deadline;
  OneOf<Settled> on(Ended&&, PairingContext&, PairingEffects&) &&;
  OneOf<Declined, Settled> on(Tick&&, PairingContext&, PairingEffects&) &&;
};

struct Request {
  using State = std::variant<Undecided, Accepted, Declined, Settled>;
  using Event = std::variant<Answer, Match, Ended, Tick>;
  using Context = PairingContext;
  using Effects = PairingEffects;
  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return std::move(state);
  }
};

}  // namespace culver::signaling
