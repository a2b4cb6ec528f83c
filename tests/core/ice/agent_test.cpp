// The agent in a small network: how fast it is, and what it must not do.
#include <gtest/gtest.h>

#include "tests/ice/world.hpp"

namespace culver::ice::test {
namespace {

using namespace std::chrono_literals;

/// Both on the internet, without any NAT.
struct Plain : World {
  explicit Plain(Duration delay = 10ms, std::uint64_t seed = 1) : World(seed) {
    network.far.delay = delay;
    start(a, true);
    start(b, false);
    open(a, network.attach(Network::internet, at_a), at_a);
    open(b, network.attach(Network::internet, at_b), at_b);
  }
  void connect() {
    introduce(a);
    introduce(b);
    finish(a);
    finish(b);
  }
  const Endpoint at_a = address("192.0.2.1"), at_b = address("192.0.2.2");
};

TEST(Agent, SelectsWithinThreeRoundTripsWithoutATimer) {
  Plain world;
  const auto begun = world.network.now;
  world.connect();
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s)) << world.broken;
  EXPECT_LE(*world.a.selected_at - begun, 40ms);
  EXPECT_LE(*world.b.selected_at - begun, 40ms);
  EXPECT_TRUE(world.hear_each_other());
}

TEST(Agent, SelectsAtOnceOnAPathWithoutDelay) {
  Plain world(0ms);
  const auto begun = world.network.now;
  world.connect();
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s)) << world.broken;
  EXPECT_EQ(world.network.now, begun);
}

TEST(Agent, NoticesAPeerThatIsGoneWithin15Seconds) {
  Plain world;
  world.connect();
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s));
  world.b.alive = false;
  const auto since = world.network.now;
  ASSERT_TRUE(world.run_until([&] { return world.a.failed.has_value(); }, 1min));
  EXPECT_EQ(world.a.failed, ice::Failed::Why::consent_lost);
  EXPECT_LE(*world.a.failed_at - since, 15s);
}

TEST(Agent, ASilentPathIsDoubtedIn6SecondsAndTrustedAgainWhenItSpeaks) {
  Plain world;
  world.connect();
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s));
  world.run_for(1min);
  const auto selections = world.a.selections;
  const auto since = world.network.now;
  world.network.cut(0, true);
  ASSERT_TRUE(world.run_until([&] { return world.a.doubts > 0 && world.b.doubts > 0; }, 1min));
  EXPECT_LE(world.network.now - since, 6100ms);
  world.network.cut(0, false);
  world.run_for(2s);
  EXPECT_EQ(world.a.selections, selections + 1) << "told again";
  world.run_for(1min);
  EXPECT_TRUE(world.both_selected());
  EXPECT_EQ(world.a.doubts + world.b.doubts, 2U);
}

/// RFC 7675's loss is not what a bad path is: a day of it is not doubted once.
TEST(Agent, ASlowAndLossyPathIsNotDoubted) {
  Plain world(100ms);
  world.connect();
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s));
  world.network.far.loss = 0.01;
  world.network.far.jitter = 50ms;
  world.run_for(24h);
  EXPECT_TRUE(world.both_selected());
  EXPECT_EQ(world.a.doubts + world.b.doubts, 0U);
}

/// Nothing is sent or read for 8 s, again and again: a machine that is busy.
TEST(Agent, APauseOf8SecondsEndsNothing) {
  Plain world;
  world.connect();
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s));
  for (int i = 0; i < 200; ++i) {
    world.run_for(std::chrono::milliseconds(1'000 + 37 * i));
    world.network.cut(0, true);
    world.run_for(8s);
    world.network.cut(0, false);
    ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 1s)) << i;
    ASSERT_FALSE(world.a.failed || world.b.failed) << i;
  }
  EXPECT_TRUE(world.hear_each_other());
}

TEST(Agent, ARestartMovesToNewCredentialsWhileDataGoesOn) {
  Plain world;
  world.connect();
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s));
  world.restart(world.b);
  EXPECT_TRUE(world.b.agent->restarting());
  EXPECT_TRUE(world.hear_each_other());
  ASSERT_TRUE(world.run_until(
      [&] { return !world.a.agent->restarting() && !world.b.agent->restarting(); }, 5s));
  world.run_for(1min);
  EXPECT_TRUE(world.both_selected());
  EXPECT_TRUE(world.hear_each_other());
}

TEST(Agent, ARestartRevivesAfterAFailure) {
  Plain world;
  world.network.cut(0, true);
  world.connect();
  ASSERT_TRUE(world.run_until([&] { return world.a.failed && world.b.failed; }, 2min));
  world.network.cut(0, false);
  world.a.failed.reset();
  world.b.failed.reset();
  world.restart(world.a);
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 10s)) << world.broken;
  EXPECT_TRUE(world.hear_each_other());
}

