#include "core/signaling/rendezvous.hpp"

#include <gtest/gtest.h>

#include "core/wire/limits.hpp"
#include "tests/core/signaling/signaling_support.hpp"

namespace culver::signaling {
namespace {

using namespace std::chrono_literals;
using testing::all;
using testing::code;
using testing::key_of;
namespace sig = wire::signaling;

const PairingCode small = code("AAAAAA");
const PairingCode middle = code("CCCCCC");
const PairingCode large = code("ZZZZZZ");

/// One side, by hand.
struct Side {
  explicit Side(std::uint64_t seed)
      : random(seed), identity(crypto::KeyPair::generate(random.rng())) {}

  Env env() { return {now, random.rng(), wall}; }
  RendezvousEffects look_for(const PublicKey& key, bool is_culver = true) {
    auto world = env();
    return rendezvous.look_for(identity, key, is_culver, world);
  }
  RendezvousEffects online(const PairingCode& own) {
    auto world = env();
    return rendezvous.online(identity.shared, own, world);
  }
  RendezvousEffects on(sig::ServerMessage message) {
    auto world = env();
    return rendezvous.on(message, world);
  }
  RendezvousEffects live(const PairingCode& peer, const std::string& token) {
    return on(sig::RendezvousMatch{{peer, "", token}});
  }
  std::vector<lookup::AskFor> turn() {
    auto world = env();
    return all<lookup::AskFor>(rendezvous.turn(world));
  }
  void failed(const PairingCode& peer, Fault fault) {
    auto world = env();
    rendezvous.failed(peer, fault, world);
  }
  RendezvousEffects pass(Duration time) {
    now += time;
    wall += std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    auto world = env();
    return rendezvous.tick(world);
  }

  static std::vector<sig::RegisterRendezvous> brought(const RendezvousEffects& effects) {
    std::vector<sig::RegisterRendezvous> messages;
    for (const auto& send : all<SendMessage>(effects))
      messages.push_back(std::get<sig::RegisterRendezvous>(send.message));
    return messages;
  }

