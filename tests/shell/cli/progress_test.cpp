#include "shell/cli/progress.hpp"

#include <gtest/gtest.h>

namespace culver::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mebibyte = 1 << 20;

TEST(Progress, ShowsNamePercentBarAmountsRateAndTimeLeft) {
  const TimePoint start{};
  Progress progress("report.pdf", 100 * mebibyte, start);
  EXPECT_EQ(progress.line(100), "report.pdf   0% [--------------------] 0.0/100.0 MiB");
  progress.advance(25 * mebibyte, start + 1s);
  EXPECT_EQ(progress.line(100),
            "report.pdf  25% [#####---------------] 25.0/100.0 MiB  25.0 MiB/s  0:03");
  progress.advance(100 * mebibyte, start + 4s);
  EXPECT_EQ(progress.line(100),
            "report.pdf 100% [####################] 100.0/100.0 MiB  25.0 MiB/s  0:00");
}

TEST(Progress, SmoothsTheRate) {
  const TimePoint start{};
  Progress progress("a", 100 * mebibyte, start);
  progress.advance(10 * mebibyte, start + 1s);
  progress.advance(30 * mebibyte, start + 2s);
  EXPECT_NE(progress.line(100).find("13.0 MiB/s"), std::string::npos) << progress.line(100);
}

TEST(Progress, NeverIsWiderThanTheTerminal) {
  Progress progress("ein-überaus-langer-name-ohne-ende.pdf", mebibyte, TimePoint{});
  EXPECT_EQ(progress.line(100).substr(0, 27), "ein-überaus-langer-name…");
  EXPECT_EQ(progress.line(10), "ein-übera…");
}

TEST(Progress, OfAnEmptyFileIsComplete) {
  Progress progress("empty", 0, TimePoint{});
  progress.advance(5, TimePoint{} + 1s);
  EXPECT_EQ(progress.line(100), "empty 100% [####################] 0/0 B");
}

}  // namespace
}  // namespace culver::cli
