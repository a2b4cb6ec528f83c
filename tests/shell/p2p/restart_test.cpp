// A connection whose machines move: the path is replaced below DTLS and SCTP, which lose nothing.
#include <gtest/gtest.h>

#include "shell/p2p/stack.hpp"
#include "tests/shell/p2p/own_network_support.hpp"
#include "tests/shell/p2p/pair_support.hpp"

namespace culver::p2p {
namespace {

using test::End;
using test::frame;
using test::in_own_network;
using test::ip;
using test::Pair;

/// A transfer from a to b within the windows.
struct Transfer {
  explicit Transfer(Pair& over, std::size_t bytes) : pair(over), total(bytes), left(bytes) {
    pair.b.keep_data = false;
    pair.a.also = [this](const connection::TransportEvent& event) {
      if (std::holds_alternative<connection::Window>(event)) pump();
    };
    pump();
  }
  ~Transfer() { pair.a.also = nullptr; }
  void pump() {
    const auto channel = pair.a.channel("messages");
    auto& window = pair.a.windows[channel];
    while (left > 0 && window >= frame) {
      pair.a.send(channel, frame);
      window -= frame;
      left -= frame;
    }
  }
  bool has_begun() const { return pair.b.received() > 20 * frame; }
  bool is_whole() const { return pair.b.received() == total; }

  Pair& pair;
  std::size_t total, left;
};

StackConfig on_every_interface() {
  StackConfig config;
  config.loopback = false;
  return config;
}

void expect_the_same_session(const Pair& pair) {
  for (const End* end : {&pair.a, &pair.b}) {
    EXPECT_EQ(end->count("DtlsUp"), 1u);
    EXPECT_EQ(end->count("SctpUp"), 1u);
    EXPECT_EQ(end->count("ChannelOpen"), 1u);
    EXPECT_FALSE(end->saw("PathFailed") || end->saw("TransportClosed"));
  }
}

TEST(Restart, NewCredentialsReplaceAPathThatWorks) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  const auto selections = pair.a.count("PathReady");
  Transfer transfer(pair, 400 * frame);
  ASSERT_TRUE(pair.until([&] { return transfer.has_begun(); }));
  pair.a.restart();
  EXPECT_TRUE(pair.until([&] { return transfer.is_whole(); }));
  expect_the_same_session(pair);
  EXPECT_GE(pair.a.count("LocalDescription"), 2u);
  EXPECT_LE(pair.a.count("PathReady"), selections + 2);
}

TEST(Restart, AnAddressThatComesBeforeTheOldOneGoesNeedsNoRestart) {
  const bool allowed = in_own_network([] {
    ip("address add 10.9.0.1/32 dev lo");
    Pair pair(on_every_interface());
    ASSERT_TRUE(pair.open());
    Transfer transfer(pair, 1'600 * frame);
    ASSERT_TRUE(pair.until([&] { return transfer.has_begun(); }));
    ip("address add 10.9.0.2/32 dev lo");
    const auto candidates =
        std::pair(pair.a.count("LocalCandidate"), pair.b.count("LocalCandidate"));
    ASSERT_TRUE(pair.until([&] {
      return pair.a.count("LocalCandidate") > candidates.first &&
             pair.b.count("LocalCandidate") > candidates.second;
    }));
    // The new address is of use only once its checks are through: they are, when so much is.
    ASSERT_TRUE(pair.until([&] { return pair.b.received() > 800 * frame; }));
    ip("address del 10.9.0.1/32 dev lo");
    EXPECT_TRUE(pair.until([&] { return transfer.is_whole(); }, std::chrono::seconds(60)));
    expect_the_same_session(pair);
    EXPECT_GE(pair.a.count("PathReady"), 2u);
  });
  if (!allowed) GTEST_SKIP() << "this user may not make network namespaces";
}

/// Both ends lose their only address at the same moment, and each gets another one.
TEST(Restart, WhenBothHaveMovedARestartFindsThem) {
  const bool allowed = in_own_network([] {
    ip("address add 10.9.0.1/32 dev lo");
    Pair pair(on_every_interface());
    pair.a.restarts_when_doubted = pair.b.restarts_when_doubted = true;
    ASSERT_TRUE(pair.open());
    Transfer transfer(pair, 1'600 * frame);
    ASSERT_TRUE(pair.until([&] { return transfer.has_begun(); }));
    ip("address del 10.9.0.1/32 dev lo");
    ASSERT_TRUE(pair.until([&] { return pair.a.saw("PathDoubted") && pair.b.saw("PathDoubted"); }));
    ip("address add 10.9.0.2/32 dev lo");
    EXPECT_TRUE(pair.until([&] { return transfer.is_whole(); }, std::chrono::seconds(60)));
    expect_the_same_session(pair);
  });
  if (!allowed) GTEST_SKIP() << "this user may not make network namespaces";
}

TEST(Restart, WhoHasNoAddressLeftFailsInTime) {
  const bool allowed = in_own_network([] {
    ip("address add 10.9.0.1/32 dev lo");
    Pair pair(on_every_interface());
    ASSERT_TRUE(pair.open());
    ip("address del 10.9.0.1/32 dev lo");
    ASSERT_TRUE(pair.until([&] { return pair.a.saw("PathFailed") && pair.b.saw("PathFailed"); }));
    EXPECT_TRUE(pair.a.saw("PathDoubted"));
  });
  if (!allowed) GTEST_SKIP() << "this user may not make network namespaces";
}

}  // namespace
}  // namespace culver::p2p
