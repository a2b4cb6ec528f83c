#include "core/signaling/backoff.hpp"

#include <gtest/gtest.h>

#include "tests/core/signaling/signaling_support.hpp"

namespace culver::signaling {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, CeilingDoublesFromOneSecondToSixty) {
  EXPECT_EQ(backoff_ceiling(0), 1s);
  EXPECT_EQ(backoff_ceiling(1), 2s);
  EXPECT_EQ(backoff_ceiling(5), 32s);
  EXPECT_EQ(backoff_ceiling(6), 60s);
  EXPECT_EQ(backoff_ceiling(4'000'000'000U), 60s);
}

TEST(Backoff, JitterCoversTheWholeRange) {
  testing::SeededRng random(1);
  Duration least = 60s, most = 0s;
  for (int i = 0; i < 2'000; ++i) {
    const auto wait = backoff(10, random.rng());
    ASSERT_GE(wait, 0s);
    ASSERT_LT(wait, 60s);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, 1s);
  EXPECT_GT(most, 59s);
}

}  // namespace
}  // namespace culver::signaling
