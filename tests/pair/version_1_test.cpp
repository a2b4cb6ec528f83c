// Two engines whose handshakes lose what version 2 needs: between Zajel's clients and us nothing
// confirms, and all connections have one key. What they say must come all the same, once.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "core/wire/peer.hpp"
#include "tests/pair/main_job.hpp"

namespace culver::test {
namespace {

using namespace engine;
using namespace std::chrono_literals;

void make_version_1(connection::SendOn& frame) {
  const auto parsed = wire::peer::parse_messages_frame(as_text(frame.bytes));
  if (!parsed || !std::holds_alternative<wire::peer::Handshake>(*parsed)) return;
  auto handshake = std::get<wire::peer::Handshake>(*parsed);
  handshake.ephemeral.reset();
  handshake.file_acks = false;
  const auto text = print(handshake);
  const auto bytes = as_bytes(text);
  frame.bytes.assign(bytes.begin(), bytes.end());
}

/// Alice takes every pairing; neither says anything by itself.
struct Old : MainJob {
  explicit Old(std::uint64_t seed) : MainJob(seed) {
    alice.tamper = bob.tamper = make_version_1;
    bob.react = nullptr;
  }
  void say(Node& from, std::string text) {
    from.command(SendText{from.last<Connecting>()->connection, TextId{++said}, Plaintext(text)});
  }
  std::uint64_t said = 0;
};

/// What was told of one connection, by name, in order.
template <class... Kinds>
std::vector<std::size_t> order_of(const Node& node) {
  std::vector<std::size_t> order;
  for (const auto& notice : node.notices)
    if ((std::holds_alternative<Kinds>(notice) || ...)) order.push_back(notice.index());
  return order;
}

TEST(Version1, WhatComesBeforeItIsKnownWhatWasTakenWaits) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Old job(seed);
    job.alice.reads_frames_late = true;
    job.go_online_and_pair();
    job.simulation.settle();
    ASSERT_EQ(job.alice.count<Unproven>(), 1u) << seed;
    job.say(job.bob, "one");
    job.say(job.bob, "two");
    job.simulation.settle();
    EXPECT_TRUE(job.alice.texts().empty()) << seed;
    EXPECT_EQ(job.alice.count<Connected>(), 0u) << seed;
    job.alice.read_frames();
    job.simulation.settle();
    EXPECT_EQ(job.alice.texts(), (std::vector<std::string>{"one", "two"})) << seed;
    EXPECT_EQ(job.alice.count<Connected>(), 1u) << seed;
    EXPECT_EQ(job.alice.count<Closed>(), 0u) << seed;
    job.say(job.bob, "three");
    job.simulation.settle();
    EXPECT_EQ(job.alice.texts().size(), 3u) << "it reads on, seed " << seed;
    job.leave();
    job.expect_nothing_left(seed);
  }
}

/// It needs it no more, and says something when it is asked.
TEST(Version1, WhoLeavesTheServerBeforeItHasShownItsKeyStays) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Old job(seed);
    job.go_online_and_pair();
    job.simulation.settle();
    ASSERT_EQ(job.alice.count<Unproven>(), 1u) << seed;
    job.simulation.socket_closed(job.bob);
    job.simulation.server_down = true;
    job.bob.feed(ServerLost{Fault::server_lost});
    job.simulation.pass(1min);
    ASSERT_EQ(job.alice.count<Closed>(), 0u) << seed;
    job.say(job.bob, "still here");
    job.simulation.settle();
    EXPECT_EQ(job.alice.texts(), std::vector<std::string>{"still here"}) << seed;
  }
}

/// The path that carried it is gone when it is read.
TEST(Version1, WhoSaysSomethingAndLeavesBeforeThatIsHeard) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Old job(seed);
    job.alice.reads_frames_late = true;
    job.go_online_and_pair();
    job.simulation.settle();
    job.say(job.bob, "and gone");
    job.bob.command(CloseConnection{job.bob.last<Connecting>()->connection});
    job.simulation.settle();
    job.alice.read_frames();
    job.simulation.settle();
    EXPECT_EQ(job.alice.texts(), std::vector<std::string>{"and gone"}) << seed;
  }
}

TEST(Version1, AStoreThatCannotSayWhatWasTakenEndsTheConnection) {
  for (const bool answers : {true, false}) {
    Old job(1);
    job.alice.reads_frames_late = true;
    job.go_online_and_pair();
    job.simulation.settle();
    job.say(job.bob, "unread");
    job.simulation.settle();
    if (answers) job.alice.read_frames(Fault::store_failed);
    job.simulation.pass(1min);
    EXPECT_TRUE(job.alice.texts().empty());
    ASSERT_EQ(job.alice.count<Closed>(), 1u) << answers;
    EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::store_failed);
  }
}

