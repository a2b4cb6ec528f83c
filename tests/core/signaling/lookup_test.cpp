#include "core/signaling/lookup.hpp"

#include <gtest/gtest.h>

#include "core/signaling/backoff.hpp"
#include "tests/core/signaling/signaling_support.hpp"

namespace culver::signaling::lookup {
namespace {

using namespace std::chrono_literals;
using testing::all;
using testing::code;

const PairingCode ana = code("BBBBBB");
const PairingCode later = code("CCCCCC");

class LookupTest : public ::testing::Test {
 protected:
  Effects step(Machine::Event event) {
    Context context{{now, random.rng()}, is_reached, 30min};
    Effects effects;
    state = fsm::step<Machine>(std::move(state), std::move(event), context, effects);
    return effects;
  }
  /// To the deadline and over it.
  Effects wait() {
    now = *fsm::deadline_of(state);
    return step(Tick{});
  }
  template <class S>
  bool is() const {
    return std::holds_alternative<S>(state);
  }

  testing::SeededRng random{1};
  TimePoint now{1'000s};
  bool is_reached = true;
  Machine::State state = Idle{};
};

TEST_F(LookupTest, BringsItsTokensTwiceAndThenWithTheHour) {
  auto effects = step(Reached{});
  ASSERT_EQ(all<Bring>(effects).size(), 1u);
  EXPECT_TRUE(all<Bring>(effects)[0].leave_drop);
  EXPECT_EQ(fsm::deadline_of(state), now + again_after);
  EXPECT_TRUE(step(Tick{}).empty()) << "not before its time";
  effects = wait();
  ASSERT_EQ(all<Bring>(effects).size(), 1u);
  EXPECT_FALSE(all<Bring>(effects)[0].leave_drop) << "it is there already";
  EXPECT_EQ(fsm::deadline_of(state), now + 30min);
  effects = wait();
  ASSERT_EQ(all<Bring>(effects).size(), 1u);
  EXPECT_TRUE(all<Bring>(effects)[0].leave_drop);
}

TEST_F(LookupTest, AsksWhoWasSightedWhenItIsItsTurn) {
  step(Reached{});
  EXPECT_TRUE(step(Turn{}).empty()) << "nobody is there";
  EXPECT_TRUE(step(Sighted{ana}).empty());
  EXPECT_TRUE(step(Sighted{later}).empty()) << "it has another code by now";
  const auto asked = all<AskFor>(step(Turn{}));
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].code, later);
  step(Granted{later});
  EXPECT_TRUE(is<Together>());
  EXPECT_FALSE(fsm::deadline_of(state));
}

TEST_F(LookupTest, FailuresAreRetriedMoreAndMoreSlowlyAndWithoutEnd) {
  step(Reached{});
  for (unsigned i = 0; i < 20; ++i) {
    step(Sighted{ana});
    step(Turn{});
    step(AskFailed{Fault::pair_unknown});
    ASSERT_TRUE(is<Looking>());
    EXPECT_GE(*fsm::deadline_of(state), now + backoff_base);
    EXPECT_LE(*fsm::deadline_of(state), now + backoff_base + backoff_ceiling(i));
    ASSERT_EQ(all<Bring>(wait()).size(), 1u);
  }
}

TEST_F(LookupTest, WhoHasRefusedIsLeftAloneUntilTheHourChanges) {
  step(Reached{});
  step(Sighted{ana});
  step(Turn{});
  step(AskFailed{Fault::pair_refused});
  EXPECT_EQ(fsm::deadline_of(state), now + 30min);
}

TEST_F(LookupTest, WhoDoesNotAnswerIsLetGo) {
  step(Reached{});
  step(Sighted{ana});
  step(Turn{});
  EXPECT_EQ(fsm::deadline_of(state), now + ask_patience);
  const auto let_go = all<LetGo>(wait());
  ASSERT_EQ(let_go.size(), 1u);
  EXPECT_EQ(let_go[0].code, ana);
  EXPECT_TRUE(is<Looking>());
}

TEST_F(LookupTest, WhoHasBegunAnewIsAskedBesideTheOldConnection) {
  step(Reached{});
  step(Granted{ana});
  step(Sighted{ana});
  EXPECT_TRUE(is<Together>()) << "that is the connection that we have";
  step(Sighted{later});
  EXPECT_EQ(all<AskFor>(step(Turn{})).size(), 1u);
  step(Parted{Parted::How::lost});
  EXPECT_TRUE(is<Asking>()) << "the old connection is nothing to us";
}

TEST_F(LookupTest, AfterALossItLooksAgain) {
  step(Granted{ana});
  step(Proven{});
  step(Parted{Parted::How::lost});
  ASSERT_TRUE(is<Looking>());
  EXPECT_EQ(all<Bring>(wait()).size(), 1u);
  step(Granted{ana});
  step(Parted{Parted::How::goodbye});
  EXPECT_EQ(fsm::deadline_of(state), now + after_goodbye);
  step(Granted{ana});
  is_reached = false;
  step(Parted{Parted::How::lost});
  EXPECT_TRUE(is<Idle>());
}

/// Of two processes on one data folder each would take the peer from the other for ever.
TEST_F(LookupTest, WhoIsSentAwayWaitsForThePeerToLook) {
  step(Reached{});
  step(Granted{ana});
  step(Proven{});
  step(Parted{Parted::How::sent_away});
  ASSERT_TRUE(is<Looking>());
  EXPECT_GT(*fsm::deadline_of(state), now + 1min);
  step(Sighted{later});
  EXPECT_EQ(all<AskFor>(step(Turn{})).size(), 1u) << "it is free again, and looks";
}

TEST_F(LookupTest, WithoutAServerNothingIsSoughtAndAConnectionStays) {
  step(Reached{});
  step(Sighted{ana});
  step(Unreached{});
  EXPECT_TRUE(is<Idle>());
  EXPECT_FALSE(fsm::deadline_of(state));
  step(Granted{ana});
  step(Unreached{});
  EXPECT_TRUE(is<Together>());
  EXPECT_EQ(all<Bring>(step(Reached{})).size(), 1u)
      << "so that the peer finds us if it begins anew";
}

TEST_F(LookupTest, WhoComesBackUnderAnotherCodeWhileItIsAskedIsAskedThere) {
  step(Reached{});
  step(Sighted{ana});
  step(Turn{});
  EXPECT_TRUE(step(Sighted{ana}).empty()) << "it is being asked";
  EXPECT_TRUE(is<Asking>());
  const auto let_go = all<LetGo>(step(Sighted{later}));
  ASSERT_EQ(let_go.size(), 1u);
  EXPECT_EQ(let_go[0].code, ana);
  const auto asked = all<AskFor>(step(Turn{}));
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].code, later);
}

}  // namespace
}  // namespace culver::signaling::lookup
