#include "core/ice/consent.hpp"

#include <gtest/gtest.h>

#include "tests/support/seeded.hpp"

namespace culver::ice::consent {
namespace {

using namespace std::chrono_literals;

struct ConsentTest : testing::Test {
  test::SeededRng random{1};
  Env env{TimePoint{} + 1h, random.rng()};
  const TimePoint begun = env.now;
  Machine::State state = begin(env, env.now);
  unsigned checks = 0, doubts = 0;

  void feed(Event event) {
    Effects effects;
    state = fsm::step<Machine>(std::move(state), std::move(event), env, effects);
    for (const auto& effect : effects)
      ++(std::holds_alternative<SendCheck>(effect) ? checks : doubts);
  }
  /// To the next deadline.
  void tick() {
    env.now = fsm::deadline_of(state).value();
    feed(Tick{});
  }
};

TEST_F(ConsentTest, IsAskedForEvery2To3Seconds) {
  for (int i = 0; i < 200; ++i) {
    const auto before = env.now;
    tick();
    EXPECT_GE(env.now - before, 2s);
    EXPECT_LE(env.now - before, 3s);
    feed(Answered{});
    ASSERT_TRUE(std::holds_alternative<Fresh>(state));
  }
  EXPECT_EQ(checks, 200U);
  EXPECT_EQ(doubts, 0U);
}

TEST_F(ConsentTest, IsLostWithin14SecondsOfTheLastAnswer) {
  while (!std::holds_alternative<Lost>(state)) tick();
  EXPECT_GE(env.now - begun, 13s);
  EXPECT_LE(env.now - begun, 14s);
  EXPECT_GE(checks, 8U);
  EXPECT_EQ(doubts, 1U);
  EXPECT_FALSE(fsm::deadline_of(state));
}

TEST_F(ConsentTest, WhatAnsweredAWhileAgoIsLostSooner) {
  state = begin(env, env.now - 6s);
  while (!std::holds_alternative<Lost>(state)) tick();
  EXPECT_LE(env.now - begun, 14s - 6s);
  EXPECT_GE(checks, fewest_unanswered);
}

TEST_F(ConsentTest, AnAnswerInDoubtRenewsIt) {
  while (!std::holds_alternative<Doubtful>(state)) tick();
  tick();
  feed(Answered{});
  ASSERT_TRUE(std::holds_alternative<Fresh>(state));
  const auto renewed = env.now;
  while (!std::holds_alternative<Lost>(state)) tick();
  EXPECT_GE(env.now - renewed, 13s);
}

TEST_F(ConsentTest, WhoSleptAsksBeforeItJudges) {
  env.now += 1h;
  feed(Tick{});
  EXPECT_TRUE(std::holds_alternative<Asked>(state));
  env.now += 1h;
  feed(Tick{});
  ASSERT_TRUE(std::holds_alternative<Doubtful>(state));
  const auto asked = checks;
  while (!std::holds_alternative<Lost>(state)) tick();
  EXPECT_GE(checks - asked, 2U);
}

TEST_F(ConsentTest, ALostSocketAsksNoMoreAndEnds) {
  feed(SocketGone{});
  EXPECT_TRUE(std::holds_alternative<Cut>(state));
  EXPECT_EQ(doubts, 1U);
  feed(Answered{});
  EXPECT_TRUE(std::holds_alternative<Cut>(state));
  tick();
  EXPECT_TRUE(std::holds_alternative<Lost>(state));
  EXPECT_EQ(checks, 0U);
  EXPECT_LE(env.now - begun, 13s);
}

TEST_F(ConsentTest, TheDoubtIsGraveAfterFiveChecksOrAtOnceWithoutASocket) {
  while (!std::holds_alternative<Doubtful>(state)) tick();
  const auto asked_first = env.now - patience;
  EXPECT_FALSE(grave_doubt(state));
  while (!grave_doubt(state)) tick();
  EXPECT_EQ(env.now - asked_first, 3s);
  EXPECT_EQ(checks, 6U) << "five without an answer, and another";
  EXPECT_EQ(grave_doubt(state)->heard, begun);
  EXPECT_EQ(grave_doubt(state)->since, asked_first + patience);
  feed(Answered{});
  EXPECT_FALSE(grave_doubt(state));
  feed(SocketGone{});
  EXPECT_EQ(grave_doubt(state)->heard, env.now);
}

TEST_F(ConsentTest, WhatTookOverUnaskedGivesWayAsSoonAsItsTimeIsOver) {
  Effects effects;
  state = begin_unproven(100ms, env, effects);
  EXPECT_EQ(effects.size(), 1U) << "it is asked at once";
  const auto since = env.now;
  EXPECT_FALSE(grave_doubt(state));
  tick();
  EXPECT_EQ(env.now - since, 100ms);
  ASSERT_TRUE(grave_doubt(state));
  EXPECT_EQ(grave_doubt(state)->since, since);
  EXPECT_FALSE(grave_doubt(state)->is_told) << "nothing but the search for another goes on";
  while (!grave_doubt(state)->is_told) tick();
  EXPECT_LE(env.now - since, 2s);
  feed(Answered{});
  EXPECT_TRUE(std::holds_alternative<Fresh>(state));
}

TEST_F(ConsentTest, APeerThatIsSeenElsewhereIsAskedWhetherItIsStillHere) {
  for (const bool asked : {false, true}) {
    state = begin(env, env.now);
    checks = doubts = 0;
    if (asked) tick();
    feed(PeerElsewhere{100ms});
    EXPECT_EQ(checks, asked ? 2U : 1U);
    const auto seen = env.now;
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(grave_doubt(state)) << "one question may be lost";
      tick();
    }
    EXPECT_EQ(env.now - seen, 300ms);
    EXPECT_EQ(doubts, 1U) << "all others are asked as well";
    EXPECT_TRUE(grave_doubt(state));
    EXPECT_EQ(grave_doubt(state)->since, seen);
    feed(PeerElsewhere{100ms});
    EXPECT_TRUE(grave_doubt(state)) << "no news";
  }
}

TEST_F(ConsentTest, APeerThatIsHereAsWellChangesNothing) {
  feed(PeerElsewhere{100ms});
  feed(Answered{});
  EXPECT_TRUE(std::holds_alternative<Fresh>(state));
  EXPECT_EQ(doubts, 0U);
}

/// What has answered since a doubt may have been cut as well.
TEST_F(ConsentTest, ACutInTheMidstOfADoubtBeginsAnewAndEndsNoLater) {
  while (!std::holds_alternative<Doubtful>(state)) tick();
  const auto doubted = env.now;
  tick();
  feed(SocketGone{});
  EXPECT_EQ(doubts, 2U) << "all others are asked again";
  EXPECT_EQ(grave_doubt(state)->since, env.now);
  EXPECT_EQ(grave_doubt(state)->heard, doubted);
  tick();
  EXPECT_TRUE(std::holds_alternative<Lost>(state));
  EXPECT_LE(env.now - doubted, 13s);
}

TEST_F(ConsentTest, TicksBeforeTheTimeDoNothing) {
  for (int i = 0; i < 30; ++i) feed(Tick{});
  EXPECT_EQ(checks, 0U);
}

}  // namespace
}  // namespace culver::ice::consent
