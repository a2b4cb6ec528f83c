#include "core/signaling/pairing.hpp"

#include <map>

#include <gtest/gtest.h>

#include "tests/core/signaling/signaling_support.hpp"

namespace culver::signaling {
namespace {

using namespace std::chrono_literals;
using namespace testing;
namespace sig = wire::signaling;

const PairingCode own = code("AAAAAA");

PairingCode nth(unsigned n) {
  std::array<std::byte, PairingCode::length> bytes{};
  bytes[0] = std::byte{7};
  bytes[1] = static_cast<std::byte>(n);
  return PairingCode::from_random(bytes);
}

class PairingTest : public ::testing::Test {
 protected:
  void SetUp() override { EXPECT_TRUE(pairing.online(own).empty()); }

  PairingEffects ask(const PairingCode& target) { return pairing.ask(target, std::nullopt, now); }
  PairingEffects on(sig::ServerMessage message) { return pairing.on(message, now); }
  PairingEffects incoming(const PairingCode& from, std::uint8_t key = 1,
                          std::uint32_t ms = 120'000) {
    return on(sig::PairIncoming{from, key_of(key), ms, std::nullopt});
  }
  PairingEffects answer(const PairingCode& from, bool yes) {
    return pairing.answer(from, yes, now);
  }
  PairingEffects match(const PairingCode& peer, std::uint8_t key = 1, bool initiator = true) {
    return on(sig::PairMatched{peer, key_of(key), initiator});
  }

  static void expect_failed(const PairingEffects& effects, const PairingCode& peer, Fault fault) {
    ASSERT_EQ(effects.size(), 1U);
    const auto* failed = std::get_if<Failed>(&effects[0]);
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->peer, peer);
    EXPECT_EQ(info(failed->fault).name, info(fault).name);
  }
  static void expect_sent(const PairingEffects& effects, const sig::ClientMessage& message) {
    ASSERT_EQ(effects.size(), 1U);
    const auto* send = std::get_if<SendMessage>(&effects[0]);
    ASSERT_TRUE(send);
    EXPECT_EQ(send->message, message);
  }
  static void expect_matched(const PairingEffects& effects, const PairingCode& peer) {
    ASSERT_EQ(effects.size(), 1U);
    ASSERT_TRUE(std::holds_alternative<Matched>(effects[0]));
    EXPECT_EQ(std::get<Matched>(effects[0]).peer, peer);
  }

