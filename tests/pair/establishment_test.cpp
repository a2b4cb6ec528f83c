// A connection exists wholly or not at all: what the engine promises about peers that are being
// established, in every order, and whatever fails.
#include <gtest/gtest.h>

#include "tests/pair/main_job.hpp"

namespace culver::test {
namespace {

using namespace engine;

/// Alice takes every pairing; neither says or sends anything by itself.
struct Quiet : MainJob {
  explicit Quiet(std::uint64_t seed) : MainJob(seed) { bob.react = nullptr; }
  ConnectionId connection_of(Node& node) { return node.last<Connecting>()->connection; }
};

// A connection that fails on its way never was a peer: it is not told as connected, and nothing
// stays of it.
TEST(Establishment, AFailureOnTheWayLeavesNoPeer) {
  Quiet whole(1);
  whole.go_online_and_pair();
  whole.simulation.settle();
  ASSERT_EQ(live(whole.alice), 1u);
  for (std::size_t n = 0; n < whole.simulation.effects(); ++n) {
    Quiet job(1);
    job.simulation.fail_effect(n);
    job.run();
    job.simulation.pass(std::chrono::minutes(3));
    ASSERT_EQ(live(job.alice), live(job.bob)) << "effect " << n;
    EXPECT_EQ(job.alice.engine->census().connections, live(job.alice)) << "effect " << n;
    job.leave();
    job.expect_nothing_left(n);
  }
}

TEST(Establishment, WhoIsForgottenIsHungUpOn) {
  Quiet job(3);
  job.go_online_and_pair();
  job.simulation.settle();
  ASSERT_EQ(live(job.alice), 1u);
  const auto key = job.alice.last<Connected>()->key;
  job.alice.command(Forget{key});
  job.simulation.settle();
  EXPECT_EQ(live(job.alice), 0u);
  EXPECT_EQ(live(job.bob), 0u);
  job.bob.command(SendText{job.connection_of(job.bob), TextId{1}, Plaintext("still here?")});
  job.simulation.settle();
  EXPECT_TRUE(job.alice.texts().empty());
  EXPECT_EQ(job.bob.last<TextFailed>()->fault, Fault::not_connected);
}

TEST(Establishment, AFileOfWhoIsForgottenEndsForThatReason) {
  MainJob job(3, 5'000'000);
  job.go_online_and_pair();
  while (!job.alice.last<FileProgress>()) job.simulation.settle(1);
  job.alice.command(Forget{job.bob.engine->public_key()});
  job.simulation.settle();
  EXPECT_EQ(job.alice.last<FileFailed>()->fault, Fault::peer_not_known);
  EXPECT_EQ(job.alice.kept.size(), 1u) << "it goes on when the peer is let in again";
  EXPECT_TRUE(job.bob.last<FileFailed>());
  EXPECT_EQ(live(job.alice) + live(job.bob), 0u);
}

// Nobody can be sent anything before the handshake: it is refused at once, and nothing is lost
// silently.
TEST(Establishment, APendingPeerCannotBeSentAnything) {
  Quiet job(2);
  job.go_online_and_pair();
  std::size_t refused = 0;
  while (!job.bob.last<Connected>()) {
    job.simulation.settle(1);
    if (!job.bob.last<Connecting>() || job.bob.last<Connected>()) continue;
    job.bob.command(SendText{job.connection_of(job.bob), TextId{1}, Plaintext("too early")});
    ++refused;
    ASSERT_EQ(job.bob.count<TextFailed>(), refused);
    EXPECT_EQ(job.bob.last<TextFailed>()->fault, Fault::not_connected);
  }
  EXPECT_GT(refused, 10u);
  job.simulation.settle();
  EXPECT_EQ(job.alice.texts().size(), 0u);
  EXPECT_EQ(live(job.alice), 1u);
}

// What the peer says in the moment between its proof and our book's answer is told after
// `Connected`, also if it has left by then.
TEST(Establishment, WhatComesBeforeTheBookAnswersIsKept) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Quiet job(seed);
    job.bob.react = [](Node& self, const Notice& notice) {
      if (const auto* connected = std::get_if<Connected>(&notice)) {
        self.command(SendText{connected->connection, TextId{1}, Plaintext("and gone")});
        self.command(CloseConnection{connected->connection});
      }
    };
    job.go_online_and_pair();
    job.simulation.settle();
    ASSERT_EQ(job.alice.texts().size(), 1u) << "seed " << seed;
    std::vector<std::size_t> order;  // by the kind of notice
    for (const auto& notice : job.alice.notices)
      if (std::holds_alternative<Connected>(notice) ||
          std::holds_alternative<LetterReceived>(notice) || std::holds_alternative<Closed>(notice))
        order.push_back(notice.index());
    EXPECT_EQ(order, (std::vector{Notice(Connected{}).index(), Notice(LetterReceived{}).index(),
                                  Notice(Closed{}).index()}))
        << "seed " << seed;
  }
}

