#include "core/ice/transactions.hpp"

#include <gtest/gtest.h>

namespace culver::ice {
namespace {

using namespace std::chrono_literals;

struct TransactionsTest : testing::Test {
  Transactions transactions;
  const TimePoint begun = TimePoint{} + 1h;

  wire::stun::TransactionId begin(Purpose purpose, Retransmission retransmission) {
    wire::stun::TransactionId id;
    id.data[0] = static_cast<std::byte>(++last);
    id.data[1] = static_cast<std::byte>(last >> 8);
    transactions.begin({id, purpose, BaseId{1}, {}, 0, true, ByteVector(last), begun},
                       retransmission);
    return id;
  }
  std::vector<Duration> sent_until_given_up() {
    std::vector<Duration> times{0ms};
    for (;;) {
      const auto at = transactions.deadline();
      if (!at) return times;
      const auto due = transactions.due(*at);
      for (std::size_t i = 0; i < due.again.size() + due.given_up.size(); ++i)
        times.push_back(*at - begun);
    }
  }
  unsigned last = 0;
};

TEST_F(TransactionsTest, AQuietPathIsAskedSevenTimesAndThenWaitedFor) {
  begin(CheckOf{PairId{1}, false}, check_retransmission(1));
  EXPECT_EQ(sent_until_given_up(),
            (std::vector<Duration>{0ms, 100ms, 300ms, 700ms, 1500ms, 3100ms, 6300ms, 7900ms}));
}

TEST_F(TransactionsTest, ManyChecksTakeMoreTime) {
  EXPECT_EQ(check_retransmission(100).wait, 500ms);
  EXPECT_EQ(check_retransmission(0).wait, 100ms);
}

TEST_F(TransactionsTest, AServerIsGivenUpWithin5Seconds) {
  begin(QueryOf{}, query_retransmission());
  EXPECT_TRUE(transactions.asks_servers());
  EXPECT_EQ(sent_until_given_up(), (std::vector<Duration>{0ms, 200ms, 600ms, 1400ms, 3s, 5s}));
  EXPECT_FALSE(transactions.asks_servers());
}

TEST_F(TransactionsTest, AConsentCheckIsSentOnce) {
  begin(ConsentOf{}, consent_retransmission());
  EXPECT_EQ(sent_until_given_up(), (std::vector<Duration>{0ms, 5s}));
}

TEST_F(TransactionsTest, ALateTickRepeatsOnce) {
  begin(CheckOf{PairId{1}, false}, check_retransmission(1));
  EXPECT_EQ(transactions.due(begun + 1min).again.size(), 1U);
  EXPECT_EQ(transactions.due(begun + 1min).again.size(), 0U);
  EXPECT_GT(*transactions.deadline(), begun + 1min);
}

TEST_F(TransactionsTest, AnswersTakeThemOnce) {
  const auto id = begin(CheckOf{PairId{1}, false}, check_retransmission(1));
  EXPECT_TRUE(transactions.find(id));
  EXPECT_TRUE(transactions.take(id));
  EXPECT_FALSE(transactions.take(id));
  EXPECT_FALSE(transactions.deadline());
}

TEST_F(TransactionsTest, AQuietOneIsHeardButNeitherRepeatedNorGivenUp) {
  const auto id = begin(CheckOf{PairId{1}, false}, check_retransmission(1));
  const auto other = begin(CheckOf{PairId{2}, false}, check_retransmission(1));
  transactions.quiet(PairId{1}, begun);
  EXPECT_EQ(transactions.due(begun + 100ms).again.size(), 1U);
  EXPECT_TRUE(transactions.find(id));
  transactions.take(other);
  const auto due = transactions.due(begun + 1h);
  EXPECT_TRUE(due.again.empty() && due.given_up.empty());
  EXPECT_EQ(transactions.size(), 0U);
}

TEST_F(TransactionsTest, ANominationIsNotQuieted) {
  begin(CheckOf{PairId{1}, true}, check_retransmission(1));
  transactions.quiet(PairId{1}, begun);
  EXPECT_EQ(transactions.due(begun + 100ms).again.size(), 1U);
}

TEST_F(TransactionsTest, QuietOnesAreBounded) {
  for (int i = 0; i < 1'000; ++i) {
    begin(CheckOf{PairId{1}, false}, check_retransmission(1));
    transactions.quiet(PairId{1}, begun);
  }
  EXPECT_EQ(transactions.size(), Transactions::most_quiet);
}

}  // namespace
}  // namespace culver::ice
