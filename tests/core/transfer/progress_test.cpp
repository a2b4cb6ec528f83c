#include "core/transfer/progress.hpp"

#include <gtest/gtest.h>

#include "tests/core/transfer/transfer_support.hpp"

namespace culver::transfer::test {
namespace {

std::size_t told(std::uint64_t size, std::uint64_t step) {
  ProgressMeter meter(size);
  Effects effects;
  for (std::uint64_t bytes = step; bytes < size; bytes += step) meter.advance(bytes, effects);
  meter.end(size, effects);
  EXPECT_EQ(std::get<Progress>(effects.back()).bytes, size);
  return effects.size();
}

TEST(ProgressMeter, TellsEveryMiBOfASmallFile) {
  EXPECT_EQ(told(10 * mib, 16'384), 10u);
  EXPECT_EQ(told(1'000, 100), 1u) << "the end only";
  EXPECT_EQ(told(0, 1), 1u) << "an empty file ends too";
}

TEST(ProgressMeter, TellsEveryHundredthOfALargeOne) { EXPECT_EQ(told(1'000 * mib, mib), 100u); }

TEST(ProgressMeter, TellsTheEndOnce) {
  ProgressMeter meter(mib);
  Effects effects;
  meter.advance(mib, effects);
  meter.end(mib, effects);
  EXPECT_EQ(effects.size(), 1u);
}

}  // namespace
}  // namespace culver::transfer::test
