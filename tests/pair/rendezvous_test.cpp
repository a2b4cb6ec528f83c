// Peers who know each other and meet again without a code, with the real hub between them: in every
// order that a seeded scheduler finds, and whoever of them, or the server, begins anew.
#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/simulation.hpp"

namespace culver::test {
namespace {

using namespace engine;
using namespace std::chrono_literals;

/// Two who were paired once, and have left.
struct PeerBookChanged {
  Simulation simulation;
  Node& alice;
  Node& bob;

  explicit PeerBookChanged(std::uint64_t seed)
      : simulation(seed), alice(simulation.add("alice")), bob(simulation.add("bob")) {
    introduce(alice, bob);
    for (auto* node : {&alice, &bob}) node->command(Leave{});
    simulation.settle();
    simulation.pass(1min);
    for (auto* node : {&alice, &bob}) node->restart();
  }

  void introduce(Node& one, Node& other) {
    one.react = [](Node& self, const Notice& notice) {
      if (const auto* asked = std::get_if<PairRequested>(&notice))
        self.command(AnswerPair{asked->from, true});
    };
    for (auto* node : {&one, &other})
      if (!node->engine->census().online) node->command(GoOnline{});
    simulation.settle();
    other.command(Pair{one.last<Online>()->code});
    simulation.settle();
    one.react = nullptr;
  }

  static void look(Node& node) {
    for (const auto& [key, known] : node.book) node.command(LookFor{key});
    node.command(GoOnline{});
  }
  /// Each has told of a connection with the other that is not over.
  bool are_together() const { return live(alice) == 1 && live(bob) == 1; }
};

TEST(Rendezvous, TwoWhoLookForEachOtherMeetInEveryOrder) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    PeerBookChanged two(seed);
    two.look(two.alice);
    two.look(two.bob);
    two.simulation.pass(6s);
    ASSERT_TRUE(two.are_together()) << "seed " << seed;
    EXPECT_EQ(two.alice.last<Connected>()->key, two.bob.engine->public_key());
    EXPECT_EQ(two.alice.last<Connecting>()->sought, two.bob.engine->public_key());
    EXPECT_EQ(two.alice.count<Connecting>() + two.bob.count<Connecting>(), 2u) << "seed " << seed;
    for (auto* node : {&two.alice, &two.bob}) {
      EXPECT_EQ(node->count<PairRequested>() + node->count<PairFailed>(), 0u) << "seed " << seed;
      node->command(Leave{});
    }
    two.simulation.pass(1min);
    for (auto* node : {&two.alice, &two.bob}) {
      EXPECT_EQ(node->engine->census(), Census{}) << "seed " << seed;
      EXPECT_EQ(node->engine->deadline(), std::nullopt) << "seed " << seed;
    }
  }
}

// Whoever was let in without a question is not let in when that has lost its reason.
TEST(Rendezvous, WhoIsForgottenWhileItComesDoesNotComeIn) {
  for (std::size_t steps = 0;; ++steps) {
    PeerBookChanged two(7);
    two.look(two.alice);
    two.look(two.bob);
    two.simulation.settle(steps);
    const bool is_there = two.alice.last<Connected>() != nullptr;
    two.alice.command(Forget{two.bob.engine->public_key()});
    const auto told = two.alice.count<Connected>();
    two.simulation.pass(6s);
    EXPECT_EQ(two.alice.count<Connected>(), told) << "after " << steps << " steps";
    EXPECT_EQ(live(two.alice), 0u) << "after " << steps << " steps";
    if (is_there) break;
  }
}

// One key at a time: the other is refused with its handshake, before anything of it is taken.
TEST(Rendezvous, OfTwoWhoComeAtOnceOnlyOneIsLetInWhereThereIsOnePlace) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    PeerBookChanged two(seed);
    auto& cleo = two.simulation.add("cleo");
    two.introduce(two.alice, cleo);
    for (auto* node : {&two.alice, &cleo}) node->command(Leave{});
    two.simulation.pass(1min);
    two.alice.only_one = true;
    for (auto* node : {&two.alice, &cleo}) node->restart();
    std::map<Node*, bool> refused;
    for (auto* node : {&two.bob, &cleo})
      node->react = [&](Node& self, const Notice& notice) {
        if (const auto* connected = std::get_if<Connected>(&notice))
          self.command(SendText{connected->connection, TextId{1}, Plaintext(self.name)});
        const auto* closed = std::get_if<Closed>(&notice);
        if (std::holds_alternative<RefusedByPeer>(notice) ||
            (closed && closed->fault == Fault::pair_refused))
          refused[&self] = true;
      };
    two.look(two.alice);
    two.look(two.bob);
    two.look(cleo);
    two.simulation.pass(20s);
    ASSERT_EQ(two.alice.count<Connected>(), 1u) << "seed " << seed;
    ASSERT_EQ(two.alice.texts().size(), 1u) << "seed " << seed;
    auto& other = two.alice.texts()[0] == "bob" ? cleo : two.bob;
    EXPECT_TRUE(refused[&other]) << "seed " << seed;
    EXPECT_EQ(refused.size(), 1u) << "seed " << seed;
  }
}