  testing::SeededRng random;
  crypto::KeyPair identity;
  Rendezvous rendezvous;
  TimePoint now{1'000s};
  WallTime wall = 1'764'000'000'000;
};

/// Keys that nobody has the other half of.
PublicKey nth_key(std::size_t n) {
  testing::SeededRng random(n + 1'000);
  return crypto::KeyPair::generate(random.rng()).shared;
}

TEST(Rendezvous, BothSidesBringTheSameTokensAndPoints) {
  Side one(1), other(2);
  one.look_for(other.identity.shared);
  other.look_for(one.identity.shared);
  const auto ours = Side::brought(one.online(small));
  const auto theirs = Side::brought(other.online(large));
  ASSERT_EQ(ours.size(), 1u);
  ASSERT_EQ(theirs.size(), 1u);
  EXPECT_EQ(ours[0].tokens, theirs[0].tokens);
  EXPECT_EQ(ours[0].points, theirs[0].points);
  EXPECT_EQ(ours[0].tokens.size(), 3u);
  EXPECT_EQ(ours[0].points.size(), 3u);
  EXPECT_EQ(ours[0].drops.size(), 1u);
  EXPECT_EQ(ours[0].peer_id, small.text());
}

TEST(Rendezvous, WhoIsNoCulverIsLookedForAtItsPointsToo) {
  Side one(1);
  one.look_for(nth_key(1), false);
  const auto brought = Side::brought(one.online(small));
  EXPECT_EQ(brought[0].tokens.size(), 6u);
  for (const auto& point : brought[0].points) EXPECT_TRUE(brought[0].tokens.contains(point));
}

TEST(Rendezvous, TheSmallerCodeAsksAndTheOtherWaits) {
  Side one(1);
  one.look_for(nth_key(1));
  const auto token = *Side::brought(one.online(middle))[0].tokens.begin();
  one.live(small, token);
  EXPECT_TRUE(one.turn().empty());
  one.live(large, token);
  const auto asked = one.turn();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].code, large);
  EXPECT_EQ(one.rendezvous.asked(), large);
}

TEST(Rendezvous, WhatWasAskedForOnePeerIsForNoOther) {
  Side one(1);
  one.look_for(nth_key(1));
  one.look_for(nth_key(2));
  EXPECT_TRUE(one.rendezvous.expects(large, nth_key(3))) << "a code that a person has typed";
  one.online(middle);
  Side same(1);
  same.look_for(nth_key(1));
  const auto token = *Side::brought(same.online(middle))[0].tokens.begin();
  one.live(large, token);
  ASSERT_EQ(one.turn().size(), 1u);
  EXPECT_TRUE(one.rendezvous.is_ours(large));
  EXPECT_TRUE(one.rendezvous.expects(large, nth_key(1)));
  EXPECT_FALSE(one.rendezvous.expects(large, nth_key(2)));
}

TEST(Rendezvous, AServerThatDoesNotSayTheTokenIsTakenAtItsWordOnce) {
  Side one(1);
  one.look_for(nth_key(1));
  one.online(middle);
  one.live(small, "");
  EXPECT_TRUE(one.turn().empty()) << "it asks us";
  one.live(large, "");
  one.live(large, "");
  ASSERT_EQ(one.turn().size(), 1u);
  EXPECT_TRUE(one.rendezvous.expects(large, nth_key(1)));
  EXPECT_FALSE(one.rendezvous.expects(large, nth_key(2)));
  one.failed(large, Fault::pair_unknown);
  one.live(large, "");
  EXPECT_TRUE(one.turn().empty());
  one.pass(Rendezvous::unnamed_again_after);
  one.live(large, "");
  EXPECT_EQ(one.turn().size(), 1u);
}

TEST(Rendezvous, TokensThatAreNotOursAreNothingToUs) {
  Side one(1);
  one.look_for(nth_key(1));
  one.online(middle);
  one.live(large, "hr_somebody");
  EXPECT_TRUE(one.turn().empty());
}

TEST(Rendezvous, ManyPeersNeedMoreMessagesAndEachFits) {
  Side one(1);
  for (std::size_t n = 0; n < Rendezvous::peers_at_once + 5; ++n)
    one.look_for(nth_key(n), n % 3 == 0);
  EXPECT_FALSE(one.rendezvous.is_sought(nth_key(Rendezvous::peers_at_once)));
  const auto messages = Side::brought(one.online(small));
  std::set<std::string> points;
  for (const auto& message : messages) {
    EXPECT_LE(message.points.size(), wire::limits::rendezvous_points);
    EXPECT_LE(message.tokens.size(), wire::limits::rendezvous_tokens);
    points.insert(message.points.begin(), message.points.end());
  }
  EXPECT_EQ(points.size(), 3 * Rendezvous::peers_at_once);
  EXPECT_LE(messages.size(), Rendezvous::registrations_per_minute);
}

TEST(Rendezvous, NeverMoreThanAServerAllows) {
  Side one(1);
  for (std::size_t n = 0; n < Rendezvous::peers_at_once; ++n) one.look_for(nth_key(n), false);
  std::size_t sent = Side::brought(one.online(small)).size();
  for (int second = 1; second < 60; ++second) sent += Side::brought(one.pass(1s)).size();
  EXPECT_LE(sent, Rendezvous::registrations_per_minute);
  ASSERT_TRUE(one.rendezvous.deadline());
  for (int second = 0; second < 60; ++second) sent += Side::brought(one.pass(1s)).size();
  EXPECT_GE(sent, 26u) << "what found no room comes later: 13 messages, twice";
}

TEST(Rendezvous, TheTokensOfTheNextHourComeWithIt) {
  Side one(1);
  one.look_for(nth_key(1));
  const auto first = Side::brought(one.online(small))[0].tokens;
  EXPECT_EQ(Side::brought(one.pass(5s)).size(), 1u) << "again, for who has come at the same moment";
  EXPECT_TRUE(Side::brought(one.pass(50min)).empty());
  const auto next = Side::brought(one.pass(15min));
  ASSERT_EQ(next.size(), 1u);
  EXPECT_NE(next[0].tokens, first);
}

TEST(Rendezvous, OnlyWhatThePeerHasSealedIsRead) {
  Side one(1), other(2), third(3);
  one.look_for(other.identity.shared);
  one.online(small);
  other.look_for(one.identity.shared);
  third.look_for(one.identity.shared);
  const auto left = Side::brought(other.online(large))[0].drops;
  const auto foreign = Side::brought(third.online(middle))[0].drops;
  const auto& [point, text] = *left.begin();
  const auto read = [&](const std::string& at, const std::string& drop) {
    return all<WasHere>(one.on(sig::RendezvousResult{{}, {{large, drop, "", at}}}));
  };
  EXPECT_TRUE(read(point, foreign.begin()->second).empty()) << "sealed by somebody else";
  EXPECT_TRUE(read("", text).empty()) << "nobody tries all keys";
  EXPECT_TRUE(read(point, "AAAA").empty());
  EXPECT_TRUE(read(point, "no base64").empty());
  const auto news = read(point, text);
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].key, other.identity.shared);
  EXPECT_EQ(news[0].at, other.wall);
  EXPECT_TRUE(read(point, text).empty()) << "no news";
}

