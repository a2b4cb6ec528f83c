// Sorts first: the peer's candidates may arrive before its description, ICE must not see them
// before. This machine holds them, in order and bounded, until the description is known.
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/fsm.hpp"
#include "core/connection/events.hpp"
#include "core/wire/limits.hpp"

namespace culver::connection {

struct CandidateArrived {
  static constexpr std::string_view name = "CandidateArrived";
  static constexpr Origin origin = Origin::peer;
  wire::sdp::Candidate candidate;
};
struct CandidatesEnded {
  static constexpr std::string_view name = "CandidatesEnded";
  static constexpr Origin origin = Origin::peer;
};
struct DescriptionKnown {
  static constexpr std::string_view name = "DescriptionKnown";
  static constexpr Origin origin = Origin::ours;
  wire::sdp::IceCredentials ice;
  std::vector<wire::sdp::Candidate> candidates;
  bool complete;
};

struct Candidates {
  using Effect = std::variant<SetRemoteIce, AddCandidate, RemoteCandidatesDone>;
  using Effects = std::vector<Effect>;
  using Context = Env;

  /// How many reach ICE, which keeps limits::candidates of them: a machine that moves has others.
  static constexpr std::size_t most_passed = 4 * wire::limits::candidates;

  struct Passing;
  struct Ended;

  struct Holding {
    static constexpr std::string_view name = "Holding";
    std::vector<wire::sdp::Candidate> held;
    bool complete = false;
    fsm::OneOf<Holding> on(CandidateArrived&&, Env&, Effects&) &&;
    fsm::OneOf<Holding> on(CandidatesEnded&&, Env&, Effects&) &&;
    fsm::OneOf<Passing, Ended> on(DescriptionKnown&&, Env&, Effects&) &&;
  };
  struct Passing {
    static constexpr std::string_view name = "Passing";
    std::size_t passed;  ///< at most most_passed
    fsm::OneOf<Passing> on(CandidateArrived&&, Env&, Effects&) &&;
    fsm::OneOf<Ended> on(CandidatesEnded&&, Env&, Effects&) &&;
  };
  /// A candidate that comes after the end all the same: the peer's machine has moved.
  struct Ended {
    static constexpr std::string_view name = "Ended";
    std::size_t passed;
    fsm::OneOf<Ended> on(CandidateArrived&&, Env&, Effects&) &&;
  };

  using State = std::variant<Holding, Passing, Ended>;
  using Event = std::variant<CandidateArrived, CandidatesEnded, DescriptionKnown>;

  template <class S, class E>
  static State unexpected(S&& state, E&&, Env&, Effects&) {
    return State{std::move(state)};
  }
};

}  // namespace culver::connection
