// Rendezvous through the hub: who may register, who is told what, what ends with a socket, and how
// often it may be asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/wire/limits.hpp"
#include "tests/core/relay/gateway_fixture_support.hpp"
#include "tests/core/relay/hub_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string nothing = R"({"type":"rendezvous_result","liveMatches":[],"deadDrops":[]})"
                            "\n";

std::string error(std::string_view text) {
  return R"({"type":"error","message":")" + std::string(text) + "\"}\n";
}

struct RendezvousHub : testing::Test {
  void visit(SocketId socket, std::string_view code_text, std::string_view fields) {
    fixture.say(socket, R"({"type":"register_rendezvous","peerId":")" + std::string(code_text) +
                            "\"" + std::string(fields) + "}");
    EXPECT_EQ(broken(fixture.hub), "");
  }
  std::string met(SocketId socket, std::string_view code_text, std::string_view fields) {
    fixture.read(socket);
    visit(socket, code_text, fields);
    return fixture.read(socket);
  }

  HubFixture fixture;
};

constexpr auto token = R"(,"hourly_tokens":["hr_t"])";
constexpr auto point = R"(,"daily_points":["day_p"])";
constexpr auto drop = R"(,"daily_points":["day_p"],"dead_drops":{"day_p":"eA=="})";
const std::string met_ana =
    R"({"type":"rendezvous_result",)"
    R"("liveMatches":[{"peerId":"AAAAAA","relayId":"","token":"hr_t"}],"deadDrops":[]})"
    "\n";
const std::string drop_of_ana =
    R"({"type":"rendezvous_result","liveMatches":[],)"
    R"("deadDrops":[{"peerId":"AAAAAA","deadDrop":"eA==","relayId":"","meetingPoint":"day_p"}]})"
    "\n";

TEST_F(RendezvousHub, TwoWhoAreThereAreToldOfEachOther) {
  const auto ana = fixture.join("AAAAAA", 1), bob = fixture.join("BBBBBB", 2);
  EXPECT_EQ(met(ana, "AAAAAA", token), nothing);
  EXPECT_EQ(met(bob, "BBBBBB", token), met_ana);
  EXPECT_EQ(fixture.read(ana), R"({"type":"rendezvous_match",)"
                               R"("match":{"peerId":"BBBBBB","relayId":"","token":"hr_t"}})"
                               "\n");
  EXPECT_EQ(fixture.hub.counters().rendezvous, 2u);
  EXPECT_EQ(fixture.hub.counters().live_matches, 1u);
  EXPECT_EQ(fixture.hub.counters().rendezvous_tokens, 2u);
}

TEST_F(RendezvousHub, ADropWaitsForWhoComesLater_Z192m) {
  const auto ana = fixture.join("AAAAAA", 1);
  EXPECT_EQ(met(ana, "AAAAAA", drop), nothing);
  fixture.hang_up(ana);
  fixture.pass(47h);
  EXPECT_EQ(met(fixture.join("BBBBBB", 2), "BBBBBB", point), drop_of_ana);
  EXPECT_EQ(fixture.hub.counters().dead_drops, 1u);
  EXPECT_EQ(fixture.hub.counters().dead_drops_given, 1u);
  fixture.pass(1h);
  EXPECT_EQ(met(fixture.join("BBBBBB", 2), "BBBBBB", point), nothing);
  EXPECT_EQ(fixture.hub.counters().dead_drops, 0u);
  EXPECT_EQ(fixture.hub.counters().dead_drop_bytes, 0u);
}

TEST_F(RendezvousHub, IsForWhoIsRegisteredUnderThatCode) {
  const auto stranger = fixture.connect();
  EXPECT_EQ(met(stranger, "AAAAAA", token), error("Not registered. Send register message first."));
  const auto ana = fixture.join("AAAAAA", 1);
  for (const auto* other : {"BBBBBB", "aaaaaa", "AAAAAAA", "peer-1"})
    EXPECT_EQ(met(ana, other, token), error("peerId mismatch with registered identity"));
  EXPECT_EQ(
      met(ana, "no id!", token),
      error("Invalid peerId: must be 1-128 alphanumeric characters, hyphens, or underscores"));
  EXPECT_EQ(fixture.hub.rendezvous().live().size(), 0u);
}

