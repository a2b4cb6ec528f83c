// Whether the peer still wants what we send along the selected pair: RFC 7675. Every answer renews
// it; people notice a loss within 15 s, not the 30 s that the RFC allows.
//
//   Fresh -> Asked -> Doubtful -> Lost;  an answer leads back to Fresh
//   Cut (the socket is gone) -> Lost
//   Unproven (took over from one that was cut, or the peer is seen elsewhere) -> Doubtful
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/fsm.hpp"

namespace culver::ice::consent {

/// Between an answer and the next check: 2.5 s, 20 % more or less, so that peers do not beat in
/// time. Half of what RFC 7675 has, so that an outage of 9 s is survived although 13 s end it.
inline constexpr Duration interval = std::chrono::milliseconds(2'500);
/// An answer that takes longer is doubted, and from then on asked for more often.
inline constexpr Duration patience = std::chrono::seconds(1);
inline constexpr Duration doubtful_interval = std::chrono::milliseconds(500);
/// Since the last answer.
inline constexpr Duration expiry = std::chrono::seconds(13);
/// A process that was stopped for a while asks at least so often before it judges.
inline constexpr unsigned fewest_unanswered = 4;
/// After so many, 3 s after the first, the doubt is grave. No lost datagram explains it any more,
/// nor a round trip that people could bear.
inline constexpr unsigned grave_unanswered = 5;
/// Those to a pair whose peer is seen elsewhere: one of them may be lost.
inline constexpr unsigned elsewhere_questions = 3;

struct Tick {
  static constexpr std::string_view name = "Tick";
};
struct Answered {
  static constexpr std::string_view name = "Answered";
};
/// Nothing can be sent this way any more.
struct SocketGone {
  static constexpr std::string_view name = "SocketGone";
};
/// It asks along a way that it never took before: it may have moved. What is selected has so long
/// to show that it has not.
struct PeerElsewhere {
  static constexpr std::string_view name = "PeerElsewhere";
  Duration patience;
};
using Event = std::variant<Tick, Answered, SocketGone, PeerElsewhere>;

struct SendCheck {};
/// Other pairs should be looked at, in case this one is lost.
struct Doubt {};
using Effect = std::variant<SendCheck, Doubt>;
using Effects = std::vector<Effect>;

struct Fresh;
struct Asked;
struct Doubtful;
struct Cut;
struct Lost;

/// It answered a while ago, but what took a socket of ours may have taken the other end of this
/// one, or the peer is seen elsewhere: whoever answers first now is better.
struct Unproven {
  static constexpr std::string_view name = "Unproven";
  TimePoint since;
  Duration patience;   ///< with each question
  unsigned questions;  ///< that are left
  TimePoint deadline;
  fsm::OneOf<Unproven, Doubtful> on(Tick&&, Env&, Effects&) &&;
  fsm::OneOf<Fresh> on(Answered&&, Env&, Effects&) &&;
  fsm::OneOf<Cut> on(SocketGone&&, Env&, Effects&) &&;
};
struct Fresh {
  static constexpr std::string_view name = "Fresh";
  TimePoint answered;
  TimePoint deadline;  ///< the next check
  fsm::OneOf<Fresh, Asked> on(Tick&&, Env&, Effects&) &&;
  /// To a check that was doubted.
  fsm::OneOf<Fresh> on(Answered&&, Env&, Effects&) &&;
  fsm::OneOf<Cut> on(SocketGone&&, Env&, Effects&) &&;
  fsm::OneOf<Unproven> on(PeerElsewhere&&, Env&, Effects&) &&;
};
struct Asked {
  static constexpr std::string_view name = "Asked";
  TimePoint answered;
  TimePoint deadline;
  fsm::OneOf<Asked, Doubtful> on(Tick&&, Env&, Effects&) &&;
  fsm::OneOf<Fresh> on(Answered&&, Env&, Effects&) &&;
  fsm::OneOf<Cut> on(SocketGone&&, Env&, Effects&) &&;
  fsm::OneOf<Unproven> on(PeerElsewhere&&, Env&, Effects&) &&;
};
struct Doubtful {
  static constexpr std::string_view name = "Doubtful";
  TimePoint answered;
  TimePoint since;
  unsigned unanswered;
  TimePoint deadline;
  bool unproven = false;  ///< it has not answered since it took over
  fsm::OneOf<Doubtful, Lost> on(Tick&&, Env&, Effects&) &&;
  fsm::OneOf<Fresh> on(Answered&&, Env&, Effects&) &&;
  fsm::OneOf<Cut> on(SocketGone&&, Env&, Effects&) &&;
};
struct Cut {
  static constexpr std::string_view name = "Cut";
  TimePoint since;  ///< who answered before may have been cut as well
  TimePoint heard;
  TimePoint deadline;
  fsm::OneOf<Cut, Lost> on(Tick&&, Env&, Effects&) &&;
};
struct Lost {
  static constexpr std::string_view name = "Lost";
  TimePoint since;  ///< of the doubt: what was answered later is alive
};

struct Machine {
  using State = std::variant<Fresh, Asked, Doubtful, Cut, Unproven, Lost>;
  using Event = consent::Event;
  using Context = Env;
  using Effects = consent::Effects;

  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return State(std::move(state));
  }
};

/// Another way is to be taken, if there is one.
struct Grave {
  TimePoint since;  ///< of the doubt: who answered later is alive
  TimePoint heard;  ///< the last answer, or the cut
  bool is_told;     ///< if there is no other way
};
std::optional<Grave> grave_doubt(const Machine::State& state);

/// The pair has just been selected, and its last answer came then: usually now.
Fresh begin(Env& env, TimePoint answered);
/// It is asked now, whenever it answered last. It has so long to answer before another one that
/// does is better.
Unproven begin_unproven(Duration time, Env& env, Effects& effects);

}  // namespace culver::ice::consent
