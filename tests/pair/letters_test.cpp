// Letters between two engines, with the real hub between them and stores that outlive them: each is
// delivered once and in order, whatever breaks and whoever is killed in between.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/simulation.hpp"

namespace culver::test {
namespace {

using namespace engine;
using namespace std::chrono_literals;

/// What a person has seen, across the lives of the process.
struct Seen {
  std::vector<std::string> texts;
  std::vector<wire::peer::LetterName> letters;
};

/// Two who know each other and are not connected. Each shows what comes, and says so.
struct Correspondents {
  Simulation simulation;
  Node& alice;
  Node& bob;
  std::map<const Node*, Seen> seen;
  int posted = 0;

  explicit Correspondents(std::uint64_t seed)
      : simulation(seed), alice(simulation.add("alice")), bob(simulation.add("bob")) {
    for (auto* node : {&alice, &bob}) {
      auto& other = node == &alice ? bob : alice;
      const auto key = other.engine->public_key();
      node->book.insert_or_assign(key, Known{key, Plaintext(other.name), {}, false, true});
      node->react = [this](Node& self, const Notice& notice) { react(self, notice); };
      node->reborn = [](Node& self) { look(self); };
    }
    for (auto* node : {&alice, &bob}) node->restart();
  }

  void react(Node& self, const Notice& notice) {
    if (const auto* letter = std::get_if<LetterReceived>(&notice)) {
      auto& mine = seen[&self];
      mine.letters.push_back(letter->letter);
      mine.texts.push_back(letter->text.expose());
      self.command(Displayed{letter->held});
    }
    if (const auto* text = std::get_if<TextReceived>(&notice))
      seen[&self].texts.push_back(text->text.expose());
  }

  static void look(Node& node) {
    node.command(ShowHeld{});
    for (const auto& [key, known] : node.book) node.command(LookFor{key});
    node.command(GoOnline{});
  }
  const PublicKey& key_of(const Node& node) const { return node.engine->public_key(); }
  Node& other(const Node& node) { return &node == &alice ? bob : alice; }
  void post(Node& from, int count) {
    for (int i = 0; i < count; ++i)
      from.command(QueueText{key_of(other(from)), Plaintext(std::to_string(++posted))});
  }
  /// Each that was posted by the other one was shown, in order; again only as the same letter.
  void expect_all_shown_once(const Node& node, int count, std::size_t doubles = 0) {
    const auto& mine = seen[&node];
    std::vector<std::string> once;
    std::vector<wire::peer::LetterName> told;
    for (std::size_t i = 0; i < mine.letters.size(); ++i) {
      if (std::ranges::find(told, mine.letters[i]) != told.end()) continue;
      told.push_back(mine.letters[i]);
      once.push_back(mine.texts[i]);
    }
    std::vector<std::string> expected;
    for (int i = 1; i <= count; ++i) expected.push_back(std::to_string(i));
    EXPECT_EQ(once, expected);
    EXPECT_LE(mine.texts.size(), once.size() + doubles);
  }
};

TEST(Letters, WaitForWhoIsAwayAndComeOnceAndInOrder) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Correspondents two(seed);
    two.post(two.alice, 40);
    two.simulation.settle();
    EXPECT_EQ(two.alice.count<TextQueued>(), 40u);
    two.alice.crash();  // they wait on the disk, not in the process
    two.simulation.pass(2min);
    two.look(two.bob);
    two.simulation.pass(10s);
    two.expect_all_shown_once(two.bob, 40);
    EXPECT_EQ(two.alice.count<LetterDelivered>(), 40u);
    EXPECT_TRUE(two.alice.last<LetterDelivered>()->confirmed);
    EXPECT_EQ(two.alice.count<NothingWaits>(), 1u);
    EXPECT_TRUE(two.alice.letters.queue.empty()) << "seed " << seed;
    EXPECT_TRUE(two.bob.letters.held.empty()) << "seed " << seed;
  }
}

TEST(Letters, WhoIsThereGetsThemAtOnceInBothDirections) {
  Correspondents two(3);
  two.look(two.alice);
  two.look(two.bob);
  two.simulation.pass(6s);
  two.post(two.alice, 100);
  two.simulation.settle();
  two.expect_all_shown_once(two.bob, 100);
  two.posted = 0;
  two.post(two.bob, 1);
  two.simulation.settle();
  two.expect_all_shown_once(two.alice, 1);
  EXPECT_EQ(two.bob.last<LetterReceived>()->name, Plaintext("alice"));
  EXPECT_EQ(two.bob.last<LetterReceived>()->key, two.key_of(two.alice));
}

