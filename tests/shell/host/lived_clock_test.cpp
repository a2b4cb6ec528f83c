#include "shell/host/lived_clock.hpp"

#include <gtest/gtest.h>

namespace culver::host {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint start{1'000s};
constexpr TimePoint never = TimePoint::max();

TEST(LivedClock, IsTheSteadyOneWhileTheLoopIsInTime) {
  LivedClock clock;
  EXPECT_EQ(clock.at(start, never), start);
  EXPECT_EQ(clock.at(start + 30s, start + 30s), start + 30s);
  EXPECT_EQ(clock.at(start + 31s, start + 30s), start + 31s) << "a second late is nothing";
  EXPECT_EQ(clock.at(start + 100s, never), start + 100s) << "where nothing is due, nothing is late";
  EXPECT_EQ(clock.not_lived(), 0s);
  EXPECT_EQ(clock.steady(start), start);
  EXPECT_EQ(clock.steady(never), never);
}

TEST(LivedClock, StandsStillWhileTheProcessDoes) {
  LivedClock clock;
  const auto due = start + 30s;
  EXPECT_EQ(clock.at(start + 94s, due), due - LivedClock::chance) << "what came can be read first";
  EXPECT_EQ(clock.steady(due), start + 94s + LivedClock::chance);
  EXPECT_EQ(clock.at(start + 95s, due), due - 1s);
  EXPECT_EQ(clock.at(start + 96s, due), due);
}

TEST(LivedClock, GoesOnAlsoWhereEveryTurnIsLate) {
  LivedClock clock;
  const auto due = start + 10s;
  EXPECT_LT(clock.at(start + 20s, due), due);
  EXPECT_EQ(clock.at(start + 30s, due), due);
  EXPECT_LT(clock.at(start + 50s, due + 10s), due + 10s) << "the next has its chance too";
}

}  // namespace
}  // namespace culver::host