TEST_F(RendezvousHub, TokensEndWithTheSocketAtOnce_Z192m) {
  for (const bool goodbye : {true, false}) {
    const auto ana = fixture.join("AAAAAA", 1), bob = fixture.join("BBBBBB", 2);
    fixture.pair(ana, "AAAAAA", bob, "BBBBBB");  // so that the code is parked, and not released
    EXPECT_EQ(met(ana, "AAAAAA", token), nothing);
    fixture.hang_up(ana, goodbye);
    EXPECT_EQ(fixture.hub.registry().parked(), 1u);
    EXPECT_EQ(met(bob, "BBBBBB", token), nothing);
    fixture.hang_up(bob);
    fixture.pass(1min);
  }
}

TEST_F(RendezvousHub, TokensEndWithTheCode) {
  const auto ana = fixture.join("AAAAAA", 1), bob = fixture.join("BBBBBB", 2);
  EXPECT_EQ(met(ana, "AAAAAA", token), nothing);
  fixture.enroll(ana, "AAAAAA", 1);
  EXPECT_EQ(met(bob, "BBBBBB", token), met_ana) << "the same code again changes nothing";
  fixture.enroll(ana, "DDDDDD", 1);
  EXPECT_EQ(met(bob, "BBBBBB", token), nothing);
  EXPECT_EQ(met(ana, "AAAAAA", token), error("peerId mismatch with registered identity"));
}

TEST_F(RendezvousHub, TokensEndWithTheSocketThatIsReplaced) {
  const auto ana = fixture.join("AAAAAA", 1), bob = fixture.join("BBBBBB", 2);
  EXPECT_EQ(met(ana, "AAAAAA", token), nothing);
  const auto again = fixture.join("AAAAAA", 1);
  EXPECT_TRUE(fixture.closed(ana));
  EXPECT_EQ(met(bob, "BBBBBB", token), nothing);
  EXPECT_EQ(fixture.read(again), "") << "it has brought no token yet";
  EXPECT_THAT(met(again, "AAAAAA", token), HasSubstr(R"("peerId":"BBBBBB")"));
  fixture.hang_up(ana);
  EXPECT_EQ(met(bob, "BBBBBB", token), met_ana);
}

TEST_F(RendezvousHub, TokensOfTheSilentEnd) {
  fixture.answers_pings = false;
  const auto ana = fixture.join("AAAAAA", 1);
  EXPECT_EQ(met(ana, "AAAAAA", token), nothing);
  fixture.pass(61s);
  EXPECT_TRUE(fixture.closed(ana));
  EXPECT_EQ(fixture.hub.rendezvous().live().size(), 0u);
}

TEST_F(RendezvousHub, WhatIsFullIsSaidBeforeTheAnswer) {
  Limits limits;
  limits.dead_drops.values_per_address = 1;
  HubFixture small(limits);
  const auto ana = small.join("AAAAAA", 1);
  small.say(ana, R"({"type":"register_rendezvous","peerId":"AAAAAA","daily_points":["p","q"],)"
                 R"("deadDrop":"x"})");
  EXPECT_EQ(
      small.read(ana),
      error("Rendezvous full: not everything could be kept. Please try again later.") + nothing);
  EXPECT_EQ(small.hub.rendezvous().drops().size(), 1u);
}

TEST_F(RendezvousHub, TwentyAMinuteAndNoMoreByReconnecting) {
  const auto ana = fixture.join("AAAAAA", 1);
  const auto slow_down = std::string(
      R"({"type":"error","message":"Rate limit exceeded. Please slow down.","retryAfter":3})"
      "\n");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(met(ana, "AAAAAA", ""), nothing);
  EXPECT_EQ(met(ana, "AAAAAA", ""), slow_down);
  fixture.pass(3s);
  EXPECT_EQ(met(ana, "AAAAAA", ""), nothing);

  Limits limits;
  limits.rendezvous_per_address = {30, 60s};
  HubFixture strict(limits);
  std::size_t answered = 0;
  for (int socket = 0; socket < 4; ++socket) {
    const auto id = strict.join("AAAAAA", 1);
    for (int i = 0; i < 10; ++i) {
      strict.say(id, R"({"type":"register_rendezvous","peerId":"AAAAAA"})");
      answered += strict.read(id).find("rendezvous_result") != std::string::npos;
    }
    strict.hang_up(id);
  }
  EXPECT_EQ(answered, 30u);
}

