// The board alone: replacing, withdrawing, expiring, and every bound.
#include "core/relay/board.hpp"

#include <random>

#include <gtest/gtest.h>

#include "tests/core/relay/parts_support.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using Words = Board<int, std::string>;
constexpr BoardLimits wide{1'000, 1'000'000, 1'000, 1'000, 1'000'000, 1'000, 1'000};

bool leave(Words& board, const std::string& place, int holder, Address address = "home",
           std::size_t bytes = 1, TimePoint expires = start + 1h) {
  return board.leave(place, holder, {"word", std::move(address), bytes, expires});
}

BoardLimits with(std::size_t BoardLimits::*limit, std::size_t value) {
  auto limits = wide;
  limits.*limit = value;
  return limits;
}

TEST(Board, AHolderHasOneNoteAtAPlace) {
  Words board(wide);
  ASSERT_TRUE(board.leave("p", 1, {"first", "home", 5, start + 1h}));
  ASSERT_TRUE(board.leave("p", 1, {"second", "away", 7, start + 2h}));
  ASSERT_EQ(board.at("p").size(), 1u);
  EXPECT_EQ(board.at("p").at(1).note, "second");
  EXPECT_EQ(board.bytes(), 7u);
  EXPECT_EQ(board.notes_of("home"), 0u);
  EXPECT_EQ(board.notes_of("away"), 1u);
  EXPECT_EQ(board.deadline(), start + 2h);
  EXPECT_TRUE(board.at("q").empty());
}

TEST(Board, WithdrawTakesAllOfOneHolder) {
  Words board(wide);
  for (const auto* place : {"p", "q"})
    for (const int holder : {1, 2}) ASSERT_TRUE(leave(board, place, holder));
  board.withdraw(1);
  board.withdraw(7);
  EXPECT_EQ(board.size(), 2u);
  EXPECT_FALSE(board.at("p").contains(1));
  EXPECT_TRUE(board.at("q").contains(2));
}

TEST(Board, ForgetsWhatIsOver) {
  Words board(wide);
  ASSERT_TRUE(leave(board, "p", 1, "home", 1, start + 1h));
  ASSERT_TRUE(leave(board, "p", 2, "home", 1, start + 2h));
  board.sweep(start + 59min);
  EXPECT_EQ(board.size(), 2u);
  board.sweep(start + 1h);
  EXPECT_EQ(board.size(), 1u);
  EXPECT_EQ(board.deadline(), start + 2h);
  board.sweep(start + 2h);
  EXPECT_TRUE(board.places().empty());
  EXPECT_EQ(board.bytes(), 0u);
  EXPECT_EQ(board.deadline(), std::nullopt);
}

TEST(Board, IsBoundedInAll) {
  Words few(with(&BoardLimits::notes, 2));
  ASSERT_TRUE(leave(few, "p", 1));
  ASSERT_TRUE(leave(few, "q", 2));
  EXPECT_FALSE(leave(few, "r", 3));
  EXPECT_TRUE(leave(few, "q", 2)) << "replacing needs no more room";
  Words small(with(&BoardLimits::bytes, 10));
  ASSERT_TRUE(leave(small, "p", 1, "home", 6));
  EXPECT_FALSE(leave(small, "q", 1, "away", 5));
  EXPECT_TRUE(leave(small, "q", 1, "away", 4));
  EXPECT_FALSE(leave(small, "p", 1, "home", 7));
  EXPECT_EQ(small.at("p").at(1).bytes, 6u) << "what did not fit has replaced nothing";
}

TEST(Board, IsBoundedPerHolder) {
  Words board(with(&BoardLimits::notes_per_holder, 2));
  ASSERT_TRUE(leave(board, "p", 1));
  ASSERT_TRUE(leave(board, "q", 1));
  EXPECT_FALSE(leave(board, "r", 1));
  EXPECT_TRUE(leave(board, "p", 1));
  EXPECT_TRUE(leave(board, "r", 2));
}

TEST(Board, IsBoundedPerAddress) {
  Words few(with(&BoardLimits::notes_per_address, 2));
  ASSERT_TRUE(leave(few, "p", 1));
  ASSERT_TRUE(leave(few, "q", 2));
  EXPECT_FALSE(leave(few, "r", 3));
  EXPECT_TRUE(leave(few, "r", 3, "away"));
  EXPECT_TRUE(leave(few, "p", 1));
  EXPECT_FALSE(leave(few, "r", 3, "home")) << "it would come to an address that is full";
  EXPECT_TRUE(leave(few, "s", 4, "")) << "nobody's";
  Words small(with(&BoardLimits::bytes_per_address, 10));
  ASSERT_TRUE(leave(small, "p", 1, "home", 8));
  EXPECT_FALSE(leave(small, "q", 1, "home", 3));
  EXPECT_TRUE(leave(small, "q", 1, "away", 3));
  EXPECT_TRUE(leave(small, "p", 1, "home", 10)) << "what it replaces does not count";
}

TEST(Board, IsBoundedPerPlace) {
  auto limits = wide;
  limits.holders_per_place = 3;
  limits.holders_per_place_and_address = 2;
  Words board(limits);
  ASSERT_TRUE(leave(board, "p", 1));
  ASSERT_TRUE(leave(board, "p", 2));
  EXPECT_FALSE(leave(board, "p", 3));
  EXPECT_TRUE(leave(board, "p", 2));
  EXPECT_TRUE(leave(board, "p", 3, "away"));
  EXPECT_FALSE(leave(board, "p", 4, "elsewhere"));
  EXPECT_TRUE(leave(board, "q", 4, "elsewhere"));
}

TEST(Board, CountsRightWhateverHappens) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned limit) { return static_cast<int>(random() % limit); };
    const BoardLimits limits{12, 60, 4, 8, 40, 3, 2};
    Words board(limits);
    auto now = start;
    for (int i = 0; i < 300; ++i) {
      const auto place = std::string(1, static_cast<char>('a' + below(6)));
      const auto address = std::string(1, static_cast<char>('x' + below(3)));
      if (const auto what = below(10); what == 0)
        board.withdraw(below(6));
      else if (what == 1)
        board.sweep(now += std::chrono::minutes(below(20)));
      else
        std::ignore = leave(board, place, below(6), address, static_cast<std::size_t>(below(12)),
                            now + std::chrono::minutes(below(60)));
      std::size_t notes = 0, bytes = 0;
      std::map<Address, std::size_t> of_address;
      std::map<int, std::size_t> of_holder;
      for (const auto& [name, there] : board.places()) {
        ASSERT_FALSE(there.empty()) << "seed " << seed << " step " << i;
        ASSERT_LE(there.size(), limits.holders_per_place) << "seed " << seed << " step " << i;
        for (const auto& [holder, kept] : there) {
          ++notes;
          bytes += kept.bytes;
          ++of_address[kept.address];
          ++of_holder[holder];
        }
      }
      ASSERT_EQ(board.size(), notes) << "seed " << seed << " step " << i;
      ASSERT_EQ(board.bytes(), bytes) << "seed " << seed << " step " << i;
      ASSERT_LE(notes, limits.notes) << "seed " << seed << " step " << i;
      ASSERT_LE(bytes, limits.bytes) << "seed " << seed << " step " << i;
      for (const auto& [which, count] : of_address) {
        ASSERT_EQ(board.notes_of(which), count) << "seed " << seed << " step " << i;
        ASSERT_LE(count, limits.notes_per_address) << "seed " << seed << " step " << i;
      }
      for (const auto& [which, count] : of_holder)
        ASSERT_LE(count, limits.notes_per_holder) << "seed " << seed << " step " << i;
    }
  }
}

}  // namespace
}  // namespace culver::relay
