#include "core/ice/checklist.hpp"

#include <gtest/gtest.h>

#include "tests/support/seeded.hpp"

namespace culver::ice {
namespace {

using wire::sdp::CandidateType;

struct ChecklistTest : testing::Test {
  test::SeededRng random{1};
  Env env{TimePoint{} + std::chrono::hours(1), random.rng()};
  Checklist list;
  std::uint32_t last_base = 0;

  Base base(std::string_view text, std::string foundation, std::uint32_t priority = 100) {
    return {BaseId{++last_base},   WireId{last_base}, Endpoint::parse(text, 1).value(), 1, priority,
            std::move(foundation), std::nullopt};
  }
  Remote remote(std::uint16_t port, std::uint32_t priority, std::string foundation = "r") {
    return {Endpoint::parse("192.0.2.9", port).value(), CandidateType::host, priority,
            std::move(foundation)};
  }
  Pair& add(const Base& b, const Remote& r, bool reachable = true) {
    return *list.add(b, r, true, reachable, env);
  }
  void finish(Pair& pair, bool good) {
    pair.step(pair::CheckSent{}, env);
    if (good)
      pair.step(pair::Answered{env.now}, env);
    else
      pair.step(pair::GivenUp{}, env);
  }
};

TEST_F(ChecklistTest, TheBestGoesFirst) {
  const auto b = base("192.0.2.1", "1");
  add(b, remote(1, 10, "a"));
  const auto best = add(b, remote(2, 30, "b")).id;
  add(b, remote(3, 20, "c"));
  EXPECT_EQ(list.next(true, env)->id, best);
  EXPECT_EQ(list.pairs()[1].remote.port(), 3);
}

TEST_F(ChecklistTest, APairIsThereOnce) {
  const auto b = base("192.0.2.1", "1");
  ASSERT_TRUE(list.add(b, remote(1, 10), true, true, env));
  EXPECT_FALSE(list.add(b, remote(1, 99), true, true, env));
}

TEST_F(ChecklistTest, LikesWaitForEachOther) {
  const auto b = base("192.0.2.1", "1");
  const auto first = add(b, remote(1, 30)).id, second = add(b, remote(2, 20)).id;
  EXPECT_TRUE(list.find(second)->is<pair::Frozen>());
  EXPECT_EQ(list.next(true, env)->id, first);
  list.find(first)->step(pair::CheckSent{}, env);
  EXPECT_FALSE(list.has_next(true));
  list.find(first)->step(pair::Answered{env.now}, env);
  list.thaw_likes_of(*list.find(first), env);
  EXPECT_TRUE(list.find(second)->is<pair::Waiting>());
}

TEST_F(ChecklistTest, AFailedLikeLetsTheNextOneTry) {
  const auto b = base("192.0.2.1", "1");
  const auto first = add(b, remote(1, 30)).id, second = add(b, remote(2, 20)).id;
  finish(*list.find(first), false);
  ASSERT_TRUE(list.has_next(true));
  EXPECT_EQ(list.next(true, env)->id, second);
  EXPECT_TRUE(list.pending());
}

TEST_F(ChecklistTest, TriggeredOnesComeBeforeAllOthersInTheirOrder) {
  const auto b = base("192.0.2.1", "1");
  add(b, remote(1, 90, "a"));
  const auto second = add(b, remote(2, 20, "b")).id, third = add(b, remote(3, 30, "c")).id;
  list.trigger(*list.find(second), env);
  list.trigger(*list.find(third), env);
  list.trigger(*list.find(second), env);
  EXPECT_EQ(list.next(false, env)->id, second);
  list.find(second)->step(pair::CheckSent{}, env);
  EXPECT_EQ(list.next(false, env)->id, third);
  list.find(third)->step(pair::CheckSent{}, env);
  EXPECT_FALSE(list.next(false, env));
  EXPECT_TRUE(list.has_next(true));
}

TEST_F(ChecklistTest, ATriggerRevivesAFailedPairAndLeavesAGoodOneAlone) {
  const auto b = base("192.0.2.1", "1");
  auto& pair = add(b, remote(1, 90));
  finish(pair, false);
  list.trigger(pair, env);
  EXPECT_TRUE(pair.is<pair::Waiting>());
  finish(pair, true);
  list.trigger(pair, env);
  EXPECT_TRUE(pair.is<pair::Succeeded>());
  EXPECT_FALSE(list.has_next(true));
}

TEST_F(ChecklistTest, WhatARelayHasNotPermittedWaits) {
  const auto b = base("192.0.2.1", "1");
  auto& pair = add(b, remote(1, 90), false);
  EXPECT_FALSE(list.has_next(true));
  EXPECT_TRUE(list.pending());
  pair.reachable = true;
  EXPECT_TRUE(list.has_next(true));
}

TEST_F(ChecklistTest, AHundredPairsAndTheBestOfThem) {
  const auto b = base("192.0.2.1", "1");
  for (std::uint16_t i = 1; i <= 150; ++i) list.add(b, remote(i, 1000 + i), true, true, env);
  EXPECT_EQ(list.pairs().size(), Checklist::most);
  EXPECT_EQ(list.pairs().back().remote.port(), 51);
  EXPECT_FALSE(list.add(b, remote(999, 1), true, true, env)) << "worse than all";
  EXPECT_EQ(list.pairs().size(), Checklist::most);
}

TEST_F(ChecklistTest, AValidPairIsNotPushedOut) {
  const auto b = base("192.0.2.1", "1");
  for (std::uint16_t i = 1; i <= 100; ++i) finish(add(b, remote(i, i)), true);
  EXPECT_FALSE(list.add(b, remote(999, 999), true, true, env));
}

TEST_F(ChecklistTest, LosesTheBasesPairs) {
  const auto b = base("192.0.2.1", "1"), other = base("192.0.2.2", "2");
  list.trigger(add(b, remote(1, 30)), env);
  add(other, remote(1, 20));
  list.remove(b.id);
  ASSERT_EQ(list.pairs().size(), 1U);
  EXPECT_EQ(list.next(true, env)->base, other.id);
}

/// Two machines of sixteen networks each, and one relay: the relay's pair finds room.
TEST_F(ChecklistTest, KindsShareTheRoom) {
  for (std::uint16_t i = 1; i <= 300; ++i) {
    const auto b = base("192.0.2.1", std::to_string(i), 1'000);
    list.add(b, remote(i, 1'000u + i, "a"), true, true, env);
  }
  ASSERT_EQ(list.pairs().size(), Checklist::most);
  auto far = remote(999, 1, "far");
  far.type = CandidateType::relayed;
  const auto b = base("192.0.2.1", "x", 1);
  EXPECT_TRUE(list.add(b, far, true, true, env));
  auto other = remote(1'000, 1, "six");
  other.address = Endpoint::parse("2001:db8::9", 1'000).value();
  EXPECT_TRUE(list.add(b, other, true, true, env));
  EXPECT_EQ(list.pairs().size(), Checklist::most);
  EXPECT_EQ(list.pairs().front().remote.port(), 300) << "the best of the others is still there";
}

}  // namespace
}  // namespace culver::ice
