// When the controlling agent nominates which pair: RFC 8445 section 8.1.1, regular nomination. At
// once if nothing better can come; else after a short while, so that neither a slow better pair
// holds people up, nor a relay wins because it answered first.
//
//   Watching -> Settling -> Nominating -> Nominated
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "core/base/fsm.hpp"
#include "core/ice/pair.hpp"

namespace culver::ice::nomination {

/// How long a better pair is waited for, by how long the path of the valid one takes.
Duration patience(Duration round_trip, bool relayed);

/// The best of the valid pairs, told whenever something may have changed, and at each tick.
struct BestValid {
  static constexpr std::string_view name = "BestValid";
  PairId pair;
  bool relayed;
  bool settled;  ///< nothing better can come
  Duration patience;
};
struct NoneValid {
  static constexpr std::string_view name = "NoneValid";
};
struct Confirmed {
  static constexpr std::string_view name = "Confirmed";
  PairId pair;
  bool relayed;
};
/// The nominating check came to nothing.
struct Refused {
  static constexpr std::string_view name = "Refused";
  PairId pair;
};
/// The selected path is no more.
struct PathLost {
  static constexpr std::string_view name = "PathLost";
};
/// The nominated pair turned out to end at a relay of the peer, whose candidate came later.
struct FoundRelayed {
  static constexpr std::string_view name = "FoundRelayed";
};
using Event = std::variant<BestValid, NoneValid, Confirmed, Refused, PathLost, FoundRelayed>;

/// Check it again, with USE-CANDIDATE.
struct Nominate {
  PairId pair;
};
using Effect = std::variant<Nominate>;
using Effects = std::vector<Effect>;

struct Settling;
struct Nominating;
struct Nominated;

struct Watching {
  static constexpr std::string_view name = "Watching";
  fsm::OneOf<Settling, Nominating> on(BestValid&&, Env&, Effects&) &&;
};
struct Settling {
  static constexpr std::string_view name = "Settling";
  TimePoint deadline;
  fsm::OneOf<Settling, Nominating> on(BestValid&&, Env&, Effects&) &&;
  fsm::OneOf<Watching> on(NoneValid&&, Env&, Effects&) &&;
  fsm::OneOf<Watching> on(PathLost&&, Env&, Effects&) &&;
};
struct Nominating {
  static constexpr std::string_view name = "Nominating";
  PairId pair;
  fsm::OneOf<Nominating, Nominated> on(Confirmed&&, Env&, Effects&) &&;
  fsm::OneOf<Nominating, Watching> on(Refused&&, Env&, Effects&) &&;
  fsm::OneOf<Watching> on(PathLost&&, Env&, Effects&) &&;
};
struct Nominated {
  static constexpr std::string_view name = "Nominated";
  bool relayed;
  /// From a relay to a direct path once there is one; else what was nominated stays.
  fsm::OneOf<Nominated, Nominating> on(BestValid&&, Env&, Effects&) &&;
  fsm::OneOf<Nominated> on(FoundRelayed&&, Env&, Effects&) &&;
  fsm::OneOf<Watching> on(PathLost&&, Env&, Effects&) &&;
};

struct Machine {
  using State = std::variant<Watching, Settling, Nominating, Nominated>;
  using Event = nomination::Event;
  using Context = Env;
  using Effects = nomination::Effects;

  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return State(std::move(state));
  }
};

}  // namespace culver::ice::nomination