/// Each machine has a second address for a while, and then loses the first one.
struct Moving : Plain {
  using Plain::Plain;

  /// True if both have heard the other, from one of the addresses that stay, within this time.
  bool move_both(Duration at_most, int addresses = 1) {
    connect();
    if (!run_until([&] { return both_selected(); }, 5s)) return false;
    for (auto* side : {&a, &b})
      for (int i = 0; i < addresses; ++i) {
        const auto at = address("192.0.2." + std::to_string((side == &a ? 11 : 111) + i));
        open(*side, network.attach(Network::internet, at), at);
      }
    run_for(1s + Duration(random.below(60'000'000'000)));
    for (auto* side : {&a, &b}) lose(*side, side->sockets.begin()->first);
    send_data_every(5ms);
    const auto before = std::pair(a.data_heard, b.data_heard);
    const bool heard = run_until(
        [&] { return a.data_heard > before.first + 1 && b.data_heard > before.second + 1; },
        at_most);
    send_data_every(0ms);
    return heard;
  }
};

TEST(Agent, ANewAddressTakesOverFromOneThatGoesWithoutARestart) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Moving world(10ms, seed);
    ASSERT_TRUE(world.move_both(200ms)) << seed;
    EXPECT_EQ(world.a.doubts + world.b.doubts, 0U) << seed;
    world.run_for(1min);
    EXPECT_TRUE(world.hear_each_other() && world.same_pair()) << seed;
    EXPECT_EQ(world.a.doubts + world.b.doubts, 0U) << seed;
  }
}

/// The checks from the new addresses come before the news of them: each address is known already
/// when it is told, but by one pair only.
TEST(Agent, ANewAddressTakesOverAlsoIfItsChecksComeBeforeItsCandidate) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Moving world(10ms, seed);
    world.signaling_delay = 200ms;
    ASSERT_TRUE(world.move_both(200ms)) << seed;
    EXPECT_EQ(world.a.doubts + world.b.doubts, 0U) << seed;
    world.run_for(1min);
    EXPECT_TRUE(world.hear_each_other() && world.same_pair()) << seed;
  }
}

/// The peers have never said that their candidates are done, as connections do not.
TEST(Agent, ANewAddressTakesOverAlsoIfCandidatesNeverEnd) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Moving world(10ms, seed);
    world.a.says_done = world.b.says_done = false;
    world.signaling_delay = 200ms * (seed % 2);
    ASSERT_TRUE(world.move_both(200ms)) << seed;
    EXPECT_EQ(world.a.doubts + world.b.doubts, 0U) << seed;
  }
}

/// More pairs than are kept alive: each of them is asked when it matters.
TEST(Agent, OneOfManyNewAddressesTakesOver) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Moving world(10ms, seed);
    ASSERT_TRUE(world.move_both(400ms, 4)) << seed;
    world.run_for(1min);
    EXPECT_TRUE(world.hear_each_other() && world.same_pair()) << seed;
    EXPECT_EQ(world.a.doubts + world.b.doubts, 0U) << seed;
  }
}

/// Checks are lost, and those that tell which way is open as well.
TEST(Agent, ANewAddressTakesOverOnALossyPath) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Moving world(30ms, seed);
    world.network.far.loss = 0.1;
    ASSERT_TRUE(world.move_both(4s)) << seed;
    world.run_for(1min);
    EXPECT_TRUE(world.both_selected()) << seed;
  }
}