TEST_F(RendezvousHub, TheAnswerComesWhenTheDropsAreKept) {
  const auto ana = fixture.join("AAAAAA", 1), bob = fixture.join("BBBBBB", 2);
  visit(bob, "BBBBBB", token);
  fixture.read(bob);
  fixture.holds_answers = true;
  EXPECT_EQ(met(ana, "AAAAAA", R"(,"hourly_tokens":["hr_t"],"daily_points":["p"],"deadDrop":"x")"),
            "");
  EXPECT_THAT(fixture.read(bob), HasSubstr("rendezvous_match"));
  EXPECT_EQ(met(ana, "AAAAAA", point), nothing) << "what brings no drop waits for nothing";
  fixture.let_answer();
  EXPECT_EQ(fixture.read(ana),
            R"({"type":"rendezvous_result",)"
            R"("liveMatches":[{"peerId":"BBBBBB","relayId":"","token":"hr_t"}],"deadDrops":[]})"
            "\n");
  EXPECT_EQ(fixture.store.drops.size(), 1u);

  met(ana, "AAAAAA", drop);
  fixture.hang_up(ana);
  fixture.let_answer();
  EXPECT_EQ(fixture.store.drops.size(), 2u) << "also when its owner has gone meanwhile";
  EXPECT_EQ(fixture.read(ana), "");
}

TEST_F(RendezvousHub, AStoreThatFailsIsSaid) {
  const auto ana = fixture.join("AAAAAA", 1);
  fixture.store.is_failing = true;
  EXPECT_EQ(met(ana, "AAAAAA", drop), error("Internal server error"));
  EXPECT_EQ(met(ana, "AAAAAA", token), nothing);
  fixture.store.is_failing = false;
  EXPECT_EQ(met(ana, "AAAAAA", drop), nothing);
}

TEST_F(RendezvousHub, ABusyStoreIsSaid) {
  Limits limits;
  limits.questions = 1;
  HubFixture busy(limits);
  busy.holds_answers = true;
  const auto ana = busy.join("AAAAAA", 1);
  const auto frame = std::string(R"({"type":"register_rendezvous","peerId":"AAAAAA")") + drop + "}";
  busy.say(ana, frame);
  EXPECT_EQ(busy.read(ana), "");
  busy.say(ana, frame);
  EXPECT_EQ(busy.read(ana), error("Service unavailable, please try again later"));
  busy.let_answer();
  EXPECT_EQ(busy.read(ana), nothing);
}

TEST_F(RendezvousHub, DropsOutliveTheProcess) {
  visit(fixture.join("AAAAAA", 1), "AAAAAA", drop);
  HubFixture later;
  Rng rng([](void*, std::span<std::byte>) {}, nullptr);
  std::vector<StoredDrop> left;
  for (const auto& [where, stored] : fixture.store.drops) left.push_back(stored);
  later.hub.restore(left, Env{later.now, rng});
  const auto bob = later.join("BBBBBB", 2);
  later.say(bob, std::string(R"({"type":"register_rendezvous","peerId":"BBBBBB")") + point + "}");
  EXPECT_EQ(later.read(bob), drop_of_ana);
}

TEST_F(RendezvousHub, TheDrainForgetsIt) {
  const auto ana = fixture.join("AAAAAA", 1);
  visit(ana, "AAAAAA", drop);
  visit(ana, "AAAAAA", token);
  fixture.deliver(Drain{});
  EXPECT_EQ(fixture.hub.rendezvous().live().size(), 0u);
  fixture.hang_up(ana);
  EXPECT_EQ(fixture.hub.deadline(), std::nullopt);
}

/// A device that shook hands speaks signaling too.
TEST(RendezvousBehindTheGateway, IsTheSame) {
  for (const unsigned version : {1U, 2U}) {
    GatewayFixture gateway;
    Phone phone(1, version);
    gateway.connect(phone);
    gateway.say(phone, R"({"type":"register","pairingCode":"AAAAAA","publicKey":")" +
                           std::string("B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw=\"}"));
    gateway.say(phone, R"({"type":"register_rendezvous","peerId":"AAAAAA","hourlyTokens":["t"]})");
    EXPECT_EQ(phone.take("rendezvous_result").size(), 1u);
    EXPECT_EQ(gateway.hub.rendezvous().live().size(), 1u);
    gateway.hang_up(phone);
    EXPECT_EQ(gateway.hub.rendezvous().live().size(), 0u);
  }
}

}  // namespace
}  // namespace culver::relay