TEST(Establishment, ABookThatCannotBeWrittenIsTheEndOfTheLink) {
  Quiet job(4);
  job.alice.book_is_broken = true;
  job.go_online_and_pair();
  job.simulation.settle();
  ASSERT_NE(job.alice.last<Closed>(), nullptr);
  EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::store_failed);
  EXPECT_EQ(job.alice.count<Connected>(), 0u);
  EXPECT_EQ(live(job.bob), 0u);
  EXPECT_EQ(job.bob.last<Closed>()->fault, Fault::peer_store_failed) << "it hears why";
  job.leave();
  job.expect_nothing_left(4);
}

// Silence instead of a failure: every awaited answer may never come, and each wait has an end.
TEST(Establishment, EveryAwaitedAnswerMayNeverCome) {
  Quiet whole(1);
  whole.go_online_and_pair();
  whole.simulation.settle();
  for (std::size_t n = 0; n < whole.simulation.effects(); ++n) {
    Quiet job(1);
    job.simulation.swallow_effect(n);
    job.run();
    job.simulation.pass(std::chrono::minutes(10));
    for (auto* node : {&job.alice, &job.bob})
      EXPECT_EQ(node->engine->census().connections, live(*node)) << node->name << ", effect " << n;
    job.leave();
    job.expect_nothing_left(n);
  }
}

// The user gives up at every moment, on either side.
TEST(Establishment, CancellationAtAnyMomentLeavesNothing) {
  Quiet whole(1);
  whole.go_online_and_pair();
  std::size_t steps = 0;
  for (; live(whole.alice) == 0 || live(whole.bob) == 0; ++steps) whole.simulation.settle(1);
  for (const bool by_alice : {true, false})
    for (std::size_t n = 0; n < steps; ++n) {
      Quiet job(1);
      job.go_online_and_pair();
      job.simulation.settle(n);
      auto& who = by_alice ? job.alice : job.bob;
      const bool has_begun = who.last<Connecting>() != nullptr;
      if (has_begun) who.command(CloseConnection{job.connection_of(who)});
      job.simulation.pass(std::chrono::minutes(3));
      if (has_begun) {
        EXPECT_EQ(live(job.alice), 0u) << "step " << n;
        EXPECT_EQ(live(job.bob), 0u) << "step " << n;
      }
      job.leave();
      job.expect_nothing_left(n);
    }
}

// ---- who survives -------------------------------------------------------------------------------

// A match that is made while the pair is connected: the old connection serves until the keys of the
// new one are proven, and then there is one.
TEST(Establishment, ANewMatchTakesThePlaceOfTheOldOneOnceItIsProven) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Quiet job(seed);
    job.go_online_and_pair();
    job.simulation.settle();
    ASSERT_EQ(live(job.alice), 1u);
    job.bob.command(Pair{job.alice.last<Online>()->code});
    job.simulation.settle();
    ASSERT_EQ(job.alice.count<Connected>(), 2u) << "seed " << seed;
    ASSERT_EQ(job.bob.count<Connected>(), 2u) << "seed " << seed;
    EXPECT_EQ(live(job.alice), 1u) << "seed " << seed;
    EXPECT_EQ(live(job.bob), 1u) << "seed " << seed;
    job.bob.command(
        SendText{job.bob.last<Connected>()->connection, TextId{1}, Plaintext("still there")});
    job.simulation.settle();
    EXPECT_EQ(job.alice.texts().size(), 1u);
    job.leave();
    job.expect_nothing_left(seed);
  }
}

TEST(Establishment, ANewMatchThatFailsLeavesTheOldConnectionAlone) {
  Quiet job(5);
  job.go_online_and_pair();
  job.simulation.settle();
  const auto connection = job.bob.last<Connected>()->connection;
  job.bob.tamper_certificate = job.alice.tamper_certificate = true;
  job.bob.command(Pair{job.alice.last<Online>()->code});
  job.simulation.pass(std::chrono::minutes(3));
  EXPECT_EQ(job.bob.count<Connected>(), 1u);
  EXPECT_EQ(live(job.bob), 1u);
  job.bob.command(SendText{connection, TextId{1}, Plaintext("still there")});
  job.simulation.settle();
  EXPECT_EQ(job.alice.texts().size(), 1u);
}

