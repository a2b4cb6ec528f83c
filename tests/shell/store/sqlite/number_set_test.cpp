#include "shell/store/sqlite/number_set.hpp"

#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace culver::store::sqlite {
namespace {

NumberSet of(std::initializer_list<std::uint64_t> numbers) {
  NumberSet set;
  for (const auto number : numbers) set.insert(number);
  return set;
}

TEST(NumberSet, JoinsWhatTouches) {
  EXPECT_EQ(of({}).text(), "");
  EXPECT_EQ(of({}).last(), 0u);
  EXPECT_EQ(of({1, 2, 3}).text(), "1-3");
  EXPECT_EQ(of({5, 1, 3}).text(), "1-1 3-3 5-5");
  EXPECT_EQ(of({5, 1, 3, 4}).text(), "1-1 3-5");
  EXPECT_EQ(of({5, 1, 3, 4, 2, 2}).text(), "1-5");
  EXPECT_EQ(of({9007199254740991}).last(), 9007199254740991u);
}

RC_GTEST_PROP(NumberSet, IsASet, (const std::vector<std::uint8_t>& numbers)) {
  NumberSet ranges;
  std::set<std::uint64_t> all;
  for (const auto number : numbers) {
    ranges.insert(number % 100);
    all.insert(number % 100);
  }
  for (std::uint64_t number = 0; number < 100; ++number)
    RC_ASSERT(ranges.contains(number) == all.contains(number));
  RC_ASSERT(ranges.last() == (all.empty() ? 0 : *all.rbegin()));
  RC_ASSERT(NumberSet::parse(ranges.text()) == ranges);
}

TEST(NumberSet, ForgetsItsNarrowestGapsOnly) {
  NumberSet set;
  for (std::uint64_t i = 0; i <= NumberSet::max_gaps; ++i) set.insert(1 + 10 * i);
  EXPECT_FALSE(set.contains(2));
  set.insert(5);  // cuts a gap in two: one of them has to go
  EXPECT_TRUE(set.contains(2));
  EXPECT_FALSE(set.contains(6));
  EXPECT_FALSE(set.contains(12));
}

TEST(NumberSet, RefusesOtherTexts) {
  for (const auto* text : {"x", "1", "1-", "-1", "2-1", "1-2 3-4", "5-6 1-2", "1-2,4-5"})
    EXPECT_FALSE(NumberSet::parse(text)) << text;
}

}  // namespace
}  // namespace culver::store::sqlite