  Pairing pairing;
  TimePoint now{1'000s};
};

// ---- our own ask --------------------------------------------------------------------------------

TEST_F(PairingTest, AskSendsARequestWithOurName) {
  const Plaintext name("Ana's laptop");
  expect_sent(pairing.ask(ana, name, now), sig::PairRequest{ana, name});
  EXPECT_EQ(pairing.deadline(), now + 125s);
}

TEST_F(PairingTest, AskEndsWithTheMatch) {
  (void)ask(ana);
  const auto effects = match(ana, 5, true);
  expect_matched(effects, ana);
  EXPECT_EQ(std::get<Matched>(effects[0]).key, key_of(5));
  EXPECT_TRUE(std::get<Matched>(effects[0]).initiator);
  EXPECT_FALSE(pairing.deadline());
}

TEST_F(PairingTest, EveryOutcomeEndsTheAskAtOnce) {  // L-01
  const std::vector<std::pair<sig::ServerMessage, Fault>> outcomes{
      {sig::PairRejected{ana}, Fault::pair_refused},
      {sig::PairTimeout{ana}, Fault::pair_expired},
      {sig::PeerLeft{ana}, Fault::pair_left},
      {sig::PairError{"Pair request could not be processed"}, Fault::pair_unknown},
      {sig::Error{"Too many pair requests. Please slow down."}, Fault::rate_limited},
      {sig::Error{"Rate limit exceeded. Please slow down."}, Fault::rate_limited}};
  for (const auto& [message, fault] : outcomes) {
    (void)ask(ana);
    expect_failed(on(message), ana, fault);
    EXPECT_TRUE(on(message).empty()) << "ends only once";
    EXPECT_FALSE(pairing.deadline());
  }
}

TEST_F(PairingTest, OutcomesOfOthersDoNotEndTheAsk) {
  (void)ask(ana);
  EXPECT_TRUE(on(sig::PairRejected{bob}).empty());
  EXPECT_TRUE(on(sig::PairTimeout{bob}).empty());
  EXPECT_TRUE(on(sig::PeerLeft{bob}).empty());
  EXPECT_TRUE(on(sig::PairExpiring{ana, 30}).empty());
  expect_matched(match(ana), ana);
}

TEST_F(PairingTest, ErrorsWithNoAskAreIgnored) {  // L-04
  EXPECT_TRUE(on(sig::Error{"Too many pair requests. Please slow down."}).empty());
  EXPECT_TRUE(on(sig::Error{"Rate limit exceeded. Please slow down."}).empty());
  EXPECT_TRUE(on(sig::PairError{"Pair request could not be processed"}).empty());
}

TEST_F(PairingTest, ErrorsAboutSomethingElseDoNotEndTheAsk) {  // L-04
  (void)ask(ana);
  EXPECT_TRUE(on(sig::Error{"Unknown message type: x"}).empty());
  EXPECT_TRUE(on(sig::Error{"Peer not found: CCCCCC"}).empty());
  EXPECT_TRUE(on(sig::PairError{"No pending request from this peer"}).empty());
  now += 30s;  // a ping was one too many
  EXPECT_TRUE(on(sig::Error{"Rate limit exceeded. Please slow down."}).empty());
  expect_matched(match(ana), ana);
}

TEST_F(PairingTest, AskExpiresByItself) {
  (void)ask(ana);
  now += 124s;
  EXPECT_TRUE(pairing.tick(now).empty());
  now += 1s;
  expect_failed(pairing.tick(now), ana, Fault::pair_expired);
}

TEST_F(PairingTest, OurOwnCodeIsUnknown) {
  expect_failed(ask(own), own, Fault::pair_unknown);
  EXPECT_FALSE(pairing.deadline());
}

TEST_F(PairingTest, OneAskAtATime) {
  (void)ask(ana);
  expect_failed(ask(bob), bob, Fault::too_many_pending);
  EXPECT_TRUE(ask(ana).empty()) << "the same one goes on";
  expect_matched(match(ana), ana);
}

TEST_F(PairingTest, AfterOneAskEndedAnotherMayBegin) {
  (void)ask(ana);
  (void)on(sig::PairRejected{ana});
  expect_sent(ask(ana), sig::PairRequest{ana, std::nullopt});
}

TEST_F(PairingTest, AStaleMatchIsIgnored) {  // L-05
  EXPECT_TRUE(match(ana).empty());
  (void)ask(bob);
  EXPECT_TRUE(match(ana).empty());
  expect_matched(match(bob), bob);
  EXPECT_TRUE(match(bob).empty()) << "a duplicate";
}

// ---- crossing requests --------------------------------------------------------------------------

TEST_F(PairingTest, ACrossingRequestIsAcceptedWithoutAsking) {
  (void)ask(ana);
  expect_sent(incoming(ana, 1), sig::PairResponse{ana, true});
  const auto effects = match(ana, 1, true);
  expect_matched(effects, ana);
  EXPECT_EQ(std::get<Matched>(effects[0]).crossing, Crossing::first);
}

TEST_F(PairingTest, TheSecondMatchOfTwoCrossingRequestsIsTold) {
  for (const bool led : {true, false}) {
    (void)ask(ana);
    (void)incoming(ana, 1);
    (void)match(ana, 1, led);
    EXPECT_TRUE(match(ana, 1, led).empty()) << "the same once more";
    EXPECT_TRUE(match(ana, 2, !led).empty()) << "another key";
    EXPECT_TRUE(match(bob, 1, !led).empty()) << "another peer";
    const auto effects = match(ana, 1, !led);
    expect_matched(effects, ana);
    EXPECT_EQ(std::get<Matched>(effects[0]).initiator, !led);
    EXPECT_EQ(std::get<Matched>(effects[0]).crossing, Crossing::second);
    EXPECT_TRUE(match(ana, 1, !led).empty()) << "and no third";
    EXPECT_FALSE(pairing.deadline());
  }
}

TEST_F(PairingTest, TheSecondMatchIsNotWaitedForForEver) {
  (void)ask(ana);
  (void)incoming(ana, 1);
  (void)match(ana, 1, true);
  now += 15s;
  EXPECT_TRUE(match(ana, 1, false).empty());
  (void)ask(ana);
  (void)incoming(ana, 1);
  (void)match(ana, 1, true);
  (void)pairing.online(own);
  EXPECT_TRUE(match(ana, 1, false).empty()) << "of another time at the server";
}

TEST_F(PairingTest, WithoutCrossingThereIsNoSecondMatch) {
  (void)ask(ana);
  const auto effects = match(ana, 1, true);
  EXPECT_EQ(std::get<Matched>(effects[0]).crossing, Crossing::none);
  EXPECT_TRUE(match(ana, 1, false).empty());
}

TEST_F(PairingTest, ACrossingRequestBindsTheKey) {
  (void)ask(ana);
  (void)incoming(ana, 1);
  expect_failed(match(ana, 2), ana, Fault::key_mismatch);
}

TEST_F(PairingTest, ToAskWhoAsksUsIsToAccept) {
  (void)incoming(ana);
  expect_sent(ask(ana), sig::PairResponse{ana, true});
  EXPECT_TRUE(ask(ana).empty()) << "accepted already";
  expect_matched(match(ana), ana);
}

// ---- requests of others -------------------------------------------------------------------------

TEST_F(PairingTest, ARequestIsShownWithKeyAndName) {
  const Plaintext name("Bob");
  const auto effects = on(sig::PairIncoming{bob, key_of(3), 120'000, name});
  ASSERT_EQ(effects.size(), 1U);
  const auto& requested = std::get<Requested>(effects[0]);
  EXPECT_EQ(requested.from, bob);
  EXPECT_EQ(requested.key, key_of(3));
  EXPECT_EQ(requested.proposed_name, name);
  EXPECT_EQ(pairing.deadline(), now + 120s);
}

TEST_F(PairingTest, AcceptedAndMatched) {
  (void)incoming(bob);
  expect_sent(answer(bob, true), sig::PairResponse{bob, true});
  EXPECT_EQ(pairing.deadline(), now + 15s);
  expect_matched(match(bob, 1, false), bob);
  EXPECT_FALSE(pairing.deadline());
}

TEST_F(PairingTest, AcceptedButMatchedUnderAnotherKey) {
  (void)incoming(bob, 1);
  (void)answer(bob, true);
  expect_failed(match(bob, 2, false), bob, Fault::key_mismatch);
}

TEST_F(PairingTest, DeclinedIsNeverMatched) {
  (void)incoming(bob);
  expect_sent(answer(bob, false), sig::PairResponse{bob, false});
  EXPECT_TRUE(match(bob).empty());
}

TEST_F(PairingTest, UndecidedIsNeverMatched) {
  (void)incoming(bob);
  EXPECT_TRUE(match(bob).empty());
}

TEST_F(PairingTest, ARequestExpires) {
  (void)incoming(bob, 1, 5'000);
  now += 5s;
  const auto effects = pairing.tick(now);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(std::get<Withdrawn>(effects[0]).from, bob);
}

TEST_F(PairingTest, APromiseOfDaysIsCutToTenMinutes) {
  (void)incoming(bob, 1, 0xffffffff);
  EXPECT_EQ(pairing.deadline(), now + 600s);
}

TEST_F(PairingTest, TheOtherSideLeaves) {
  (void)incoming(bob);
  EXPECT_EQ(all<Withdrawn>(on(sig::PeerLeft{bob})).size(), 1U);
  (void)incoming(bob);
  (void)answer(bob, true);
  expect_failed(on(sig::PeerLeft{bob}), bob, Fault::pair_left);
}

/// A server tells both sides alike that a request is over.
TEST_F(PairingTest, WhoeverHasAcceptedHearsThatTheOtherSideIsGone) {
  (void)incoming(bob);
  (void)answer(bob, true);
  expect_failed(on(sig::PairTimeout{bob}), bob, Fault::pair_left);
}

TEST_F(PairingTest, AnAnswerThatComesTooLateFails) {
  expect_failed(answer(bob, true), bob, Fault::pair_left);
  EXPECT_TRUE(answer(bob, false).empty());
}

TEST_F(PairingTest, TheServerFindsNothingToAccept) {
  (void)incoming(bob);
  (void)answer(bob, true);
  expect_failed(on(sig::PairError{"No pending request from this peer"}), bob, Fault::pair_left);
}

TEST_F(PairingTest, WithTwoAnswersUnderWayTheErrorFitsNeitherAndTimeTells) {
  (void)incoming(ana);
  (void)incoming(bob);
  (void)answer(ana, false);
  (void)answer(bob, true);
  EXPECT_TRUE(on(sig::PairError{"No pending request from this peer"}).empty());
  now += 15s;
  expect_failed(pairing.tick(now), bob, Fault::pair_left);
}

TEST_F(PairingTest, ARepeatIsTheSameRequestWithANewDeadline) {
  (void)incoming(bob);
  now += 60s;
  EXPECT_TRUE(incoming(bob).empty());
  EXPECT_EQ(pairing.deadline(), now + 120s);
  (void)answer(bob, true);
  EXPECT_TRUE(incoming(bob).empty());
  expect_matched(match(bob), bob);
}

TEST_F(PairingTest, ARepeatUnderAnotherKeyIsSomebodyElse) {
  (void)incoming(bob, 1);
  const auto effects = incoming(bob, 2);
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<Withdrawn>(effects[0]));
  EXPECT_EQ(std::get<Requested>(effects[1]).key, key_of(2));
  (void)answer(bob, true);
  const auto again = incoming(bob, 3);
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(std::get<Failed>(again[0]).fault, Fault::pair_left);
}

TEST_F(PairingTest, AskedAgainAfterARefusal) {
  (void)incoming(bob);
  (void)answer(bob, false);
  EXPECT_EQ(all<Requested>(incoming(bob)).size(), 1U);
}

TEST_F(PairingTest, TheEleventhRequestIsDeclined) {
  for (unsigned i = 0; i < 10; ++i) ASSERT_EQ(all<Requested>(incoming(nth(i))).size(), 1U);
  expect_sent(incoming(nth(10)), sig::PairResponse{nth(10), false});
  (void)on(sig::PeerLeft{nth(3)});
  EXPECT_EQ(all<Requested>(incoming(nth(10))).size(), 1U);
}

TEST_F(PairingTest, ARequestFromOurOwnCodeIsIgnored) { EXPECT_TRUE(incoming(own).empty()); }

// ---- the server goes and comes ------------------------------------------------------------------

TEST_F(PairingTest, LosingTheServerEndsEverything) {
  (void)ask(ana);
  (void)incoming(nth(1));
  (void)incoming(nth(2));
  (void)answer(nth(2), true);
  (void)incoming(nth(3));
  (void)answer(nth(3), false);
  const auto effects = pairing.offline();
  ASSERT_EQ(effects.size(), 3U);
  EXPECT_EQ(std::get<Failed>(effects[0]).peer, ana);
  EXPECT_EQ(std::get<Failed>(effects[0]).fault, Fault::server_lost);
  EXPECT_EQ(std::get<Withdrawn>(effects[1]).from, nth(1));
  EXPECT_EQ(std::get<Failed>(effects[2]).peer, nth(2));
  EXPECT_FALSE(pairing.deadline());
  EXPECT_TRUE(pairing.offline().empty());
}

TEST_F(PairingTest, OfflineNothingBegins) {
  (void)pairing.offline();
  expect_failed(ask(ana), ana, Fault::server_lost);
  expect_failed(answer(bob, true), bob, Fault::server_lost);
  EXPECT_TRUE(incoming(bob).empty());
  EXPECT_TRUE(match(ana).empty());
  EXPECT_FALSE(pairing.deadline());
}

TEST_F(PairingTest, BackOnlineUnderAnotherCode) {
  (void)ask(ana);
  expect_failed(pairing.online(bob), ana, Fault::server_lost);
  expect_failed(ask(bob), bob, Fault::pair_unknown);
  expect_sent(ask(own), sig::PairRequest{own, std::nullopt});
}

TEST_F(PairingTest, OtherMessagesChangeNothing) {
  (void)ask(ana);
  EXPECT_TRUE(on(sig::RelayedCandidate{ana, {"", "0"}}).empty());
  EXPECT_TRUE(on(sig::Pong{}).empty());
  EXPECT_TRUE(on(sig::Ignored{}).empty());
}

// ---- any order ----------------------------------------------------------------------------------

/// Counts what was begun and what has ended, for each code.
struct Ledger {
  std::map<PairingCode, int> asks;     // 0 or 1, ours that run
  std::map<PairingCode, int> prompts;  // 0 or 1, Requested that nobody answered
  std::map<PairingCode, int> accepts;  // 0 or 1, accepted that wait for their end

  void note(const PairingEffects& effects, unsigned seed) {
    for (const auto& effect : effects) {
      const auto* requested = std::get_if<Requested>(&effect);
      const auto* withdrawn = std::get_if<Withdrawn>(&effect);
      ASSERT_TRUE(!requested || ++prompts[requested->from] == 1) << seed;
      ASSERT_TRUE(!withdrawn || --prompts[withdrawn->from] == 0) << seed;
      const auto* matched = std::get_if<Matched>(&effect);
      if (matched && matched->crossing != Crossing::second) end(matched->peer, seed);
      if (const auto* failed = std::get_if<Failed>(&effect)) end(failed->peer, seed);
    }
  }
  void end(const PairingCode& peer, unsigned seed) {
    auto& open = asks[peer] > 0 ? asks[peer] : accepts[peer];
    ASSERT_EQ(--open, 0) << seed << " ended more than once";
  }
  int running() const {
    int sum = 0;
    for (const auto* book : {&asks, &prompts, &accepts})
      for (const auto& [peer, count] : *book) sum += count;
    return sum;
  }
  int asking() const {
    int sum = 0;
    for (const auto& [peer, count] : asks) sum += count;
    return sum;
  }
};

TEST_F(PairingTest, InvariantsHoldInAnyOrderOfEvents) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 pick(seed);
    pairing = Pairing{};
    Ledger ledger;
    const auto peer = [&] { return nth(static_cast<unsigned>(pick() % 12)); };
    for (int i = 0; i < 400; ++i) {
      const auto who = peer();
      switch (pick() % 14) {
        case 0: {
          const bool runs = ledger.asks[who] || ledger.accepts[who];
          const auto effects = ask(who);
          if (!runs) {
            const bool was_asked = std::exchange(ledger.prompts[who], 0);
            ++(was_asked ? ledger.accepts : ledger.asks)[who];
          }
          ledger.note(effects, seed);
          break;
        }
        case 1:
        case 2: {
          const bool yes = pick() % 2;
          const bool waits = ledger.accepts[who];
          ledger.prompts[who] = 0;
          // Accepting by asking is not told apart from accepting here.
          if (ledger.asks[who]) break;
          const auto effects = answer(who, yes);
          if (yes && !waits) ++ledger.accepts[who];
          ledger.note(effects, seed);
          break;
        }
        case 3:
        case 4:
          ledger.note(incoming(who, static_cast<std::uint8_t>(pick() % 2)), seed);
          break;
        case 5:
        case 6:
          ledger.note(match(who, static_cast<std::uint8_t>(pick() % 2)), seed);
          break;
        case 7:
          ledger.note(on(sig::PairRejected{who}), seed);
          break;
        case 8:
          ledger.note(on(sig::PeerLeft{who}), seed);
          break;
        case 9:
          ledger.note(on(sig::PairError{pick() % 2 ? "x" : "No pending request"}), seed);
          break;
        case 10:
          ledger.note(on(sig::Error{"Rate limit exceeded"}), seed);
          break;
        case 11:
          if (pick() % 10 == 0) ledger.note(pairing.offline(), seed);
          break;
        case 12:
          if (pick() % 4 == 0) ledger.note(pairing.online(own), seed);
          break;
        default:
          now += std::chrono::seconds(pick() % 30);
          ledger.note(pairing.tick(now), seed);
      }
      if (HasFatalFailure()) return;
      ASSERT_LE(ledger.asking(), 1) << seed;
      ASSERT_TRUE(ledger.running() == 0 || pairing.deadline()) << seed;
    }
    now += 700s;
    ledger.note(pairing.tick(now), seed);
    ASSERT_EQ(ledger.running(), 0) << seed << " something never ended";
    ASSERT_FALSE(pairing.deadline()) << seed;
  }
}

}  // namespace
}  // namespace culver::signaling