// It comes back under another code with the same key: a new process of the same machine.
TEST(Establishment, APeerThatComesBackReplacesItself) {
  Quiet job(6);
  job.go_online_and_pair();
  job.simulation.settle();
  job.bob.vanish();
  job.bob.command(GoOffline{});
  job.simulation.settle();
  job.bob.command(GoOnline{});
  job.simulation.settle();
  job.bob.command(Pair{job.alice.last<Online>()->code});
  job.simulation.settle();
  EXPECT_EQ(job.alice.count<Connected>(), 2u);
  EXPECT_EQ(live(job.alice), 1u);
}

// ---- whom to believe ----------------------------------------------------------------------------

/// Alice knows another Bob, and is asked by this one.
struct TwoBobs : Quiet {
  const PublicKey old{SeededRng(77).rng().bytes<32>()};

  TwoBobs(bool is_accepted, bool is_blocked = false) : Quiet(7) {
    alice.command(Know{{old, Plaintext("Bob"), {}, is_blocked, true}});
    alice.react = [=](Node& self, const Notice& notice) {
      if (const auto* asked = std::get_if<PairRequested>(&notice))
        self.command(AnswerPair{asked->from, is_accepted});
    };
    go_online_and_pair();
    simulation.pass(std::chrono::minutes(1));
  }
};

TEST(Establishment, AnotherKeyUnderAKnownNameIsAskedAboutAndRefused) {
  TwoBobs job(false);
  EXPECT_EQ(job.alice.last<PairRequested>()->namesake, job.old);
  const auto* failed = job.alice.last<PairFailed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->fault, Fault::peer_key_changed);
  EXPECT_EQ(failed->about->key, job.old);
  EXPECT_EQ(failed->about->name, Plaintext("Bob"));
  const auto& offered = job.alice.offered.at(job.old);
  EXPECT_EQ(offered.offered, job.bob.engine->public_key());
  EXPECT_EQ(offered.standing, KeyStanding::claimed) << "anybody can ask under any name";
  EXPECT_EQ(job.bob.last<PairFailed>()->fault, Fault::pair_refused);
  EXPECT_EQ(live(job.alice) + live(job.bob), 0u);
}

TEST(Establishment, AnotherKeyUnderAKnownNameCanBeSomebodyElse) {
  TwoBobs job(true);
  EXPECT_EQ(job.alice.count<Connected>(), 1u);
  EXPECT_EQ(job.alice.count<NameTaken>(), 0u) << "it was asked about already";
  EXPECT_FALSE(job.alice.last<Connected>()->instead_of);
  EXPECT_TRUE(job.alice.offered.empty());
  EXPECT_EQ(job.alice.remembered, std::vector{job.bob.engine->public_key()});
  EXPECT_EQ(live(job.alice), 1u);
  job.bob.command(Leave{});
  job.simulation.settle();
  job.bob.command(GoOnline{});
  job.simulation.settle();
  job.go_online_and_pair();
  job.simulation.settle();
  ASSERT_EQ(job.alice.count<PairRequested>(), 2u);
  EXPECT_FALSE(job.alice.last<PairRequested>()->namesake) << "both are known now";
}

TEST(Establishment, NobodyIsAskedAboutTheNameOfABlockedPeer) {
  TwoBobs job(true, true);
  EXPECT_EQ(job.alice.count<PairRequested>(), 0u);
  EXPECT_EQ(job.alice.last<PairFailed>()->fault, Fault::peer_key_changed);
}

/// The one who asks hears the name with the handshake only: Bob knows another Alice.
struct TwoAlices : Quiet {
  const PublicKey old{SeededRng(78).rng().bytes<32>()};

  TwoAlices() : Quiet(8) {
    bob.command(Know{{old, Plaintext("alice"), {}, false, true}});
    go_online_and_pair();
    simulation.settle();
  }
  void expect_refused() {
    EXPECT_EQ(bob.count<Connected>(), 0u);
    ASSERT_TRUE(bob.last<Closed>());
    EXPECT_EQ(bob.last<Closed>()->fault, Fault::peer_key_changed);
    EXPECT_FALSE(bob.last<Closed>()->was_connected);
    EXPECT_EQ(bob.last<Closed>()->about->key, old);
    EXPECT_EQ(bob.offered.at(old).offered, alice.engine->public_key());
    EXPECT_EQ(bob.offered.at(old).standing, KeyStanding::proven);
    EXPECT_EQ(alice.last<Closed>()->fault, Fault::pair_refused) << "it hears why";
    EXPECT_EQ(live(alice) + live(bob), 0u);
  }
};