TEST(Rendezvous, TheNoteOfWhoIsThereIsNotRead) {
  Side one(1), other(2);
  one.look_for(other.identity.shared);
  one.online(large);
  other.look_for(one.identity.shared);
  const auto left = Side::brought(other.online(small))[0];
  const auto& [point, text] = *left.drops.begin();
  const sig::DeadDrop drop{middle, text, "", point};  // of an earlier code of its
  EXPECT_TRUE(
      all<WasHere>(one.on(sig::RendezvousResult{{{small, "", *left.tokens.begin()}}, {drop}}))
          .empty());
  EXPECT_EQ(all<WasHere>(one.on(sig::RendezvousResult{{}, {drop}})).size(), 1u);
}

TEST(Rendezvous, OurOwnNoteSentBackIsNotThePeers) {
  Side one(1);
  one.look_for(nth_key(1));
  const auto left = Side::brought(one.online(small))[0].drops;
  const auto& [point, text] = *left.begin();
  EXPECT_TRUE(all<WasHere>(one.on(sig::RendezvousResult{{}, {{large, text, "", point}}})).empty());
}

TEST(Rendezvous, AKeyOfSmallOrderIsNotLookedFor) {
  Side one(1);
  one.look_for(PublicKey{});
  EXPECT_FALSE(one.rendezvous.is_sought(PublicKey{}));
}

TEST(SlidingWindow, GivesSoManyWithinItsWindow) {
  SlidingWindow allowance(2, 60s);
  const TimePoint start{1'000s};
  EXPECT_TRUE(allowance.take(start));
  EXPECT_TRUE(allowance.take(start + 10s));
  EXPECT_FALSE(allowance.take(start + 59s));
  EXPECT_EQ(allowance.next(start + 59s), start + 60s);
  EXPECT_TRUE(allowance.take(start + 60s));
  EXPECT_FALSE(allowance.take(start + 61s));
}

/// A code behind those of the others, so that it is always we who ask.
PairingCode gone(std::size_t n) {
  return code(std::string("YYYY") + "ABCDEFGHJKLMNPQ"[n / 8] + static_cast<char>('2' + n % 8));
}

TEST(Rendezvous, OfAServersListTheNewestIsAskedFirst) {
  Side one(1);
  one.look_for(nth_key(1));
  one.online(small);
  sig::RendezvousResult list;
  for (std::size_t n = 0; n < 40; ++n) list.live.push_back({gone(n), "", ""});
  list.live.push_back({large, "", ""});
  one.on(list);
  const auto asked = one.turn();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].code, large);
}

TEST(Rendezvous, WhoIsPushedGoesBeforeAllThatAreListed) {
  Side one(1);
  one.look_for(nth_key(1));
  one.online(small);
  sig::RendezvousResult list;
  for (std::size_t n = 0; n < 40; ++n) list.live.push_back({gone(n), "", ""});
  one.on(list);
  one.live(large, "");
  const auto asked = one.turn();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].code, large);
}

TEST(Rendezvous, CodesThatNobodyHasAnyMoreCostNoPace) {
  Side one(1);
  one.look_for(nth_key(1));
  one.online(small);
  for (std::size_t n = 0; n < 3 * Rendezvous::asks_per_minute; ++n) {
    one.live(gone(n), "");
    ASSERT_EQ(one.turn().size(), 1u) << n;
    one.failed(gone(n), Fault::pair_unknown);
  }
  one.live(large, "");
  EXPECT_EQ(one.turn().size(), 1u);
}

