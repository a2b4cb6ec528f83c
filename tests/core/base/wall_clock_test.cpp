#include "core/base/wall_clock.hpp"

#include <gtest/gtest.h>

namespace culver {
namespace {

using namespace std::chrono_literals;

constexpr WallTime own = 1'764'000'000'000;

TEST(WallClock, IsOurOwnUntilAServerTellsTheTime) {
  WallClock clock;
  EXPECT_EQ(clock.at(1s, own), own);
  EXPECT_FALSE(clock.ahead(1s, own));
  EXPECT_FALSE(clock.is_servers());
}

TEST(WallClock, TheServersTimeRunsOnWhateverOurOwnSays) {
  for (const std::chrono::milliseconds off :
       {std::chrono::milliseconds(1s), std::chrono::milliseconds(3h),
        std::chrono::milliseconds(720h), std::chrono::milliseconds(438'000h)}) {
    for (const int sign : {1, -1}) {
      WallClock clock;
      clock.heard(own, 1'000s);
      const WallTime wrong = own + sign * off.count();
      EXPECT_EQ(clock.at(1'000s, wrong), own);
      EXPECT_EQ(clock.at(1'060s, wrong), own + 60'000) << "and while it is set";
      EXPECT_EQ(clock.ahead(1'000s, wrong).has_value(), off >= WallClock::tolerance);
    }
  }
}

TEST(WallClock, ALaterWordOfTheServerCounts) {
  WallClock clock;
  clock.heard(own, 1'000s);
  clock.heard(own + 5'000, 1'001s);
  EXPECT_EQ(clock.at(1'001s, 0), own + 5'000);
}

TEST(WallClock, NoticesThatOurOwnWasSet) {
  WallClock clock;
  EXPECT_FALSE(clock.has_stepped(0s, own)) << "the first look";
  EXPECT_FALSE(clock.has_stepped(60s, own + 60'000));
  EXPECT_FALSE(clock.has_stepped(61s, own + 61'000 + 900)) << "it is being corrected";
  EXPECT_TRUE(clock.has_stepped(62s, own + 3 * 3'600'000));
  EXPECT_FALSE(clock.has_stepped(63s, own + 3 * 3'600'000 + 1'000)) << "told once";
  EXPECT_TRUE(clock.has_stepped(64s, own)) << "and back";
}

}  // namespace
}  // namespace culver
