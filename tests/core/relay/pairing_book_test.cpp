// The book alone: caps, time and bookkeeping.
#include "core/relay/pairing_book.hpp"

#include <gtest/gtest.h>

#include "tests/core/relay/parts_support.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using Asked = PairingBook::Asked;

TEST(PairingBook, ARepeatAtTheCapIsStillTaken) {
  Limits limits;
  limits.pending_per_target = 1;
  PairingBook book(limits);
  EXPECT_EQ(book.ask(a, b, start), Asked::waiting);
  EXPECT_EQ(book.ask(c, b, start), Asked::full);
  EXPECT_EQ(book.ask(a, b, start), Asked::waiting);
  EXPECT_EQ(book.waiting_for(b), 1u);
}

TEST(PairingBook, OneAddressLeavesRoomForTheRequestsOfOthers) {
  Limits limits;
  limits.pending_per_target_and_address = 1;
  PairingBook book(limits);
  const auto d = code("DDDDDD");
  EXPECT_EQ(book.ask(a, d, start, "one"), Asked::waiting);
  EXPECT_EQ(book.ask(b, d, start, "one"), Asked::full);
  EXPECT_EQ(book.ask(b, a, start, "one"), Asked::waiting) << "for another target";
  EXPECT_EQ(book.ask(a, d, start, "one"), Asked::waiting) << "a repeat";
  EXPECT_EQ(book.ask(c, d, start, "other"), Asked::waiting);
  ASSERT_TRUE(book.answer(a, d, false));
  EXPECT_EQ(book.ask(b, d, start, "one"), Asked::waiting);
}

TEST(PairingBook, ACrossingRequestIsTakenAlsoWhenTheTargetIsFull) {
  Limits limits;
  limits.pending_per_target = 1;
  PairingBook book(limits);
  book.ask(c, a, start);
  book.ask(a, b, start);
  EXPECT_EQ(book.ask(b, a, start), Asked::crossed);
  EXPECT_TRUE(book.matched(a, b));
  EXPECT_EQ(book.requests().size(), 1u);
}

TEST(PairingBook, MatchesPerCodeAreBounded) {
  Limits limits;
  limits.matches_per_code = 1;
  PairingBook book(limits);
  book.ask(a, b, start);
  ASSERT_TRUE(book.answer(a, b, true));
  EXPECT_EQ(book.ask(c, b, start), Asked::full);
  EXPECT_EQ(book.ask(b, a, start), Asked::waiting) << "the matched may ask again";
}

TEST(PairingBook, WithdrawEndsBothDirections) {
  PairingBook book(Limits{});
  book.ask(a, b, start);
  book.ask(b, c, start);
  const auto others = book.withdraw(b);
  EXPECT_EQ(others, (std::vector<PairingCode>{c, a}));
  EXPECT_TRUE(book.requests().empty());
  EXPECT_EQ(book.deadline(), std::nullopt);
}

TEST(PairingBook, WarnsThenExpires) {
  PairingBook book(Limits{});
  book.ask(a, b, start);
  EXPECT_FALSE(book.take_due(start + 89s));
  EXPECT_FALSE(book.take_due(start + 90s)->expired);
  EXPECT_FALSE(book.take_due(start + 90s));
  EXPECT_EQ(book.deadline(), start + 120s);
  EXPECT_TRUE(book.take_due(start + 120s)->expired);
  EXPECT_FALSE(book.answer(a, b, true));
}

TEST(PairingBook, WithoutAWarningItOnlyExpires) {
  Limits limits;
  limits.pair_warning = limits.pair_expiry = 5s;
  PairingBook book(limits);
  book.ask(a, b, start);
  EXPECT_TRUE(book.take_due(start + 5s)->expired);
}

}  // namespace
}  // namespace culver::relay
