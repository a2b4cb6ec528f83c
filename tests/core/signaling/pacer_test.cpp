#include "core/signaling/pacer.hpp"

#include <deque>
#include <random>

#include <gtest/gtest.h>

#include "tests/core/signaling/signaling_support.hpp"

namespace culver::signaling {
namespace {

using namespace std::chrono_literals;
using namespace testing;
namespace sig = wire::signaling;

class PacerTest : public ::testing::Test {
 protected:
  static sig::Relay offer(const PairingCode& to) {
    return sig::relay_of(to, sig::Description{sig::Description::Kind::offer, "v=0"});
  }
  static sig::Relay candidate(const PairingCode& to) {
    return sig::relay_of(to, sig::TrickledCandidate{"candidate:1"});
  }
  void use_up() {
    for (std::size_t i = 0; i < messages_per_minute - messages_aside; ++i) pacer.note(now);
  }
  std::vector<sig::RelayKind> kinds_to(const PairingCode& to) {
    std::vector<sig::RelayKind> kinds;
    for (const auto& signal : pacer.take(now))
      if (signal.target == to) kinds.push_back(signal.kind);
    return kinds;
  }

  Pacer pacer;
  TimePoint now{1'000s};
};

TEST_F(PacerTest, WhileThereIsRoomNothingWaits) {
  for (int i = 0; i < 80; ++i) {
    EXPECT_TRUE(pacer.push(candidate(ana), now));
    EXPECT_EQ(pacer.take(now).size(), 1U);
  }
  EXPECT_FALSE(pacer.deadline());
  EXPECT_TRUE(pacer.push(candidate(ana), now));
  EXPECT_TRUE(pacer.take(now).empty());
  EXPECT_EQ(pacer.deadline(), now + 60s);
  now += 60s;
  EXPECT_EQ(pacer.take(now).size(), 1U);
  EXPECT_FALSE(pacer.deadline());
}

TEST_F(PacerTest, DescriptionsGoFirstAndOfOnePeerNothingPassesAnything) {
  use_up();
  for (const auto& to : {ana, bob}) {
    (void)pacer.push(candidate(to), now);
    (void)pacer.push(candidate(to), now);
  }
  (void)pacer.push(offer(bob), now);
  now += 60s;
  const auto all = pacer.take(now);
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[0].kind, sig::RelayKind::offer);
  EXPECT_EQ(all[1].target, ana);
  EXPECT_EQ(all[4].target, bob);
}

TEST_F(PacerTest, WhatWasKeptForAConnectionDoesNotWait) {
  ASSERT_TRUE(pacer.admit(ana, now));
  for (std::size_t i = 0; i < 76; ++i) pacer.note(now);  // the four of Ana's are left
  (void)pacer.push(offer(bob), now);
  (void)pacer.push(offer(ana), now);
  for (int i = 0; i < 4; ++i) (void)pacer.push(candidate(ana), now);
  EXPECT_EQ(kinds_to(ana).size(), 4U);
  EXPECT_EQ(pacer.waiting(), 2U) << "Bob's, and Ana's fourth candidate";
}

TEST_F(PacerTest, ConnectionsAreAdmittedWhileThereIsRoomForTheirSignals) {
  std::size_t admitted = 0;
  for (; pacer.admit(PairingCode::from_random({std::byte(admitted), {}, {}, {}, {}, {}}), now);
       ++admitted)
    pacer.note(now);  // the acceptance
  EXPECT_EQ(admitted, 16U) << "80 of 5 each";
  EXPECT_EQ(pacer.room_at(), now + 30s) << "what was kept and not used";
  now += 30s;
  EXPECT_TRUE(pacer.admit(ana, now));
  pacer.release(ana);
  EXPECT_TRUE(pacer.admit(bob, now));
}

TEST_F(PacerTest, WhatBelongsToAConnectionThatIsGoneIsDropped) {
  use_up();
  for (const auto& to : {ana, bob}) {
    (void)pacer.push(offer(to), now);
    (void)pacer.push(candidate(to), now);
  }
  pacer.drop(ana);
  EXPECT_EQ(pacer.waiting(), 2U);
  EXPECT_FALSE(pacer.admit(ana, now)) << "others wait";
  now += 60s;
  EXPECT_EQ(kinds_to(bob).size(), 2U);
}

TEST_F(PacerTest, TheServersOwnLimitCounts) {
  pacer.limit(1'000);
  for (int i = 0; i < 980; ++i) pacer.note(now);
  (void)pacer.push(offer(ana), now);
  EXPECT_TRUE(pacer.take(now).empty());
  EXPECT_EQ(pacer.clear().size(), 1U);
  pacer.limit(0);  // it has not said
  for (int i = 0; i < 79; ++i) pacer.note(now);
  (void)pacer.push(offer(ana), now);
  (void)pacer.push(offer(ana), now);
  EXPECT_EQ(pacer.take(now).size(), 1U);
}

TEST_F(PacerTest, HoweverSmallTheLimitConnectionsComeOneAfterTheOther) {
  pacer.limit(4);
  ASSERT_TRUE(pacer.admit(ana, now));
  EXPECT_FALSE(pacer.admit(bob, now));
  now += 90s;
  EXPECT_TRUE(pacer.admit(bob, now));
}

TEST_F(PacerTest, TheQueueIsBounded) {
  use_up();
  for (std::size_t i = 0; i < signals_waiting; ++i) ASSERT_TRUE(pacer.push(candidate(ana), now));
  EXPECT_FALSE(pacer.push(candidate(ana), now));
}

/// Whatever happens: never more within a minute than the server takes, and nothing waits for ever.
TEST_F(PacerTest, NoWindowHoldsMoreThanTheLimit) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 pick(seed);
    pacer = Pacer{};
    std::deque<TimePoint> sent;
    const auto peer = [&] {
      return PairingCode::from_random({std::byte(pick() % 20), {}, {}, {}, {}, {}});
    };
    const auto drain = [&] {
      for (std::size_t n = pacer.take(now).size(); n > 0; --n) sent.push_back(now);
    };
    for (int i = 0; i < 2'000; ++i) {
      switch (pick() % 8) {
        case 0:
          if (pacer.admit(peer(), now)) {
            pacer.note(now);
            sent.push_back(now);
          }
          break;
        case 1:
          pacer.drop(peer());
          break;
        case 2:
          now += std::chrono::milliseconds(pick() % 4'000);
          break;
        default:
          (void)pacer.push(pick() % 3 ? candidate(peer()) : offer(peer()), now);
      }
      drain();
      while (!sent.empty() && sent.front() + 60s <= now) sent.pop_front();
      ASSERT_LE(sent.size(), 80U) << seed;
      ASSERT_TRUE(pacer.waiting() == 0 || pacer.deadline()) << seed;
    }
    for (int ticks = 0; pacer.waiting() > 0; ++ticks) {
      ASSERT_LT(ticks, 10'000) << seed;
      now = std::max(now, *pacer.deadline());
      drain();
    }
  }
}

}  // namespace
}  // namespace culver::signaling