/// A reply comes while we hang up, and is the first frame of its sender.
TEST(Version1, AReplyToOneWhoIsLeavingIsShown) {
  std::size_t shown = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Old job(seed);
    job.bob.reads_frames_late = seed % 2 == 0;
    job.go_online_and_pair();
    job.simulation.settle();
    ASSERT_EQ(job.bob.count<Unproven>(), 1u) << seed;
    job.say(job.alice, "hello");
    job.bob.command(CloseConnection{job.bob.last<Connecting>()->connection});
    job.simulation.settle();
    job.bob.read_frames();
    job.simulation.pass(10s);
    const auto texts = job.bob.texts().size();
    EXPECT_GE(texts, job.alice.count<TextDelivered>()) << seed;
    shown += texts;
    const auto index = [](auto notice) { return Notice(std::move(notice)).index(); };
    if (texts > 0) {
      EXPECT_EQ((order_of<Unproven, Connected, TextReceived, Closed>(job.bob)),
                (std::vector{index(Unproven{}), index(Connected{}), index(TextReceived{}),
                             index(Closed{})}))
          << seed;
    }
    job.leave();
    job.expect_nothing_left(seed);
  }
  EXPECT_GT(shown, 20u);
}

TEST(Version1, OneThatIsProvenWhileItEndsReplacesNothing) {
  std::size_t proven = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Old job(seed);
    job.go_online_and_pair();
    job.simulation.settle();
    job.say(job.alice, "first");
    job.say(job.bob, "first");
    job.simulation.settle();
    ASSERT_EQ(job.bob.count<Connected>(), 1u) << seed;
    const auto old = job.bob.last<Connected>()->connection;
    job.bob.command(Pair{job.alice.last<Online>()->code});
    job.simulation.settle();
    ASSERT_EQ(job.bob.count<Unproven>(), 2u) << seed;
    job.say(job.alice, "second");
    job.bob.command(CloseConnection{job.bob.last<Connecting>()->connection});
    job.simulation.settle();
    EXPECT_EQ(job.bob.count<Connected>(), job.bob.texts().size()) << seed;
    proven += job.bob.count<Connected>() == 2;
    const auto is_replaced = [](const Notice& notice) {
      const auto* closed = std::get_if<Closed>(&notice);
      return closed != nullptr && closed->fault == Fault::replaced;
    };
    EXPECT_TRUE(std::ranges::none_of(job.bob.notices, is_replaced)) << seed;
    job.bob.command(SendText{old, TextId{9}, Plaintext("still there")});
    job.simulation.settle();
    EXPECT_EQ(job.alice.texts().size(), 2u) << seed;
  }
  EXPECT_GT(proven, 10u);
}

/// One machine has begun a lesser connection when another of the same key is known as a Culver's.
TEST(Version1, WhatWasBegunBeforeAKeyWasKnownAsACulversEndsWithIt) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Old job(seed);
    auto& newer = job.simulation.add("newer");
    newer.take_identity_of(job.bob);
    job.go_online_and_pair();
    job.simulation.settle();
    ASSERT_EQ(job.alice.count<Unproven>(), 1u) << seed;
    const auto lesser = job.alice.last<Connecting>()->connection;
    job.alice.tamper = nullptr;
    newer.command(GoOnline{});
    job.simulation.settle();
    newer.command(Pair{job.alice.last<Online>()->code});
    job.simulation.settle();
    ASSERT_EQ(job.alice.count<Connected>(), 1u) << seed;
    EXPECT_TRUE(job.alice.last<Connected>()->is_culver) << seed;
    const auto is_downgrade = [&](const Notice& notice) {
      const auto* closed = std::get_if<Closed>(&notice);
      return closed && closed->connection == lesser && closed->fault == Fault::peer_downgraded;
    };
    EXPECT_TRUE(std::ranges::any_of(job.alice.notices, is_downgrade)) << seed;
    job.say(job.bob, "in the lesser form");
    job.simulation.settle();
    EXPECT_EQ(job.alice.count<Connected>(), 1u) << seed;
    EXPECT_EQ(live(job.alice), 1u) << seed;
    EXPECT_TRUE(job.alice.texts().empty()) << seed;
  }
}

/// The same where the lesser one is proven while the disk still writes down what the other is.
TEST(Version1, ALesserConnectionThatIsProvenAfterwardsIsNone) {
  std::size_t refused = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Old job(seed);
    auto& newer = job.simulation.add("newer");
    newer.take_identity_of(job.bob);
    job.go_online_and_pair();
    newer.command(GoOnline{});
    job.simulation.settle();
    job.alice.tamper = nullptr;
    newer.command(Pair{job.alice.last<Online>()->code});
    job.simulation.settle(1 + seed);
    job.say(job.bob, "in the lesser form");
    job.simulation.settle();
    bool is_known = false;
    std::set<ConnectionId> let_in;
    for (const auto& notice : job.alice.notices) {
      if (const auto* text = std::get_if<TextReceived>(&notice)) {
        EXPECT_TRUE(let_in.contains(text->connection)) << seed << ": of one that was refused";
      }
      const auto* connected = std::get_if<Connected>(&notice);
      if (!connected) continue;
      let_in.insert(connected->connection);
      EXPECT_TRUE(connected->is_culver || !is_known) << seed;
      is_known = is_known || connected->is_culver;
    }
    EXPECT_TRUE(is_known) << seed;
    refused += job.alice.texts().empty();
  }
  EXPECT_GT(refused, 20u);
  EXPECT_LT(refused, 200u) << "some came before";
}

