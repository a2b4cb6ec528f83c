#include "core/ice/path_mtu.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/seeded.hpp"

namespace culver::ice::path_mtu {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct PathMtuTest : testing::Test {
  test::SeededRng random{1};
  Env env{TimePoint{} + 1h, random.rng()};
  Machine::State state = begin(base, env);
  std::vector<std::size_t> probes, tellings;  ///< of the last event

  void feed(Event event) {
    Effects effects;
    state = fsm::step<Machine>(std::move(state), std::move(event), env, effects);
    probes.clear();
    tellings.clear();
    for (const auto& effect : effects)
      if (const auto* probe = std::get_if<SendProbe>(&effect))
        probes.push_back(probe->size);
      else
        tellings.push_back(std::get<Told>(effect).size);
  }
  /// To the next deadline.
  void tick() {
    env.now = fsm::deadline_of(state).value();
    feed(Tick{});
  }
  bool is_known() const { return std::holds_alternative<Known>(state); }
};

TEST_F(PathMtuTest, AsksForEverySizeAtOnce) {
  tick();
  EXPECT_THAT(probes, ElementsAre(1'372, 1'452, 8'952, 16'376));
  EXPECT_THAT(tellings, IsEmpty());
}

TEST_F(PathMtuTest, TheLargestAnswerSettlesIt) {
  tick();
  feed(Answered{16'376, largest});
  EXPECT_THAT(tellings, ElementsAre(16'376));
  EXPECT_TRUE(is_known());
  feed(Answered{1'372, largest});
  EXPECT_THAT(tellings, IsEmpty());
}

TEST_F(PathMtuTest, GrowsWithEachAnswerAndAsksOnlyForMore) {
  tick();
  feed(Answered{1'372, largest});
  EXPECT_THAT(tellings, ElementsAre(1'372));
  feed(Answered{1'452, largest});
  EXPECT_THAT(tellings, ElementsAre(1'452));
  tick();
  EXPECT_THAT(probes, ElementsAre(8'952, 16'376));
  tick();
  EXPECT_THAT(probes, ElementsAre(8'952, 16'376));
  EXPECT_FALSE(is_known());
  tick();
  EXPECT_THAT(probes, IsEmpty());
  EXPECT_TRUE(is_known());
  EXPECT_EQ(told(state), 1'452U);
}

TEST_F(PathMtuTest, ThePeersLimitIsTheLimit) {
  tick();
  feed(Answered{16'376, 2'000});
  EXPECT_THAT(tellings, ElementsAre(2'000));
  EXPECT_TRUE(is_known());
}

TEST_F(PathMtuTest, ALimitBelowTheBaseIsNotHeeded) {
  tick();
  feed(Answered{1'372, 100});
  EXPECT_THAT(tellings, IsEmpty());
  EXPECT_EQ(told(state), base);
}

TEST_F(PathMtuTest, WhoSaysNoLimitTakesNoPart) {
  tick();
  feed(Answered{1'372, std::nullopt});
  EXPECT_THAT(tellings, IsEmpty());
  EXPECT_TRUE(is_known());
  EXPECT_FALSE(fsm::deadline_of(state));
  feed(Answered{1'452, largest});
  EXPECT_EQ(told(state), base);
}

TEST_F(PathMtuTest, WithoutAnAnswerItIsTheBase) {
  for (unsigned i = 0; i <= rounds; ++i) tick();
  EXPECT_TRUE(is_known());
  EXPECT_EQ(told(state), base);
}

TEST_F(PathMtuTest, ALateAnswerCounts) {
  for (unsigned i = 0; i <= rounds; ++i) tick();
  feed(Answered{8'952, largest});
  EXPECT_THAT(tellings, ElementsAre(8'952));
  feed(Answered{1'452, largest});
  EXPECT_EQ(told(state), 8'952U);
}

TEST_F(PathMtuTest, AnswersThatTakeASecondCount) {
  tick();
  feed(Answered{16'376, largest});
  tick();  // asked for again
  const auto asked_at = env.now;
  for (unsigned i = 1; i < rounds; ++i) tick();
  ASSERT_GT(fsm::deadline_of(state).value() - asked_at, 1s);
  env.now = asked_at + 1s;
  feed(Tick{});
  EXPECT_THAT(tellings, IsEmpty());
  feed(Answered{16'376, largest});
  EXPECT_THAT(tellings, IsEmpty());
  EXPECT_TRUE(is_known());
}

TEST_F(PathMtuTest, AnotherPathKeepsTheSizeUntilItsProbesAreLost) {
  state = begin(16'376, env);
  tick();
  feed(Answered{1'452, largest});
  EXPECT_THAT(tellings, IsEmpty());
  for (unsigned i = 1; i < rounds; ++i) {
    tick();
    EXPECT_THAT(tellings, IsEmpty());
  }
  tick();
  EXPECT_THAT(tellings, ElementsAre(1'452));
}

TEST_F(PathMtuTest, WhatWasFoundIsAskedForAgain) {
  tick();
  feed(Answered{16'376, largest});
  const auto found_at = env.now;
  tick();
  EXPECT_EQ(env.now - found_at, interval);
  EXPECT_THAT(probes, ElementsAre(1'372, 1'452, 8'952, 16'376));
  EXPECT_THAT(tellings, IsEmpty());
  for (unsigned i = 0; i < rounds; ++i) tick();
  EXPECT_THAT(tellings, ElementsAre(base));
}

TEST_F(PathMtuTest, ARelaysPathIsNotProbed) {
  Effects effects;
  state = unprobed(16'376, effects);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(std::get<Told>(effects[0]).size, base);
  EXPECT_FALSE(fsm::deadline_of(state));
  effects.clear();
  unprobed(base, effects);
  EXPECT_TRUE(effects.empty());
}

}  // namespace
}  // namespace culver::ice::path_mtu