/// Only one of them moves: what it knows of the other is right, and stays.
TEST(Agent, WhoMovesAloneKeepsTheBestPath) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Moving world(10ms, seed);
    world.connect();
    ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s));
    const auto at = address("192.0.2.11");
    world.open(world.a, world.network.attach(Network::internet, at), at);
    world.run_for(1s + Duration(world.random.below(20'000'000'000)));
    const auto selections = world.a.selections;
    world.lose(world.a, world.a.sockets.begin()->first);
    EXPECT_EQ(world.a.selections, selections + 1) << "at once";
    world.run_for(1min);
    EXPECT_EQ(world.a.selections, selections + 1) << seed;
    EXPECT_TRUE(world.hear_each_other() && world.same_pair()) << seed;
    EXPECT_EQ(world.a.doubts + world.b.doubts, 0U) << seed;
  }
}

/// The old address is gone before the new one is there, and nobody tells the other. Who stays
/// notices it by the checks that come from elsewhere, and not by the silence.
TEST(Agent, WhoMovesIsFollowedWithinAFewRoundTrips) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Moving world(10ms, seed);
    world.connect();
    ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s));
    world.run_for(4s + Duration(world.random.below(20'000'000'000)));
    world.signaling_delay = 1h;
    auto& mover = seed % 2 ? world.a : world.b;
    world.lose(mover, mover.sockets.begin()->first);
    const auto at = address("192.0.2.11");
    world.open(mover, world.network.attach(Network::internet, at), at);
    world.send_data_every(5ms);
    const auto before = std::pair(world.a.data_heard, world.b.data_heard);
    EXPECT_TRUE(world.run_until(
        [&] {
          return world.a.data_heard > before.first + 1 && world.b.data_heard > before.second + 1;
        },
        300ms))
        << seed;
    world.send_data_every(0ms);
    world.run_for(1min);
    EXPECT_TRUE(world.hear_each_other() && world.same_pair()) << seed;
  }
}

/// The way was known already; so only the nomination says that the peer is there now.
TEST(Agent, WhoGoesOnFromItsSecondAddressIsFollowedWithinAFewRoundTrips) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Moving world(10ms, seed);
    world.connect();
    ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s));
    const auto at = address("192.0.2.11");
    world.open(world.a, world.network.attach(Network::internet, at), at);
    world.run_for(4s + Duration(world.random.below(20'000'000'000)));
    world.lose(world.a, world.a.sockets.begin()->first);
    world.send_data_every(5ms);
    const auto before = world.a.data_heard;
    EXPECT_TRUE(world.run_until([&] { return world.a.data_heard > before + 1; }, 400ms)) << seed;
  }
}

TEST(Agent, RelaysOnlyWhereThereIsNoOtherWay) {
  Plain world;
  world.add_turn_server(address("198.51.100.3"));
  world.use_turn_server(world.a, false);
  world.use_turn_server(world.b, true);
  world.connect();
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 5s));
  EXPECT_FALSE(world.a.selected->relayed || world.b.selected->relayed);
}

TEST(Agent, TwoSymmetricNatsMeetAtARelay) {
  World world(1);
  world.network.far.delay = 10ms;
  const NatKind symmetric{Mapping::endpoint_dependent, Filtering::by_address_and_port};
  world.add_turn_server(address("198.51.100.3"));
  for (auto* side : {&world.a, &world.b}) {
    const auto home = world.network.add_realm();
    const bool first = side == &world.a;
    world.network.add_nat(symmetric, home, Network::internet,
                          address(first ? "203.0.113.1" : "203.0.113.2"));
    world.start(*side, first);
    world.open(*side, world.network.attach(home, address("10.0.0.1")), address("10.0.0.1"));
    world.use_turn_server(*side, false);
    world.introduce(*side);
    world.finish(*side);
  }
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 10s)) << world.broken;
  EXPECT_TRUE(world.a.selected->relayed && world.b.selected->relayed);
  EXPECT_TRUE(world.hear_each_other());
  world.run_for(2h);
  EXPECT_TRUE(world.both_selected()) << "allocation, permissions and channel were renewed";
  EXPECT_TRUE(world.hear_each_other());
  world.restart(world.a);
  ASSERT_TRUE(world.run_until(
      [&] { return !world.a.agent->restarting() && !world.b.agent->restarting(); }, 20s))
      << "by the same permissions and channels";
  EXPECT_TRUE(world.hear_each_other());
  world.close(world.a);
  world.close(world.b);
  world.run_for(1s);
  EXPECT_EQ(world.allocations(), 0U);
}

TEST(Agent, WhereUdpIsBlockedTwoStreamsMeetAndRestart) {
  World world(1);
  world.network.far.delay = 10ms;
  world.add_turn_server(address("198.51.100.3"));
  for (auto* side : {&world.a, &world.b}) {
    const auto at = address(side == &world.a ? "192.0.2.1" : "192.0.2.2");
    const auto place = world.network.attach(Network::internet, at);
    world.network.cut(place, true);
    world.start(*side, side == &world.a);
    world.open(*side, place, at);
    world.use_turn_server(*side, true);
    world.introduce(*side);
    world.finish(*side);
  }
  ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 10s)) << world.broken;
  EXPECT_TRUE(world.hear_each_other());
  world.restart(world.a);
  ASSERT_TRUE(world.run_until(
      [&] { return !world.a.agent->restarting() && !world.b.agent->restarting(); }, 20s))
      << "by the permissions and channels that there are";
  EXPECT_TRUE(world.hear_each_other());
}

TEST(Agent, BothInOneRoleSettleIt) {
  for (const bool role : {true, false})
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
      World world(seed);
      world.network.far.delay = 10ms;
      for (auto* side : {&world.a, &world.b}) {
        const auto at = address(side == &world.a ? "192.0.2.1" : "192.0.2.2");
        world.start(*side, role);
        world.open(*side, world.network.attach(Network::internet, at), at);
      }
      for (auto* side : {&world.a, &world.b}) {
        world.introduce(*side);
        world.finish(*side);
      }
      ASSERT_TRUE(world.run_until([&] { return world.both_selected(); }, 2s)) << seed;
    }
}

}  // namespace
}  // namespace culver::ice::test
