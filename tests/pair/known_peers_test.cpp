// Whom an engine looks for and lets in by itself: nobody above it has to know the rules.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/pair/main_job.hpp"

namespace culver::test {
namespace {

using namespace engine;
using namespace std::chrono_literals;

/// Alice waits; nobody plays her user.
struct Meeting : MainJob {
  explicit Meeting(PairRequests requests = PairRequests::ask, bool only_one = false) : MainJob(1) {
    alice.react = bob.react = nullptr;
    alice.pair_requests = requests;
    alice.only_one = only_one;
    alice.restart();
  }
  void go_online(std::initializer_list<Node*> nodes) {
    for (auto* node : nodes) node->command(GoOnline{});
    simulation.settle();
  }
  void ask(Node& who) {
    who.command(Pair{alice.last<Online>()->code});
    simulation.settle();
  }
  /// As somebody else's hand in the book would.
  void introduce(Node& one, Node& other) {
    for (auto [node, peer] : {std::pair{&one, &other}, std::pair{&other, &one}}) {
      engine::Known known{peer->engine->public_key(), Plaintext(peer->name), {}};
      known.is_culver = true;
      node->book[known.key] = known;
      node->command(engine::Know{known});
    }
  }
};

TEST(KnownPeers, WhoComesIntoTheBookIsLookedFor) {
  Meeting job;
  job.go_online({&job.alice, &job.bob});
  for (auto* node : {&job.alice, &job.bob}) node->command(LookForKnown{});
  job.simulation.pass(6s);
  EXPECT_EQ(live(job.alice), 0u) << "nobody is known";
  job.introduce(job.alice, job.bob);
  job.simulation.pass(6s);
  EXPECT_EQ(live(job.alice), 1u);
  EXPECT_EQ(live(job.bob), 1u);
}

/// Whoever names a key and cannot confirm it plays the peer, or somebody is in between.
TEST(KnownPeers, WhoDoesNotShowTheKeyOfAKnownPeerIsToldOnce) {
  Meeting job;
  job.go_online({&job.alice, &job.bob});
  job.introduce(job.alice, job.bob);
  job.bob.tamper = [](connection::SendOn& frame) {
    if (frame.bytes.front() != std::byte{'{'}) frame.bytes[frame.bytes.size() / 2] ^= std::byte{1};
  };
  for (auto* node : {&job.alice, &job.bob}) node->command(LookForKnown{});
  job.simulation.pass(2min);
  EXPECT_EQ(job.alice.count<Connected>(), 0u);
  EXPECT_GT(job.alice.count<Closed>(), 1u);
  ASSERT_EQ(job.alice.count<ClaimFailed>(), 1u);
  EXPECT_EQ(job.alice.last<ClaimFailed>()->fault, Fault::key_mismatch);
  EXPECT_EQ(job.alice.last<ClaimFailed>()->key, job.bob.engine->public_key());
}

TEST(KnownPeers, NobodyIsLookedForWhenThatHasEnded) {
  Meeting job;
  job.go_online({&job.alice, &job.bob});
  job.introduce(job.alice, job.bob);
  for (auto* node : {&job.alice, &job.bob}) {
    node->command(LookForKnown{});
    node->command(StopLookingForKnown{});
  }
  job.simulation.pass(6s);
  EXPECT_EQ(live(job.alice), 0u);
}

TEST(KnownPeers, WhoWasLetInIsLookedForFromThenOn) {
  Meeting job(PairRequests::accept);
  job.go_online({&job.alice, &job.bob});
  for (auto* node : {&job.alice, &job.bob}) node->command(LookForKnown{});
  job.ask(job.bob);
  ASSERT_EQ(live(job.alice), 1u);
  EXPECT_TRUE(job.alice.last<PairRequested>()->is_accepted);
  job.bob.restart();
  job.bob.command(LookForKnown{});
  job.bob.command(GoOnline{});
  job.simulation.pass(30s);
  EXPECT_EQ(live(job.alice), 1u);
  EXPECT_EQ(live(job.bob), 1u) << "without a code";
}

TEST(KnownPeers, NobodyIsAcceptedUnderAnothersName) {
  Meeting job(PairRequests::accept);
  auto& other = job.simulation.add("other");
  job.go_online({&job.alice, &job.bob, &other});
  engine::Known known{other.engine->public_key(), Plaintext("bob"), {}};
  job.alice.command(engine::Know{known});
  job.ask(job.bob);
  EXPECT_EQ(live(job.alice), 0u);
  EXPECT_EQ(job.alice.count<PairRequested>(), 0u);
  EXPECT_EQ(job.alice.last<PairFailed>()->fault, Fault::peer_key_changed);
  EXPECT_TRUE(job.alice.offered.contains(known.key));
  EXPECT_EQ(job.bob.last<PairFailed>()->fault, Fault::pair_refused);
}

TEST(KnownPeers, WhoWasForgottenMeanwhileIsAskedAbout) {
  Meeting job(PairRequests::accept);
  job.go_online({&job.alice, &job.bob});
  job.introduce(job.alice, job.bob);
  job.alice.command(Forget{job.bob.engine->public_key()});
  job.ask(job.bob);
  ASSERT_EQ(job.alice.count<PairRequested>(), 1u);
  EXPECT_TRUE(job.alice.last<PairRequested>()->was_forgotten);
  EXPECT_FALSE(job.alice.last<PairRequested>()->is_accepted);
  EXPECT_EQ(live(job.alice), 0u);
  job.alice.command(AnswerPair{job.alice.last<PairRequested>()->from, true});
  job.simulation.settle();
  EXPECT_EQ(live(job.alice), 1u);
}

TEST(KnownPeers, WhereAllAreRefusedNobodyIsAsked) {
  Meeting job(PairRequests::refuse);
  job.go_online({&job.alice, &job.bob});
  job.ask(job.bob);
  EXPECT_EQ(job.alice.count<PairRequested>(), 0u);
  EXPECT_EQ(job.bob.last<PairFailed>()->fault, Fault::pair_refused);
}

TEST(KnownPeers, WhoWaitsIsRefusedWhenTheOnePlaceIsTaken) {
  Meeting job(PairRequests::ask, true);
  auto& cleo = job.simulation.add("cleo");
  auto& dan = job.simulation.add("dan");
  job.go_online({&job.alice, &job.bob, &cleo, &dan});
  job.ask(job.bob);
  const auto bobs = job.alice.last<PairRequested>()->from;
  job.ask(cleo);
  const auto cleos = job.alice.last<PairRequested>()->from;
  job.alice.command(AnswerPair{bobs, true});
  job.simulation.settle();
  EXPECT_EQ(live(job.alice), 1u);
  ASSERT_EQ(job.alice.count<PairWithdrawn>(), 1u);
  EXPECT_EQ(job.alice.last<PairWithdrawn>()->from, cleos);
  EXPECT_TRUE(job.alice.last<PairWithdrawn>()->is_place_taken);
  EXPECT_EQ(cleo.last<PairFailed>()->fault, Fault::pair_refused);
  job.alice.command(AnswerPair{cleos, true});
  job.simulation.settle();
  EXPECT_EQ(live(job.alice), 1u) << "the person's answer comes too late";
  EXPECT_EQ(live(cleo), 0u);
  job.ask(dan);
  EXPECT_EQ(job.alice.count<PairRequested>(), 2u) << "nobody is asked about him";
  EXPECT_EQ(dan.last<PairFailed>()->fault, Fault::pair_refused);
}

TEST(KnownPeers, NobodyElseIsLookedForWhileTheOnePlaceIsTaken) {
  Meeting job(PairRequests::accept, true);
  auto& cleo = job.simulation.add("cleo");
  job.go_online({&job.alice, &job.bob, &cleo});
  job.introduce(job.alice, cleo);
  job.ask(job.bob);
  ASSERT_EQ(live(job.alice), 1u);
  for (auto* node : {&job.alice, &cleo}) node->command(LookForKnown{});
  job.simulation.pass(6s);
  EXPECT_EQ(live(cleo), 0u);
}

}  // namespace
}  // namespace culver::test
