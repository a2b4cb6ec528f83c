#include "shell/cli/output/progress.hpp"

#include <gtest/gtest.h>

#include "shell/cli/output/printable.hpp"

namespace culver::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mebibyte = 1 << 20;

TEST(Progress, ShowsNamePercentBarAmountsRateAndTimeLeft) {
  const TimePoint start{};
  Progress progress("report.pdf", 100 * mebibyte, start);
  EXPECT_EQ(progress.line(100, start), "report.pdf   0% [--------------------] 0.0/100.0 MiB");
  progress.advance(25 * mebibyte, start + 1s);
  EXPECT_EQ(progress.line(100, start),
            "report.pdf  25% [#####---------------] 25.0/100.0 MiB  25.0 MiB/s  0:03");
  progress.advance(100 * mebibyte, start + 4s);
  EXPECT_EQ(progress.line(100, start),
            "report.pdf 100% [####################] 100.0/100.0 MiB  25.0 MiB/s  0:00");
}

TEST(Progress, TheRateIsThatOfTheLastSeconds) {
  const TimePoint start{};
  Progress progress("a", 1'000 * mebibyte, start);
  progress.advance(10 * mebibyte, start + 1s);
  progress.advance(30 * mebibyte, start + 2s);
  EXPECT_NE(progress.line(100, start + 2s).find("  15.0 MiB/s"), std::string::npos)
      << progress.line(100, start + 2s);
  std::uint64_t done = 30;
  for (int second = 3; second <= 10; ++second)
    progress.advance((done += 100) * mebibyte, start + std::chrono::seconds(second));
  EXPECT_NE(progress.line(100, start + 10s).find("  100.0 MiB/s"), std::string::npos);
  for (int second = 11; second <= 13; ++second)
    progress.advance((done += 1) * mebibyte, start + std::chrono::seconds(second));
  EXPECT_NE(progress.line(100, start + 13s).find("  1.0 MiB/s"), std::string::npos)
      << progress.line(100, start + 13s);
}

TEST(Progress, NeverIsWiderThanTheTerminal) {
  const TimePoint start{};
  Progress progress("ein-überaus-langer-name-ohne-ende.pdf", mebibyte, start);
  EXPECT_EQ(progress.line(100, start).substr(0, 27), "ein-überaus-langer-name…");
  Progress wide("日本語の長い名前のファイル.pdf", 100 * mebibyte, start);
  wide.advance(25 * mebibyte, start + 1s);
  for (std::size_t columns = 0; columns < 100; ++columns)
    EXPECT_LE(columns_of(wide.line(columns, start + 1s)), columns);
}

TEST(Progress, ShowsRateAndTimeOnANarrowScreenToo) {
  const TimePoint start{};
  Progress progress("report-of-the-year.pdf", 100 * mebibyte, start);
  progress.advance(25 * mebibyte, start + 1s);
  EXPECT_EQ(progress.line(39, start + 1s), "report-of…  25%  25.0 MiB/s  0:03");
}

TEST(Progress, AStallHasNoRate) {
  const TimePoint start{};
  Progress progress("a", 100 * mebibyte, start);
  progress.advance(10 * mebibyte, start + 1s);
  EXPECT_FALSE(progress.is_stalled(start + 3s));
  EXPECT_EQ(progress.line(100, start + 13s),
            "a  10% [##------------------] 10.0/100.0 MiB  stalled 0:12");
  progress.advance(20 * mebibyte, start + 14s);
  EXPECT_EQ(progress.line(100, start + 14s).find("stalled"), std::string::npos);
}

TEST(Progress, TheRateFallsWithTheSilenceBeforeItIsCalledAStall) {
  const TimePoint start{};
  Progress progress("a", 100 * mebibyte, start);
  for (int quarter = 1; quarter <= 20; ++quarter)
    progress.advance(static_cast<std::uint64_t>(quarter) * 2 * mebibyte, start + quarter * 250ms);
  EXPECT_NE(progress.line(100, start + 5s).find("8.0 MiB/s"), std::string::npos)
      << progress.line(100, start + 5s);
  EXPECT_NE(progress.line(100, start + 7s).find(" 1.6 MiB/s"), std::string::npos)
      << progress.line(100, start + 7s);
  EXPECT_EQ(progress.line(100, start + 8s).find("/s"), std::string::npos)
      << progress.line(100, start + 8s);
}

TEST(Progress, OfAnEmptyFileIsComplete) {
  const TimePoint start{};
  Progress progress("empty", 0, start);
  progress.advance(5, start + 1s);
  EXPECT_EQ(progress.line(100, start), "empty 100% [####################] 0/0 B");
}

}  // namespace
}  // namespace culver::cli