TEST(Rendezvous, WhoTakesAnothersNameHearsThatItIsRefused) {
  PeerBookChanged two(3);
  auto& cleo = two.simulation.add("cleo");
  two.introduce(two.alice, cleo);
  for (auto* node : {&two.alice, &cleo}) node->command(Leave{});
  two.simulation.pass(1min);
  cleo.name = "bob";
  for (auto* node : {&two.alice, &cleo}) node->restart();
  two.alice.react = [](Node& self, const Notice& notice) {
    if (const auto* asked = std::get_if<PairRequested>(&notice))
      self.command(AnswerPair{asked->from, false});
    if (const auto* taken = std::get_if<NameTaken>(&notice))
      self.command(AnswerName{taken->connection, false});
  };
  two.look(two.alice);
  two.look(cleo);
  two.simulation.pass(20s);
  const auto* failed = two.alice.last<PairFailed>();
  const auto* closed = two.alice.last<Closed>();
  const auto about = failed ? failed->about : closed ? closed->about : std::nullopt;
  ASSERT_TRUE(about);
  EXPECT_EQ(about->key, cleo.engine->public_key());
  EXPECT_EQ(about->name, Plaintext("cleo"));
  EXPECT_EQ(about->calls_itself, Plaintext("bob"));
  EXPECT_TRUE(cleo.last<RefusedByPeer>() || cleo.last<Closed>()->fault == Fault::pair_refused);
}

TEST(Rendezvous, WhoComesLaterFindsWhoWaitsAtOnce) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    PeerBookChanged two(seed);
    auto& first = seed % 2 ? two.alice : two.bob;
    auto& second = seed % 2 ? two.bob : two.alice;
    two.look(first);
    two.simulation.pass(std::chrono::minutes(7 * seed));  // over the turns of some hours
    two.look(second);
    two.simulation.settle();
    ASSERT_TRUE(two.are_together()) << "seed " << seed;
  }
}

TEST(Rendezvous, AfterALossTheyMeetAgain) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    PeerBookChanged two(seed);
    two.look(two.alice);
    two.look(two.bob);
    two.simulation.pass(6s);
    two.simulation.cut_all_connections();
    two.simulation.pass(10s);
    EXPECT_TRUE(two.are_together()) << "seed " << seed;
    EXPECT_EQ(two.alice.count<Connected>(), 2u) << "seed " << seed;
  }
}

TEST(Rendezvous, WhoIsKilledAndStartedAgainIsMetBeforeItIsMissed) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    PeerBookChanged two(seed);
    two.look(two.alice);
    two.look(two.bob);
    two.simulation.pass(6s);
    two.bob.restart();
    two.simulation.settle();
    two.look(two.bob);
    two.simulation.settle();
    EXPECT_TRUE(two.are_together()) << "seed " << seed;
    EXPECT_EQ(two.alice.last<Closed>()->fault, Fault::replaced) << "seed " << seed;
  }
}

TEST(Rendezvous, BothRestartedAtOnceMeet) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    PeerBookChanged two(seed);
    two.look(two.alice);
    two.look(two.bob);
    two.simulation.pass(6s);
    two.alice.restart();
    two.bob.restart();
    two.look(two.alice);
    two.look(two.bob);
    two.simulation.pass(6s);
    EXPECT_TRUE(two.are_together()) << "seed " << seed;
  }
}

TEST(Rendezvous, AServerThatIsStartedAgainHearsOfThemAnew) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    PeerBookChanged two(seed);
    two.look(two.alice);
    two.simulation.settle();
    two.simulation.restart_server();
    two.simulation.pass(2min);
    two.look(two.bob);
    two.simulation.pass(10s);
    ASSERT_TRUE(two.are_together()) << "seed " << seed;
    two.simulation.restart_server();
    two.simulation.pass(2min);
    EXPECT_EQ(two.alice.count<Connected>(), 1u) << "the connection does not need the server";
    two.simulation.cut_all_connections();
    two.simulation.pass(10s);
    EXPECT_TRUE(two.are_together()) << "seed " << seed;
  }
}