TEST(Establishment, TheOneWhoAsksIsAskedBeforeThePeerIsConnected) {
  TwoAlices job;
  const auto* taken = job.bob.last<NameTaken>();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->namesake, job.old);
  EXPECT_EQ(taken->key, job.alice.engine->public_key());
  EXPECT_EQ(job.bob.count<Connected>(), 0u);
  EXPECT_TRUE(job.bob.remembered.empty());
  job.bob.command(AnswerName{taken->connection, true});
  job.simulation.settle();
  EXPECT_EQ(job.bob.count<Connected>(), 1u);
  EXPECT_EQ(job.bob.remembered, std::vector{job.alice.engine->public_key()});
  EXPECT_EQ(live(job.alice), 1u);
  EXPECT_EQ(live(job.bob), 1u);
}

TEST(Establishment, TheOneWhoAsksMayRefuse) {
  TwoAlices job;
  job.bob.command(AnswerName{job.bob.last<NameTaken>()->connection, false});
  job.simulation.pass(std::chrono::minutes(1));
  job.expect_refused();
}

TEST(Establishment, WhoDoesNotSayWhoSomebodyIsHasRefused) {
  TwoAlices job;
  job.simulation.pass(std::chrono::minutes(1));
  EXPECT_EQ(job.bob.count<Closed>(), 0u);
  job.simulation.pass(std::chrono::minutes(2));
  job.expect_refused();
}

TEST(Establishment, APeerThatLeavesBeforeItIsKnownWhoItIsLeavesNothing) {
  TwoAlices job;
  job.alice.command(Leave{});
  job.simulation.pass(std::chrono::minutes(3));
  EXPECT_EQ(job.bob.count<Connected>(), 0u);
  EXPECT_EQ(live(job.alice) + live(job.bob), 0u);
  job.bob.command(AnswerName{job.bob.last<NameTaken>()->connection, true});
  job.simulation.settle();
  EXPECT_EQ(job.bob.count<Connected>(), 0u) << "too late";
}

TEST(Establishment, WhatAnotherProcessHasDoneToTheBookIsTold) {
  Quiet job(11);
  const PublicKey key{SeededRng(79).rng().bytes<32>()};
  const auto told = [&] { return job.alice.count<PeerBookChanged>(); };
  job.alice.command(Know{{key, Plaintext("Cem"), {}, false, true}});
  job.simulation.settle();
  ASSERT_EQ(told(), 1u);
  EXPECT_TRUE(job.alice.last<PeerBookChanged>()->is_welcome);
  job.alice.command(Know{{key, Plaintext("Kemal"), {}, false, true}});
  job.simulation.settle();
  EXPECT_EQ(told(), 1u) << "a name is no news";
  job.alice.command(Know{{key, Plaintext("Kemal"), {}, true, true}});
  job.simulation.settle();
  EXPECT_FALSE(job.alice.last<PeerBookChanged>()->is_welcome);
  job.alice.command(Know{{key, Plaintext("Kemal"), {}, false, true}});
  job.alice.command(Forget{key});
  job.simulation.settle();
  EXPECT_EQ(told(), 4u);
  EXPECT_FALSE(job.alice.last<PeerBookChanged>()->is_welcome);
}

TEST(Establishment, ABlockedKeyIsRefusedWithoutAQuestion) {
  Quiet job(9);
  job.alice.command(Know{{job.bob.engine->public_key(), Plaintext("bob"), {}, true, true}});
  job.go_online_and_pair();
  job.simulation.settle();
  EXPECT_EQ(job.alice.count<PairRequested>(), 0u);
  EXPECT_EQ(job.bob.last<PairFailed>()->fault, Fault::pair_refused);
}

TEST(Establishment, BlockingEndsTheLiveConnection) {
  Quiet job(10);
  job.go_online_and_pair();
  job.simulation.settle();
  job.alice.command(Know{{job.bob.engine->public_key(), Plaintext("bob"), {}, true, true}});
  job.simulation.settle();
  EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::peer_blocked);
  EXPECT_EQ(live(job.alice) + live(job.bob), 0u);
  job.bob.command(Pair{job.alice.last<Online>()->code});
  job.simulation.settle();
  EXPECT_EQ(job.bob.last<PairFailed>()->fault, Fault::pair_refused);
}

TEST(Establishment, NobodyPairsWithThemselves) {
  Quiet job(1);
  job.alice.command(GoOnline{});
  job.simulation.settle();
  const auto own = job.alice.last<Online>()->code;
  job.alice.command(Pair{own});
  job.simulation.settle();
  ASSERT_EQ(job.alice.count<PairFailed>(), 1u);
  EXPECT_EQ(job.alice.last<PairFailed>()->fault, Fault::own_code);
  EXPECT_EQ(job.alice.count<PairRequested>(), 0u);
}