TEST(Letters, OfAnotherProcessAreSentWhenTheBookIsWritten) {
  Correspondents two(4);
  two.look(two.alice);
  two.look(two.bob);
  two.simulation.pass(6s);
  const wire::peer::LetterName name{wire::peer::SeriesId{}, 1};
  two.alice.letters.queue.push_back(
      {two.key_of(two.bob), {LetterId{7}, name, 0, Plaintext("from elsewhere")}});
  two.alice.feed(OutboxChanged{});
  two.simulation.settle();
  ASSERT_EQ(two.bob.count<LetterReceived>(), 1u);
  EXPECT_EQ(two.bob.last<LetterReceived>()->letter, name);
}

/// Two processes of Alice have read the same queue.
TEST(Letters, SentTwiceAreToldOnce) {
  Correspondents two(5);
  two.post(two.alice, 10);
  two.simulation.settle();
  const auto queue = two.alice.letters.queue;
  two.look(two.alice);
  two.look(two.bob);
  two.simulation.pass(6s);
  two.expect_all_shown_once(two.bob, 10);
  two.alice.letters.queue = queue;
  two.simulation.cut_all_connections();
  two.simulation.pass(20s);
  two.expect_all_shown_once(two.bob, 10);
  EXPECT_EQ(two.bob.count<LetterReceived>(), 10u);
  EXPECT_TRUE(two.alice.letters.queue.empty()) << "acknowledged again";
}

TEST(Letters, SurviveLossesAtRandomMoments) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Correspondents two(seed);
    SeededRng dice(seed + 1'000);
    two.post(two.alice, 60);
    two.look(two.alice);
    two.look(two.bob);
    for (int cut = 0; cut < 5; ++cut) {
      two.simulation.settle(dice.below(400));
      two.simulation.cut_all_connections();
      two.simulation.pass(10s * dice.below(2));
    }
    two.simulation.pass(2min);
    two.expect_all_shown_once(two.bob, 60);
    EXPECT_TRUE(two.alice.letters.queue.empty()) << "seed " << seed;
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
}

