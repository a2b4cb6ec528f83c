#include "shell/host/clock.hpp"

#include <gtest/gtest.h>

namespace culver::host {
namespace {

TEST(Clock, WritesUtc) {
  EXPECT_EQ(iso8601(std::chrono::system_clock::from_time_t(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso8601(std::chrono::system_clock::from_time_t(1738367999)), "2025-01-31T23:59:59Z");
  EXPECT_EQ(utc_now().size(), 20u);
}

}  // namespace
}  // namespace culver::host