/// Two processes of one data folder have the same key, and each its own memory.
TEST(Version1, WhatAnotherProcessHasTakenProvesNothingAndIsNotShown) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Old job(seed);
    job.alice.another_takes_frames = true;
    job.go_online_and_pair();
    job.simulation.settle();
    job.say(job.bob, "once more");
    job.say(job.bob, "and again");
    job.simulation.settle();
    EXPECT_EQ(job.alice.count<Connected>(), 0u) << seed;
    EXPECT_TRUE(job.alice.texts().empty()) << seed;
    ASSERT_EQ(job.alice.count<Closed>(), 1u) << seed;
    EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::replayed) << seed;
    job.leave();
    job.expect_nothing_left(seed);
  }
}

/// Another process has seen that the key is a Culver's, and the book says so here.
TEST(Version1, AConnectionEndsWhenTheBookKnowsMoreOfItsKey) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Old job(seed);
    job.go_online_and_pair();
    job.simulation.settle();
    if (seed % 2 == 0) job.say(job.bob, "hello");
    job.simulation.settle();
    ASSERT_EQ(job.alice.count<Connected>(), seed % 2 == 0 ? 1u : 0u) << seed;
    Known known{job.bob.engine->public_key(), Plaintext("Bob"), std::nullopt};
    known.is_culver = true;
    job.alice.command(Know{std::move(known)});
    job.simulation.settle();
    ASSERT_EQ(job.alice.count<Closed>(), 1u) << seed;
    EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::peer_downgraded) << seed;
  }
}

/// It was proven by a text while the store was slow, and refused before the store had answered.
TEST(Version1, NothingIsShownOfOneThatWasRefusedMeanwhile) {
  Old job(1);
  job.alice.keeps_frames_late = true;
  job.go_online_and_pair();
  job.simulation.settle();
  job.say(job.bob, "hello");
  job.simulation.settle();
  ASSERT_EQ(job.alice.frames_to_keep.size(), 1u);
  Known known{job.bob.engine->public_key(), Plaintext("Bob"), std::nullopt};
  known.is_culver = true;
  job.alice.command(Know{std::move(known)});
  for (const auto& frame : job.alice.frames_to_keep)
    job.alice.feed(FrameKept{frame.key, frame.nonce, true});
  job.simulation.settle();
  EXPECT_TRUE(job.alice.texts().empty());
  EXPECT_EQ(job.alice.count<Connected>(), 0u);
  ASSERT_EQ(job.alice.count<Closed>(), 1u);
  EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::peer_downgraded);
}

/// Nobody typed a code, and the verbs say nothing of a try that comes to nothing: of this they do.
TEST(Version1, AKnownCulverThatComesWithLessIsToldOnceUntilItComesInFull) {
  Old job(1);
  job.alice.react = nullptr;
  for (auto [node, other] : {std::pair{&job.alice, &job.bob}, std::pair{&job.bob, &job.alice}}) {
    Known known{other->engine->public_key(), Plaintext(other->name), {}};
    known.is_culver = node == &job.alice;
    node->book[known.key] = known;
    node->command(Know{known});
    node->command(GoOnline{});
    node->command(LookForKnown{});
  }
  job.simulation.pass(2min);
  ASSERT_GT(job.alice.count<Closed>(), 1u) << "it tries again and again";
  ASSERT_EQ(job.alice.count<ClaimFailed>(), 1u);
  EXPECT_EQ(job.alice.last<ClaimFailed>()->key, job.bob.engine->public_key());
  EXPECT_EQ(job.alice.last<ClaimFailed>()->name, Plaintext("bob"));
  EXPECT_EQ(job.alice.last<ClaimFailed>()->fault, Fault::peer_downgraded);
  job.alice.tamper = job.bob.tamper = nullptr;
  job.simulation.pass(5min);
  ASSERT_EQ(job.alice.count<Connected>(), 1u);
  job.alice.tamper = job.bob.tamper = make_version_1;
  job.bob.command(CloseConnection{job.bob.last<Connected>()->connection});
  job.simulation.pass(10min);
  EXPECT_EQ(job.alice.count<ClaimFailed>(), 2u) << "it is news again";
}

/// The newer one is connected when the older is over, and not five seconds before.
TEST(Version1, AnOlderConnectionIsOverBeforeTheNewerIsTold) {
  MainJob job(1);
  job.bob.react = nullptr;
  job.go_online_and_pair();
  job.simulation.settle();
  ASSERT_EQ(job.alice.count<Connected>(), 1u);
  job.bob.command(Pair{job.alice.last<Online>()->code});
  job.simulation.settle();
  ASSERT_EQ(job.alice.count<Connected>(), 2u);
  const auto index = [](auto notice) { return Notice(std::move(notice)).index(); };
  EXPECT_EQ((order_of<Connected, Closed>(job.alice)),
            (std::vector{index(Connected{}), index(Closed{}), index(Connected{})}));
}

}  // namespace
}  // namespace culver::test