// Whoever names our own key is matched, so that another process of ours hears why; not so often
// that it keeps others waiting.
TEST(Establishment, WhoNamesOurOwnKeyIsToldSoSeldom) {
  Quiet job(1);
  auto& eve = job.simulation.add("eve");
  eve.claims = job.alice.engine->public_key();
  eve.restart();
  for (auto* node : {&job.alice, &eve}) node->command(GoOnline{});
  job.simulation.settle();
  std::vector<Fault> heard;
  for (int i = 0; i < 3; ++i) {
    eve.command(Pair{job.alice.last<Online>()->code});
    job.simulation.settle();
    heard.push_back(eve.last<PairFailed>()->fault);
    if (i == 1) job.simulation.pass(std::chrono::seconds(10));
  }
  EXPECT_EQ(heard[0], Fault::own_key);
  EXPECT_NE(heard[1], Fault::own_key);
  EXPECT_EQ(heard[2], Fault::own_key);
}

// Blocked in the moment between its proof and the book's answer: it never was connected, and what
// it has said is not shown.
TEST(Establishment, BlockingBeforeTheBookAnswersTellsNothingOfThePeer) {
  std::size_t moments = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Quiet job(seed);
    job.bob.react = [](Node& self, const Notice& notice) {
      if (const auto* connected = std::get_if<Connected>(&notice))
        self.command(SendText{connected->connection, TextId{1}, Plaintext("not to be shown")});
    };
    job.go_online_and_pair();
    while (job.alice.remembered.empty()) job.simulation.settle(1);
    if (job.alice.last<Connected>()) continue;
    ++moments;
    job.simulation.settle(seed % 4);
    if (job.alice.last<Connected>()) continue;
    job.alice.command(Know{{job.bob.engine->public_key(), Plaintext("bob"), {}, true, true}});
    job.simulation.settle();
    EXPECT_EQ(job.alice.count<Connected>() + job.alice.texts().size(), 0u) << seed;
    EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::peer_blocked) << seed;
    EXPECT_FALSE(job.alice.last<Closed>()->was_connected) << seed;
  }
  EXPECT_GT(moments, 20u);
}

// ---- many ---------------------------------------------------------------------------------------

// Two hundred ask one at the same time, and things fail at random: each ends as it should, and none
// disturbs another.
TEST(Establishment, TwoHundredAtOnceDoNotDisturbEachOther) {
  constexpr relay::Rate many{100'000, std::chrono::seconds(60)};
  relay::Limits crowd;  // all of them have one address here
  crowd.connections_per_address = crowd.matches_per_code = crowd.pending_per_target = 1'000;
  crowd.pending_per_target_and_address = 1'000;
  crowd.messages_per_socket = crowd.messages_per_address = crowd.registers_per_address = many;
  crowd.pair_requests_per_address = crowd.handshakes_per_address = many;
  Simulation simulation(11, crowd);
  auto& host = simulation.add("host");
  host.react = [](Node& self, const Notice& notice) {
    if (const auto* asked = std::get_if<PairRequested>(&notice))
      self.command(AnswerPair{asked->from, true});
  };
  host.command(GoOnline{});
  simulation.settle();
  std::vector<Node*> guests;
  for (int i = 0; i < 200; ++i) {
    auto& guest = simulation.add("guest" + std::to_string(i));
    guests.push_back(&guest);
    guest.book_is_broken = i % 7 == 3;
    guest.tamper_certificate = i % 11 == 5;
    guest.command(GoOnline{});
  }
  simulation.settle();
  for (auto* guest : guests) guest->command(Pair{host.last<Online>()->code});
  simulation.pass(std::chrono::minutes(3));
  std::size_t connected = 0;
  for (std::size_t i = 0; i < guests.size(); ++i) {
    const bool is_well = i % 7 != 3 && i % 11 != 5;
    const auto* failed = guests[i]->last<PairFailed>();
    EXPECT_EQ(live(*guests[i]), is_well ? 1u : 0u)
        << i << ": " << (failed ? info(failed->fault).name : "no pairing failed");
    connected += live(*guests[i]);
  }
  EXPECT_EQ(live(host), connected);
  EXPECT_EQ(host.engine->census().connections, connected);
  host.command(Leave{});
  for (auto* guest : guests) guest->command(Leave{});
  simulation.pass(std::chrono::minutes(15));
  EXPECT_EQ(host.engine->census(), Census{});
  EXPECT_EQ(simulation.live_transports(), 0u);
}

}  // namespace
}  // namespace culver::test
