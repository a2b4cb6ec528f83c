#include "shell/host/clock.hpp"

#include <gtest/gtest.h>

namespace culver::host {
namespace {

TEST(Clock, WritesUtc) {
  EXPECT_EQ(iso8601(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso8601(1'738'367'999'999), "2025-01-31T23:59:59Z");
  EXPECT_EQ(utc_now().size(), 20u);
}

TEST(Clock, ReadsWhatItHasWritten) {
  EXPECT_EQ(time_of("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(time_of("2025-01-31T23:59:59Z"), 1'738'367'999'000);
  EXPECT_EQ(time_of("9999-12-31T23:59:59Z"), 253'402'300'799'000);
  for (const auto* wrong : {"", "monday", "2025-01-31", "2025-01-31T23:59:59Z and more"})
    EXPECT_EQ(time_of(wrong), 0) << wrong;
}

TEST(Clock, WritesWhateverOthersTakeForATime) {
  EXPECT_EQ(iso8601(9'223'372'036'854), "2262-04-11T23:47:16Z");
  EXPECT_EQ(iso8601(9'223'372'037'000), "2262-04-11T23:47:17Z") << "no nanoseconds are counted";
  EXPECT_EQ(iso8601(253'402'300'799'999), "9999-12-31T23:59:59Z");
  for (const WallTime late : {253'402'300'800'000L, 9'007'199'254'740'991L, INT64_MAX})
    EXPECT_EQ(iso8601(late), "9999-12-31T23:59:59Z") << late;
  EXPECT_EQ(iso8601(-1), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso8601(INT64_MIN), "1970-01-01T00:00:00Z");
}

}  // namespace
}  // namespace culver::host