TEST(Rendezvous, WhatAServerTakesFromADeviceIsUsed) {
  Side one(1);
  one.look_for(nth_key(1));
  one.rendezvous.pace(100, 0);
  one.online(small);
  const auto ask = [&](std::size_t n) {
    one.live(gone(n), "");
    const bool asked = one.turn().size() == 1u;
    one.failed(gone(n), Fault::pair_left);
    return asked;
  };
  for (std::size_t n = 0; n < 90; ++n) ASSERT_TRUE(ask(n)) << n;
  EXPECT_FALSE(ask(90)) << "the rest is for what a person does";
  Side other(2);
  other.look_for(nth_key(1));
  other.rendezvous.pace(0, 0);
  other.online(small);
  other.live(large, "");
  EXPECT_EQ(other.turn().size(), 1u) << "a server that tells nothing takes what it always took";
}

TEST(Rendezvous, WhoIsAskedInVainCostsPaceAndTheWaitIsTold) {
  Side one(1);
  one.look_for(nth_key(1));
  one.online(small);
  for (std::size_t n = 0; n < Rendezvous::asks_per_minute; ++n) {
    one.live(gone(n), "");
    ASSERT_EQ(one.turn().size(), 1u) << n;
    one.failed(gone(n), Fault::pair_left);
  }
  one.live(large, "");
  auto world = one.env();
  const auto effects = one.rendezvous.turn(world);
  EXPECT_TRUE(all<lookup::AskFor>(effects).empty());
  const auto later = all<AskingLater>(effects);
  ASSERT_EQ(later.size(), 1u);
  EXPECT_EQ(later[0].at, one.now + 60s);
  EXPECT_TRUE(one.rendezvous.turn(world).empty()) << "told once";
  one.pass(60s);
  EXPECT_EQ(one.turn().size(), 1u);
}

TEST(Rendezvous, AServerThatSaysItIsEnoughIsLeftAloneForAMinute) {
  Side one(1);
  one.look_for(nth_key(1));
  one.online(small);
  one.live(gone(1), "");
  ASSERT_EQ(one.turn().size(), 1u);
  one.failed(gone(1), Fault::rate_limited);
  one.live(large, "");
  EXPECT_TRUE(one.turn().empty());
  one.pass(60s);
  EXPECT_EQ(one.turn().size(), 1u);
}

TEST(Rendezvous, AnAskThatIsNotAnsweredMakesWayForWhoComes) {
  Side one(1);
  one.look_for(nth_key(1));
  one.online(small);
  one.live(gone(1), "");
  ASSERT_EQ(one.turn().size(), 1u);
  EXPECT_TRUE(all<lookup::LetGo>(one.live(gone(2), "")).empty()) << "it may be accepting";
  one.pass(Rendezvous::alive_patience);
  const auto let_go = all<lookup::LetGo>(one.live(large, ""));
  ASSERT_EQ(let_go.size(), 1u);
  EXPECT_EQ(let_go[0].code, gone(1));
  const auto asked = one.turn();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].code, large);
}

TEST(Rendezvous, WhenTheClockIsSetTheTokensAreThoseOfTheOtherHour) {
  Side one(1);
  one.look_for(nth_key(1));
  auto world = one.env();
  EXPECT_TRUE(one.rendezvous.clock_set(world).empty()) << "not before there is a server";
  const auto first = Side::brought(one.online(small))[0].tokens;
  for (const WallTime step : {3 * 3'600'000LL, 30 * 86'400'000LL, -50 * 365 * 86'400'000LL}) {
    one.wall += step;
    auto later = one.env();
    const auto brought = Side::brought(one.rendezvous.clock_set(later));
    ASSERT_EQ(brought.size(), 1u);
    EXPECT_NE(brought[0].tokens, first);
    ASSERT_TRUE(one.rendezvous.deadline());
    EXPECT_LE(*one.rendezvous.deadline(), one.now + 62min);
  }
}

}  // namespace
}  // namespace culver::signaling
