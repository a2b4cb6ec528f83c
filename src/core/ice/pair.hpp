// One candidate pair and how far its check is: RFC 8445 section 6.1.2.6. The states have no time of
// their own; transactions have.
//
//   Frozen -> Waiting -> InProgress -> Succeeded | Failed;  a request of the peer makes each but
//   Succeeded Waiting
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/fsm.hpp"
#include "core/ice/candidates.hpp"

namespace culver::ice {

using PairId = Strong<struct PairIdTag, std::uint32_t>;

namespace pair {

/// Its foundation is tried elsewhere, or has worked: now this one.
struct Thaw {
  static constexpr std::string_view name = "Thaw";
};
/// The peer asked along this pair, or the path is to be asked anew.
struct Trigger {
  static constexpr std::string_view name = "Trigger";
};
struct CheckSent {
  static constexpr std::string_view name = "CheckSent";
};
struct Answered {
  static constexpr std::string_view name = "Answered";
  TimePoint at;
};
/// No answer to any transmission, an error, or an answer from elsewhere.
struct GivenUp {
  static constexpr std::string_view name = "GivenUp";
};
/// Another pair was selected: this one rests until that is in doubt.
struct Halt {
  static constexpr std::string_view name = "Halt";
};
using Event = std::variant<Thaw, Trigger, CheckSent, Answered, GivenUp, Halt>;

struct Waiting;
struct InProgress;
struct Succeeded;
struct Failed;

struct Frozen {
  static constexpr std::string_view name = "Frozen";
  fsm::OneOf<Waiting> on(Thaw&&, Env&, std::monostate&) &&;
  fsm::OneOf<Waiting> on(Trigger&&, Env&, std::monostate&) &&;
  /// Its relay refuses the peer.
  fsm::OneOf<Failed> on(GivenUp&&, Env&, std::monostate&) &&;
  /// To a check that was sent before it was halted.
  fsm::OneOf<Succeeded> on(Answered&&, Env&, std::monostate&) &&;
};
/// To be checked when its turn comes.
struct Waiting {
  static constexpr std::string_view name = "Waiting";
  fsm::OneOf<InProgress> on(CheckSent&&, Env&, std::monostate&) &&;
  /// To an earlier check, which was not repeated since.
  fsm::OneOf<Succeeded> on(Answered&&, Env&, std::monostate&) &&;
  fsm::OneOf<Failed> on(GivenUp&&, Env&, std::monostate&) &&;
  fsm::OneOf<Frozen> on(Halt&&, Env&, std::monostate&) &&;
};
struct InProgress {
  static constexpr std::string_view name = "InProgress";
  fsm::OneOf<Waiting> on(Trigger&&, Env&, std::monostate&) &&;
  fsm::OneOf<Succeeded> on(Answered&&, Env&, std::monostate&) &&;
  fsm::OneOf<Failed> on(GivenUp&&, Env&, std::monostate&) &&;
  fsm::OneOf<Frozen> on(Halt&&, Env&, std::monostate&) &&;
};
/// A valid pair.
struct Succeeded {
  static constexpr std::string_view name = "Succeeded";
  TimePoint answered;  ///< last
  fsm::OneOf<Succeeded> on(Answered&&, Env&, std::monostate&) &&;
  fsm::OneOf<Failed> on(GivenUp&&, Env&, std::monostate&) &&;
};
struct Failed {
  static constexpr std::string_view name = "Failed";
  fsm::OneOf<Waiting> on(Trigger&&, Env&, std::monostate&) &&;
  fsm::OneOf<Succeeded> on(Answered&&, Env&, std::monostate&) &&;
};

struct Machine {
  using State = std::variant<Frozen, Waiting, InProgress, Succeeded, Failed>;
  using Event = pair::Event;
  using Context = Env;
  using Effects = std::monostate;

  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return State(std::move(state));
  }
};

}  // namespace pair

struct Pair {
  PairId id;
  BaseId base;
  Endpoint remote;
  std::uint64_t priority = 0;
  std::string foundation;  ///< of both candidates
  std::uint8_t kind = 0;   ///< by family and by what both ends are: kinds share the checklist
  bool seen = false;       ///< the peer has asked along it
  bool reachable = true;   ///< false: the relay has not permitted this peer yet
  pair::Machine::State state{};
  Duration round_trip{};                         ///< as the last answer showed it
  std::optional<TimePoint> nominated_by_peer{};  ///< last
  bool nomination_open = false;                  ///< ... and we have not followed it yet
  std::optional<TimePoint> keep_alive_at{};

  template <class S>
  bool is() const {
    return std::holds_alternative<S>(state);
  }
  void step(pair::Event event, Env& env) {
    std::monostate none;
    state = fsm::step<pair::Machine>(std::move(state), std::move(event), env, none);
  }
};

}  // namespace culver::ice
