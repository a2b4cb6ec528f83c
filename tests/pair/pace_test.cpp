// One who is asked by many at once, on the real server with its own limits: everybody is served as
// fast as the server lets it, and nothing is dropped.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "core/signaling/pacer.hpp"
#include "tests/support/simulation.hpp"

namespace culver::test {
namespace {

using namespace engine;
using namespace std::chrono_literals;

std::size_t most_in_a_minute(const std::vector<TimePoint>& said) {
  std::size_t most = 0, first = 0;
  for (std::size_t last = 0; last < said.size(); ++last) {
    while (said[first] + 60s <= said[last]) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

struct Crowd {
  Crowd(std::uint64_t seed, std::size_t size, const relay::Limits& limits)
      : simulation(seed, limits), host(simulation.add("host")) {
    host.react = [](Node& self, const Notice& notice) {
      if (const auto* asked = std::get_if<PairRequested>(&notice))
        self.command(AnswerPair{asked->from, true});
    };
    host.command(GoOnline{});
    for (std::size_t i = 0; i < size; ++i) {
      auto& guest = simulation.add("guest" + std::to_string(i));
      guest.address = "198.51." + std::to_string(i / 200) + "." + std::to_string(1 + i % 200);
      guest.command(GoOnline{});
      guests.push_back(&guest);
    }
    simulation.settle();
  }

  /// Whoever was turned away, since only so many may wait for one, tries again.
  void ask() {
    for (auto* guest : guests) {
      auto& asks = asks_of[guest->name];
      if (guest->count<Connecting>() > 0 || asks > guest->count<PairFailed>()) continue;
      ++asks;
      guest->command(Pair{host.last<Online>()->code});
    }
  }
  std::size_t connected() const {
    std::size_t all = 0;
    for (const auto* guest : guests) all += guest->count<Connected>();
    return all;
  }

  Simulation simulation;
  Node& host;
  std::vector<Node*> guests;
  std::map<std::string, std::size_t> asks_of;
};

TEST(Pace, TwoHundredAreServedAsFastAsTheServerLets) {
  relay::Limits limits;
  limits.messages_per_device = limits.messages_per_socket;
  Crowd crowd(1, 200, limits);
  const auto since = crowd.simulation.now;
  for (int rounds = 0; crowd.connected() < 200; ++rounds) {
    ASSERT_LT(rounds, 200) << crowd.connected() << " of 200 are connected";
    crowd.ask();
    crowd.simulation.pass(7s);
  }
  EXPECT_EQ(crowd.host.count<Connected>(), 200U);
  EXPECT_EQ(crowd.host.count<Closed>(), 0U) << "nobody was accepted in vain";
  for (const auto* guest : crowd.guests) EXPECT_EQ(guest->count<Closed>(), 0U) << guest->name;
  EXPECT_LE(most_in_a_minute(crowd.host.said), signaling::messages_per_minute);
  // The room is used: no more than a minute is lost on all of them.
  const auto needed =
      crowd.host.said.size() * 60s / (signaling::messages_per_minute - signaling::messages_aside);
  EXPECT_LE(crowd.simulation.now - since, needed + 60s);
  RecordProperty("seconds", static_cast<int>((crowd.simulation.now - since) / 1s));
  RecordProperty("frames", static_cast<int>(crowd.host.said.size()));
}

/// A server that says that it takes more is believed.
TEST(Pace, AServerThatTakesMoreIsToldMore) {
  relay::Limits limits;
  limits.messages_per_device = limits.messages_per_socket = {5'000, 60s};
  limits.messages_per_address = {50'000, 60s};
  limits.pending_per_target = limits.pending_per_target_and_address = 200;
  Crowd crowd(2, 200, limits);
  const auto since = crowd.simulation.now;
  for (int rounds = 0; crowd.connected() < 200 && rounds < 20; ++rounds) {
    crowd.ask();
    crowd.simulation.pass(7s);
  }
  EXPECT_EQ(crowd.connected(), 200U);
  EXPECT_LE(crowd.simulation.now - since, 30s);
}

}  // namespace
}  // namespace culver::test