/// Either is killed in front of any effect, several times.
TEST(Letters, SurviveCrashesBetweenAnyTwoEffects) {
  std::size_t crashes = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Correspondents two(seed);
    SeededRng dice(seed + 2'000);
    two.post(two.alice, 40);
    two.simulation.settle();
    ASSERT_EQ(two.alice.count<TextQueued>(), 40u);
    for (auto* node : {&two.alice, &two.bob}) {
      node->dies_after = dice.below(120);
      node->reborn = [&](Node& self) {
        if (self.crashes < 3) self.dies_after = dice.below(120);
        Correspondents::look(self);
      };
      two.look(*node);
    }
    two.simulation.pass(5min);
    two.alice.dies_after = two.bob.dies_after = std::nullopt;
    two.simulation.pass(5min);
    two.expect_all_shown_once(two.bob, 40, 2 * two.bob.crashes);
    EXPECT_TRUE(two.alice.letters.queue.empty());
    EXPECT_TRUE(two.bob.letters.held.empty());
    crashes += two.alice.crashes + two.bob.crashes;
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(crashes, 300u);
}

TEST(Letters, OnesThatWereKeptAndNotShownAreShownByTheNextProcess) {
  Correspondents two(8);
  two.bob.react = nullptr;  // it shows nothing
  two.post(two.alice, 3);
  two.look(two.alice);
  two.look(two.bob);
  two.simulation.pass(6s);
  EXPECT_TRUE(two.alice.letters.queue.empty());
  EXPECT_EQ(two.bob.letters.held.size(), 3u);
  two.bob.react = [&](Node& self, const Notice& notice) { two.react(self, notice); };
  two.bob.crash();
  two.simulation.settle();
  two.expect_all_shown_once(two.bob, 3);
  EXPECT_TRUE(two.bob.letters.held.empty());
}

TEST(Letters, OfAPeerWithoutThemAreOrdinaryTexts) {
  for (const bool old_sender : {false, true}) {
    Correspondents two(9);
    (old_sender ? two.alice : two.bob).speaks_letters = false;
    two.alice.restart();
    two.bob.restart();
    two.post(two.alice, 20);
    two.look(two.alice);
    two.look(two.bob);
    two.simulation.pass(10s);
    EXPECT_EQ(two.bob.count<TextReceived>(), 20u);
    EXPECT_EQ(two.seen[&two.bob].texts.size(), 20u);
    EXPECT_EQ(two.alice.count<LetterDelivered>(), 20u);
    EXPECT_FALSE(two.alice.last<LetterDelivered>()->confirmed);
    EXPECT_TRUE(two.alice.letters.queue.empty());
  }
}

TEST(Letters, ForABlockedPeerWaitUntilItIsNot) {
  Correspondents two(10);
  two.post(two.alice, 2);
  auto bob = two.alice.book.begin()->second;
  bob.is_blocked = true;
  two.alice.command(Know{bob});
  two.look(two.alice);
  two.look(two.bob);
  two.simulation.pass(10min);
  EXPECT_EQ(two.alice.letters.queue.size(), 2u);
  bob.is_blocked = false;
  two.alice.command(Know{bob});
  two.alice.command(LookFor{bob.key});
  two.simulation.pass(2h);
  two.expect_all_shown_once(two.bob, 2);
}

TEST(Letters, OfABlockedPeerAreNotTold) {
  Correspondents two(11);
  two.bob.react = nullptr;
  two.post(two.alice, 2);
  two.look(two.alice);
  two.look(two.bob);
  two.simulation.pass(6s);
  two.bob.book.begin()->second.is_blocked = true;
  two.bob.crash();
  two.simulation.pass(6s);
  EXPECT_EQ(two.bob.count<LetterReceived>(), 0u);
  EXPECT_EQ(two.bob.letters.held.size(), 2u);
}

TEST(Letters, ForNobodyAndThoseThatCannotBeTextsAreRefused) {
  Correspondents two(12);
  const auto fault_of = [&](const PublicKey& key, std::string text) {
    two.alice.command(QueueText{key, Plaintext(std::move(text))});
    two.simulation.settle();
    return two.alice.last<TextNotQueued>()->fault;
  };
  const auto bob = two.key_of(two.bob);
  EXPECT_EQ(fault_of({}, "hello"), Fault::no_such_peer);
  EXPECT_EQ(fault_of(bob, std::string(wire::limits::text + 1, 'a')), Fault::text_too_long);
  EXPECT_EQ(fault_of(bob, "\xff"), Fault::malformed);
  EXPECT_EQ(two.alice.count<TextQueued>(), 0u);
}

TEST(Letters, AsLargeAsATextMayBeAndStrange) {
  Correspondents two(13);
  const std::vector<std::string> texts{std::string(wire::limits::text, 'x'), "typ:start", "",
                                       std::string("a\0b", 3), "\xe2\x80\x8bgrp:"};
  for (const auto& text : texts) two.alice.command(QueueText{two.key_of(two.bob), Plaintext(text)});
  two.look(two.alice);
  two.look(two.bob);
  two.simulation.pass(6s);
  EXPECT_EQ(two.seen[&two.bob].texts, texts);
}

TEST(Letters, AStoreThatDoesNotAnswerEndsTheConnectionAndIsAskedAgain) {
  for (std::size_t n = 0; n < 60; ++n)
    for (const bool silent : {false, true}) {
      Correspondents two(14);
      two.post(two.alice, 5);
      two.simulation.settle();
      const auto begun = two.simulation.effects();
      two.look(two.alice);
      two.look(two.bob);
      if (silent)
        two.simulation.swallow_effect(begun + n);
      else
        two.simulation.fail_effect(begun + n);
      two.simulation.pass(15min);
      const auto gave_up = [](const Node& node) {
        return node.last<Offline>() && !node.last<Offline>()->retrying;
      };
      if (gave_up(two.alice) || gave_up(two.bob)) continue;
      if (silent) {  // a frame that no transport would lose: what it was goes over the next
                     // connection
        two.simulation.cut_all_connections();
        two.simulation.pass(2min);
      }
      two.expect_all_shown_once(two.bob, 5);
      ASSERT_FALSE(testing::Test::HasFailure()) << "effect " << n << " silent " << silent;
    }
}

/// As two `culver send` do it: each goes when its own text has arrived.
void talk_and_leave(Node& self, const Notice& notice) {
  if (const auto* connected = std::get_if<Connected>(&notice))
    self.command(SendText{connected->connection, TextId{1}, Plaintext("from " + self.name)});
  if (const auto* delivered = std::get_if<TextDelivered>(&notice))
    self.command(CloseConnection{delivered->connection});
}

/// Whoever answers a goodbye at once still acknowledges what was said before it.
TEST(Texts, WhatIsSaidBeforeAGoodbyeIsAcknowledgedBeforeTheOther) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Correspondents two(seed);
    two.bob.react = [&](Node& self, const Notice& notice) {
      two.react(self, notice);
      if (const auto* goodbye = std::get_if<GoodbyeReceived>(&notice))
        self.command(CloseConnection{goodbye->connection});
    };
    two.alice.react = [&](Node& self, const Notice& notice) {
      two.react(self, notice);
      if (const auto* now = std::get_if<Connected>(&notice)) {
        for (std::uint64_t n = 1; n <= 3; ++n)
          self.command(SendText{now->connection, TextId{n}, Plaintext(std::to_string(n))});
        self.command(CloseConnection{now->connection});
      }
    };
    for (auto* node : {&two.alice, &two.bob}) {
      node->command(LookFor{two.key_of(two.other(*node))});
      node->command(GoOnline{});
    }
    for (int rounds = 0; rounds < 60 && two.alice.count<Closed>() == 0; ++rounds)
      two.simulation.pass(1s);
    EXPECT_EQ(two.seen[&two.bob].texts, (std::vector<std::string>{"1", "2", "3"})) << seed;
    EXPECT_EQ(two.alice.count<TextDelivered>(), 3u) << seed;
    EXPECT_EQ(two.alice.last<Closed>()->fault, std::nullopt) << seed;
  }
}