TEST(Rendezvous, WhoIsBlockedIsNeverMet) {
  PeerBookChanged two(1);
  auto known = two.alice.book.begin()->second;
  known.is_blocked = true;
  two.alice.command(Know{known});
  two.look(two.alice);
  two.look(two.bob);
  two.simulation.pass(2h);
  EXPECT_EQ(two.alice.count<Connecting>() + two.bob.count<Connecting>(), 0u);
  EXPECT_EQ(two.bob.count<PairFailed>(), 0u);

  PeerBookChanged later(2);
  later.look(later.alice);
  later.simulation.settle();
  known = later.alice.book.begin()->second;
  known.is_blocked = true;
  later.alice.command(Know{known});
  later.look(later.bob);
  later.simulation.pass(2h);
  EXPECT_EQ(live(later.alice) + live(later.bob), 0u);
}

TEST(Rendezvous, WhoIsNotLookedForIsAskedAbout) {
  PeerBookChanged two(3);
  two.alice.command(GoOnline{});
  two.look(two.bob);
  two.simulation.pass(2h);
  EXPECT_EQ(two.alice.count<PairRequested>() + two.alice.count<Connecting>(), 0u);
}

TEST(Rendezvous, TwentyPeersAtOnce) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Simulation simulation(seed);
    auto& hub = simulation.add("hub");
    std::vector<Node*> others;
    for (int i = 0; i < 20; ++i) others.push_back(&simulation.add("peer" + std::to_string(i)));
    for (auto* node : others) {
      const auto key = node->engine->public_key();
      hub.book.insert_or_assign(key, Known{key, Plaintext(node->name), {}, false, true});
      const auto ours = hub.engine->public_key();
      node->book.insert_or_assign(ours, Known{ours, Plaintext(hub.name), {}, false, true});
    }
    simulation.settle();
    hub.restart();
    for (auto* node : others) node->restart();
    PeerBookChanged::look(hub);
    for (auto* node : others) PeerBookChanged::look(*node);
    simulation.pass(5min);
    EXPECT_EQ(live(hub), 20u) << "seed " << seed;
    for (auto* node : others) EXPECT_EQ(live(*node), 1u) << "seed " << seed;
  }
}

TEST(Rendezvous, APersonsOwnRequestGoesFirst) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    PeerBookChanged two(seed);
    auto& carol = two.simulation.add("carol");
    carol.react = [](Node& self, const Notice& notice) {
      if (const auto* asked = std::get_if<PairRequested>(&notice))
        self.command(AnswerPair{asked->from, true});
    };
    carol.command(GoOnline{});
    two.look(two.alice);
    two.look(two.bob);
    while (!two.bob.last<Online>() || !carol.last<Online>()) two.simulation.settle(1);
    two.simulation.settle(seed % 40);
    two.bob.command(Pair{carol.last<Online>()->code});
    two.simulation.pass(1min);
    EXPECT_EQ(two.bob.count<PairFailed>(), 0u) << "seed " << seed;
    EXPECT_EQ(live(two.bob), 2u) << "seed " << seed;
    EXPECT_EQ(live(carol), 1u) << "seed " << seed;
  }
}

TEST(Rendezvous, EveryEffectMayFailOnce) {
  PeerBookChanged whole(1);
  const auto before = whole.simulation.effects();
  whole.look(whole.alice);
  whole.look(whole.bob);
  whole.simulation.pass(6s);
  const auto after = whole.simulation.effects();
  for (std::size_t n = before; n < after; ++n) {
    PeerBookChanged two(1);
    two.simulation.fail_effect(n);
    two.look(two.alice);
    two.look(two.bob);
    two.simulation.pass(10min);
    // A first registration that fails is told, and nothing else keeps them apart.
    const auto gave_up = [](const Node& node) {
      return node.last<Offline>() && !node.last<Offline>()->retrying;
    };
    if (gave_up(two.alice) || gave_up(two.bob)) continue;
    EXPECT_TRUE(two.are_together()) << "effect " << n;
  }
}

TEST(Rendezvous, WhoWasHereIsToldOnce) {
  PeerBookChanged two(5);
  two.look(two.alice);
  two.simulation.settle();
  const auto then = two.simulation.env(two.simulation.random).wall;
  two.simulation.pass(10s);
  two.alice.command(Leave{});
  two.simulation.pass(20min);
  two.look(two.bob);
  two.simulation.pass(10s);
  ASSERT_EQ(two.bob.count<WasHere>(), 1u);
  EXPECT_EQ(two.bob.last<WasHere>()->key, two.alice.engine->public_key());
  EXPECT_EQ(two.bob.last<WasHere>()->at, then);
  EXPECT_EQ(two.bob.count<Connecting>(), 0u);
}

}  // namespace
}  // namespace culver::test
