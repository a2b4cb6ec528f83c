// The agent in a small network: how fast it is, and what it must not do.
#include <gtest/gtest.h>

#include "tests/ice/world.hpp"

namespace culver::test {
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

}  // namespace
}  // namespace culver::test