/// The other side begins anew by the code, while what was said before the goodbye is on its way.
TEST(Texts, ANewMatchForItsCodeDoesNotCutAGoodbye) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Correspondents two(seed);
    two.alice.react = [&](Node& self, const Notice& notice) {
      two.react(self, notice);
      if (const auto* now = std::get_if<Connected>(&notice); now && self.count<Connected>() == 1) {
        for (std::uint64_t n = 1; n <= 3; ++n)
          self.command(SendText{now->connection, TextId{n}, Plaintext(std::to_string(n))});
        self.command(CloseConnection{now->connection});
      }
    };
    two.bob.react = [&](Node& self, const Notice& notice) {
      two.react(self, notice);
      if (std::holds_alternative<Connected>(notice) && self.count<Connected>() == 1)
        self.command(Pair{two.alice.last<Online>()->code});
    };
    for (auto* node : {&two.alice, &two.bob}) {
      node->command(LookFor{two.key_of(two.other(*node))});
      node->command(GoOnline{});
    }
    for (int rounds = 0; rounds < 60 && two.alice.count<Closed>() == 0; ++rounds)
      two.simulation.pass(1s);
    EXPECT_EQ(two.alice.count<TextDelivered>(), 3u) << seed;
    EXPECT_EQ(two.seen[&two.bob].texts, (std::vector<std::string>{"1", "2", "3"})) << seed;
  }
}

TEST(Texts, TwoWhoSendAtOnceAndLeaveBothSeeTheOthers) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Correspondents two(seed);
    for (auto* node : {&two.alice, &two.bob})
      node->react = [&](Node& self, const Notice& notice) {
        two.react(self, notice);
        talk_and_leave(self, notice);
      };
    for (auto* node : {&two.alice, &two.bob}) {
      node->command(LookFor{two.key_of(two.other(*node))});
      node->command(GoOnline{});
    }
    for (int rounds = 0; rounds < 60 && two.alice.count<Closed>() == 0; ++rounds)
      two.simulation.pass(1s);
    EXPECT_EQ(two.seen[&two.alice].texts, std::vector<std::string>{"from bob"}) << seed;
    EXPECT_EQ(two.seen[&two.bob].texts, std::vector<std::string>{"from alice"}) << seed;
    for (auto* node : {&two.alice, &two.bob}) {
      ASSERT_EQ(node->count<TextDelivered>(), 1u) << seed;
      EXPECT_TRUE(node->last<TextDelivered>()->confirmed) << seed;
      EXPECT_EQ(node->last<Closed>()->fault, std::nullopt) << seed;
    }
  }
}

}  // namespace
}  // namespace culver::test
