#include "core/ice/nomination.hpp"

#include <gtest/gtest.h>

#include "tests/support/seeded.hpp"

namespace culver::ice::nomination {
namespace {

using namespace std::chrono_literals;

struct NominationTest : testing::Test {
  test::SeededRng random{1};
  Env env{TimePoint{} + 1h, random.rng()};
  Machine::State state{};
  std::vector<PairId> nominated;

  void feed(Event event) {
    Effects effects;
    state = fsm::step<Machine>(std::move(state), std::move(event), env, effects);
    for (const auto& effect : effects) nominated.push_back(std::get<Nominate>(effect).pair);
  }
  void valid(std::uint32_t pair, bool settled, bool relayed = false, Duration wait = 100ms) {
    feed(BestValid{PairId{pair}, relayed, settled, wait});
  }
};

TEST_F(NominationTest, AtOnceIfNothingBetterCanCome) {
  valid(1, true);
  EXPECT_EQ(nominated, std::vector{PairId{1}});
  feed(Confirmed{PairId{1}, false});
  EXPECT_TRUE(std::holds_alternative<Nominated>(state));
}

TEST_F(NominationTest, WaitsForABetterOneButNotLonger) {
  valid(1, false);
  EXPECT_TRUE(nominated.empty());
  env.now += 50ms;
  valid(2, false);
  EXPECT_TRUE(nominated.empty());
  env.now = fsm::deadline_of(state).value();
  valid(2, false);
  EXPECT_EQ(nominated, std::vector{PairId{2}});
}

TEST_F(NominationTest, ADirectPathEndsTheLongerWaitOfARelay) {
  valid(1, false, true, 500ms);
  env.now += 100ms;
  valid(2, false, false, 50ms);
  EXPECT_EQ(fsm::deadline_of(state), env.now + 50ms);
}

TEST_F(NominationTest, BeginsAnewWhenTheNominatingCheckFails) {
  valid(1, true);
  feed(Refused{PairId{7}});
  EXPECT_TRUE(std::holds_alternative<Nominating>(state));
  feed(Refused{PairId{1}});
  valid(2, true);
  EXPECT_EQ(nominated, (std::vector{PairId{1}, PairId{2}}));
}

TEST_F(NominationTest, WhatWasNominatedStays) {
  valid(1, true);
  feed(Confirmed{PairId{1}, false});
  valid(2, true);
  EXPECT_EQ(nominated.size(), 1U);
}

TEST_F(NominationTest, WhatTurnsOutToBeARelayGivesWayToo) {
  valid(1, true);
  feed(Confirmed{PairId{1}, false});
  feed(FoundRelayed{});
  valid(2, true, true);
  EXPECT_EQ(nominated.size(), 1U);
  valid(3, false, false);
  EXPECT_EQ(nominated, (std::vector{PairId{1}, PairId{3}}));
}

TEST_F(NominationTest, ARelayGivesWayToADirectPath) {
  valid(1, true, true);
  feed(Confirmed{PairId{1}, true});
  valid(2, true, true);
  EXPECT_EQ(nominated.size(), 1U);
  valid(3, false, false);
  EXPECT_EQ(nominated, (std::vector{PairId{1}, PairId{3}}));
}

TEST_F(NominationTest, ALostPathMakesRoom) {
  valid(1, true);
  feed(Confirmed{PairId{1}, false});
  feed(PathLost{});
  valid(2, true);
  EXPECT_EQ(nominated.size(), 2U);
}

TEST_F(NominationTest, NothingValidIsNothingToWaitFor) {
  valid(1, false);
  feed(NoneValid{});
  EXPECT_FALSE(fsm::deadline_of(state));
}

TEST(Patience, FollowsTheRoundTripWithinBounds) {
  EXPECT_EQ(patience(1ms, false), 50ms);
  EXPECT_EQ(patience(60ms, false), 120ms);
  EXPECT_EQ(patience(1s, false), 150ms);
  EXPECT_EQ(patience(1s, true), 500ms);
}

}  // namespace
}  // namespace culver::ice::nomination
