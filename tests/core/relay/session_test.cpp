// Registering, pairing, relaying and leaving, rule by rule. "Z 19.2 a" and so on name the defect of
// Zajel's server that the rule keeps out.
#include "core/relay/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/wire/base64.hpp"
#include "tests/core/relay/hub_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const std::string unknown_pair =
    "{\"type\":\"pair_error\",\"error\":\"Pair request could not be processed\"}\n";

std::string timeout_of(std::string_view peer) {
  return "{\"type\":\"pair_timeout\",\"peerCode\":\"" + std::string(peer) + "\"}\n";
}
std::string left(std::string_view peer) {
  return "{\"type\":\"peer_left\",\"pairingCode\":\"" + std::string(peer) + "\"}\n";
}
std::string matched(std::string_view peer, int key_number, bool initiator) {
  return "{\"type\":\"pair_matched\",\"peerCode\":\"" + std::string(peer) +
         "\",\"peerPublicKey\":\"" + wire::base64::print(key(key_number)) +
         "\",\"isInitiator\":" + (initiator ? "true" : "false") + "}\n";
}
std::string registered(std::string_view code_text) {
  return "{\"type\":\"registered\",\"pairingCode\":\"" + std::string(code_text) +
         "\",\"serverId\":\"ed25519:test\"}\n";
}
std::string offer_from(std::string_view peer) {
  return "{\"type\":\"offer\",\"from\":\"" + std::string(peer) +
         "\",\"payload\":{\"sdp\":\"x\"}}\n";
}
std::string not_found(std::string_view peer) {
  return "{\"type\":\"error\",\"message\":\"Peer not found: " + std::string(peer) + "\"}\n";
}

class Session : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(broken(fixture.hub), ""); }
  HubFixture fixture;
};

// ---- registering --------------------------------------------------------------------------------

TEST_F(Session, GreetsWithItsNameAndNoRegion) {
  const auto a = fixture.accept();
  fixture.deliver(SocketOpened{a, "home"});
  EXPECT_EQ(fixture.read(a),
            "{\"type\":\"server_info\",\"serverId\":\"ed25519:test\",\"endpoint\":\"ws://here\","
            "\"region\":null,\"gateway\":2,\"messagesPerMinute\":100,\"deviceMessagesPerMinute\":"
            "1000,\"devicePairRequestsPerMinute\":120,\"deviceRendezvousPerMinute\":120}\n");
}

TEST_F(Session, RegistersAndAnswersPingBeforeAndAfter) {
  const auto a = fixture.connect();
  fixture.say(a, R"({"type":"ping"})");
  fixture.enroll(a, "AAAAAA", 1);
  fixture.say(a, R"({"type":"ping"})");
  EXPECT_EQ(fixture.read(a),
            "{\"type\":\"pong\"}\n" + registered("AAAAAA") + "{\"type\":\"pong\"}\n");
}

TEST_F(Session, UnregisteredMayOnlyRegisterAndPing) {
  const auto a = fixture.connect();
  fixture.ask(a, "BBBBBB");
  EXPECT_THAT(fixture.read(a), HasSubstr("Not registered. Send register message first."));
  fixture.answer(a, "BBBBBB", true);
  EXPECT_THAT(fixture.read(a), HasSubstr("Not registered"));
  fixture.offer(a, "BBBBBB");
  EXPECT_THAT(fixture.read(a), HasSubstr("Not registered"));
}

TEST_F(Session, SecondRegisterFreesTheFirstCode_Z192a) {
  const auto a = fixture.join("AAAAAA", 1);
  fixture.enroll(a, "CCCCCC", 1);
  EXPECT_EQ(fixture.read(a), registered("CCCCCC"));
  EXPECT_EQ(fixture.hub.registry().find(code("AAAAAA")), nullptr);
  const auto b = fixture.join("AAAAAA", 2);
  EXPECT_EQ(fixture.closed(b), std::nullopt);
  fixture.hang_up(a);
  EXPECT_EQ(fixture.hub.registry().find(code("CCCCCC")), nullptr);
}

TEST_F(Session, SecondRegisterTellsWhoeverKnewTheFirstCode_Z192a) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2),
             c = fixture.join("CCCCCC", 3);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.ask(c, "AAAAAA");
  fixture.enroll(a, "DDDDDD", 1);
  EXPECT_EQ(fixture.read(b), left("AAAAAA"));
  EXPECT_EQ(fixture.read(c), timeout_of("AAAAAA"));
  fixture.offer(b, "DDDDDD");
  EXPECT_EQ(fixture.read(b), not_found("DDDDDD"));
}

TEST_F(Session, ARegisterThatCollidesKeepsTheCodeItHad) {
  const auto a = fixture.join("AAAAAA", 1);
  fixture.join("BBBBBB", 2);
  fixture.enroll(a, "BBBBBB", 1);
  EXPECT_THAT(fixture.read(a), HasSubstr("code_collision"));
  EXPECT_EQ(fixture.hub.registry().socket_of(code("AAAAAA")), a);
}

TEST_F(Session, RegisteringTheSameAgainIsAnsweredAgain) {
  const auto a = fixture.join("AAAAAA", 1);
  fixture.enroll(a, "AAAAAA", 1);
  EXPECT_EQ(fixture.read(a), registered("AAAAAA"));
  EXPECT_EQ(fixture.closed(a), std::nullopt);
}

TEST_F(Session, AnotherKeyCollides) {
  const auto a = fixture.join("AAAAAA", 1);
  const auto b = fixture.connect();
  fixture.enroll(b, "AAAAAA", 2);
  EXPECT_EQ(fixture.read(b),
            "{\"type\":\"code_collision\",\"message\":\"Pairing code already in use. Please "
            "reconnect with a new code.\"}\n");
  EXPECT_EQ(fixture.hub.registry().socket_of(code("AAAAAA")), a);
  fixture.enroll(b, "BBBBBB", 2);
  EXPECT_EQ(fixture.read(b), registered("BBBBBB"));
}

TEST_F(Session, TheSameKeyTakesItsCodeBackFromADeadSocket_Z192b) {
  const auto dead = fixture.join("AAAAAA", 1);
  const auto fresh = fixture.connect();
  fixture.enroll(fresh, "AAAAAA", 1);
  EXPECT_EQ(fixture.read(fresh), registered("AAAAAA"));
  ASSERT_TRUE(fixture.closed(dead));
  EXPECT_EQ(fixture.closed(dead)->fault, Fault::replaced);
  fixture.hang_up(dead, false);  // later than the new one: it must not free the code
  EXPECT_EQ(fixture.hub.registry().socket_of(code("AAAAAA")), fresh);
}

TEST_F(Session, ATakeoverKeepsMatchesAndRequests_Z192b) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2),
             c = fixture.join("CCCCCC", 3);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.ask(c, "AAAAAA");
  const auto again = fixture.join("AAAAAA", 1);
  fixture.hang_up(a, false);
  EXPECT_EQ(fixture.read(b), "");
  fixture.offer(b, "AAAAAA");
  EXPECT_EQ(fixture.read(again), offer_from("BBBBBB"));
  fixture.answer(again, "CCCCCC", true);
  EXPECT_EQ(fixture.read(c), matched("AAAAAA", 1, true));
}

// ---- pairing ------------------------------------------------------------------------------------

TEST_F(Session, ThePairingThatIsAccepted) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.say(a, R"({"type":"pair_request","targetCode":"BBBBBB","proposedName":"Ana"})");
  EXPECT_EQ(fixture.read(b),
            "{\"type\":\"pair_incoming\",\"fromCode\":\"AAAAAA\",\"fromPublicKey\":\"" +
                wire::base64::print(key(1)) +
                "\",\"expiresIn\":120000,\"proposedName\":\"Ana\"}\n");
  EXPECT_EQ(fixture.read(a), "");
  fixture.answer(b, "AAAAAA", true);
  ASSERT_EQ(fixture.last.size(), 2u);
  EXPECT_EQ(std::get<SendToSocket>(fixture.last[0]).socket, a) << "the requester hears of it first";
  EXPECT_EQ(fixture.read(a), matched("BBBBBB", 2, true));
  EXPECT_EQ(fixture.read(b), matched("AAAAAA", 1, false));
}

TEST_F(Session, ThePairingThatIsRejected) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.ask(a, "BBBBBB");
  fixture.read(b);
  fixture.answer(b, "AAAAAA", false);
  EXPECT_EQ(fixture.read(a), "{\"type\":\"pair_rejected\",\"peerCode\":\"BBBBBB\"}\n");
  EXPECT_EQ(fixture.read(b), "");
  fixture.offer(a, "BBBBBB");
  EXPECT_EQ(fixture.read(a), not_found("BBBBBB"));
}

TEST_F(Session, CrossingRequestsMakeOneMatchWithOneInitiator_Z192d) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.ask(a, "BBBBBB");
  fixture.read(b);
  fixture.ask(b, "AAAAAA");
  EXPECT_EQ(fixture.read(a), matched("BBBBBB", 2, true));
  EXPECT_EQ(fixture.read(b), matched("AAAAAA", 1, false));
  fixture.answer(b, "AAAAAA", true);
  EXPECT_THAT(fixture.read(b), HasSubstr("No pending request from this peer"));
  EXPECT_EQ(fixture.read(a), "");
}

TEST_F(Session, AcceptedMustBeABoolean_Z192g) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.ask(a, "BBBBBB");
  fixture.read(b);
  for (const auto* accepted : {R"("no")", R"("true")", "1", "null", "{}", "[true]"}) {
    fixture.say(b, std::string(R"({"type":"pair_response","targetCode":"AAAAAA","accepted":)") +
                       accepted + "}");
    EXPECT_THAT(fixture.read(b), HasSubstr("\"type\":\"error\"")) << accepted;
  }
  fixture.say(b, R"({"type":"pair_response","targetCode":"AAAAAA"})");
  EXPECT_THAT(fixture.read(b), HasSubstr("\"type\":\"error\""));
  EXPECT_EQ(fixture.read(a), "");
  fixture.answer(b, "AAAAAA", true);
  EXPECT_EQ(fixture.read(a), matched("BBBBBB", 2, true)) << "the request is still open";
}

TEST_F(Session, SelfUnknownAwayAndFullLookTheSame_Z191_4) {
  Limits limits;
  limits.pending_per_target = 1;
  HubFixture small(limits);
  const auto a = small.join("AAAAAA", 1), b = small.join("BBBBBB", 2);
  small.join("CCCCCC", 3);
  small.ask(b, "CCCCCC");
  for (const auto* target : {"AAAAAA", "ZZZZZZ", "CCCCCC"}) {
    small.ask(a, target);
    EXPECT_EQ(small.read(a), unknown_pair) << target;
  }
}

TEST_F(Session, AtMostEightOfOneAddressWaitForOneTarget_Z191_5) {
  fixture.join("TTTTTT", 100);
  for (int i = 0; i < 8; ++i) {
    const std::string own = std::string("AAAAA") + "ABCDEFGHJK"[i];
    const auto a = fixture.join(own, 10 + i);
    fixture.ask(a, "TTTTTT");
    EXPECT_EQ(fixture.read(a), "");
  }
  const auto ninth = fixture.join("BBBBBB", 50);
  fixture.ask(ninth, "TTTTTT");
  EXPECT_EQ(fixture.read(ninth), unknown_pair);
  const auto elsewhere = fixture.join("CCCCCC", 60, "elsewhere");
  fixture.ask(elsewhere, "TTTTTT");
  EXPECT_EQ(fixture.read(elsewhere), "");
}

TEST_F(Session, ARepeatedRequestNotifiesAgainAndStartsAnew) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.ask(a, "BBBBBB");
  fixture.pass(80s);
  fixture.ask(a, "BBBBBB");
  fixture.read(b);
  fixture.pass(80s);
  EXPECT_EQ(fixture.read(a), "");
  fixture.pass(40s);
  EXPECT_THAT(fixture.read(a), HasSubstr(timeout_of("BBBBBB")));
}

TEST_F(Session, ARequestWarnsAt90SecondsAndEndsAt120ForBoth) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.ask(a, "BBBBBB");
  fixture.read(b);
  fixture.pass(89s);
  EXPECT_EQ(fixture.read(a) + fixture.read(b), "");
  fixture.pass(1s);
  EXPECT_EQ(fixture.read(a),
            "{\"type\":\"pair_expiring\",\"peerCode\":\"BBBBBB\",\"remainingSeconds\":30}\n");
  EXPECT_EQ(fixture.read(b),
            "{\"type\":\"pair_expiring\",\"peerCode\":\"AAAAAA\",\"remainingSeconds\":30}\n");
  fixture.pass(30s);
  EXPECT_EQ(fixture.read(a), timeout_of("BBBBBB"));
  EXPECT_EQ(fixture.read(b), timeout_of("AAAAAA"));
  fixture.answer(b, "AAAAAA", true);
  EXPECT_THAT(fixture.read(b), HasSubstr("No pending request from this peer"));
}

TEST_F(Session, ARequesterThatLeavesIsReportedAtOnce_Z192e) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.ask(a, "BBBBBB");
  fixture.read(b);
  fixture.hang_up(a, false);
  EXPECT_EQ(fixture.read(b), timeout_of("AAAAAA"));
}

TEST_F(Session, ATargetThatLeavesIsReportedAtOnce_Z192e) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.ask(a, "BBBBBB");
  fixture.hang_up(b, false);
  EXPECT_EQ(fixture.read(a), timeout_of("BBBBBB"));
}

TEST_F(Session, NothingOfARequestIsLeftAfterItsEnd_Z191_6) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.ask(a, "BBBBBB");
  fixture.hang_up(b);
  fixture.hang_up(a);
  EXPECT_TRUE(fixture.hub.book().requests().empty());
  EXPECT_TRUE(fixture.hub.book().matches().empty());
  EXPECT_TRUE(fixture.hub.registry().claims().empty());
  EXPECT_EQ(fixture.hub.deadline(), fixture.hub.next_prune()) << "no timer is left either";
}

// ---- relaying -----------------------------------------------------------------------------------

TEST_F(Session, RelaysEveryKindBetweenTheMatched) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  for (const std::string kind : {"offer", "answer", "ice_candidate"}) {
    fixture.say(a,
                R"({"type":")" + kind + R"(","target":"BBBBBB","extra":1,"payload":{"n":[1,2]}})");
    EXPECT_EQ(fixture.read(b),
              "{\"type\":\"" + kind + "\",\"from\":\"AAAAAA\",\"payload\":{\"n\":[1,2]}}\n");
  }
  const std::string id = R"("callId":"7e4b26c5-c6da-4ead-be3f-4b018d82d783")";
  for (const std::string kind :
       {"call_offer", "call_answer", "call_reject", "call_hangup", "call_ice"}) {
    const auto payload = "{" + id + R"(,"sdp":"v=0","candidate":"c","reason":"r"})";
    fixture.say(b, R"({"type":")" + kind + R"(","target":"AAAAAA","payload":)" + payload + "}");
    EXPECT_EQ(fixture.read(a),
              "{\"type\":\"" + kind + "\",\"from\":\"BBBBBB\",\"payload\":" + payload + "}\n");
  }
}

TEST_F(Session, RelaysNothingBetweenStrangers_Z192c) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.offer(a, "BBBBBB");
  EXPECT_EQ(fixture.read(b), "");
  fixture.ask(a, "BBBBBB");
  fixture.read(a);
  fixture.read(b);
  fixture.offer(a, "BBBBBB");
  EXPECT_EQ(fixture.read(b), "") << "asking alone gives no right to send";
  EXPECT_EQ(fixture.read(a), not_found("BBBBBB"));
}

TEST_F(Session, UnknownAndUnrelatedTargetsGetTheSameAnswer_Z192h) {
  const auto a = fixture.join("AAAAAA", 1);
  fixture.join("BBBBBB", 2);
  fixture.offer(a, "BBBBBB");
  EXPECT_EQ(fixture.read(a), not_found("BBBBBB"));
  fixture.offer(a, "ZZZZZZ");
  EXPECT_EQ(fixture.read(a), not_found("ZZZZZZ"));
  fixture.offer(a, "AAAAAA");
  EXPECT_EQ(fixture.read(a), not_found("AAAAAA"));
}

TEST_F(Session, TheMatchLastsAsLongAsBothSockets) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.pass(24h);
  fixture.offer(a, "BBBBBB");
  EXPECT_EQ(fixture.read(b), offer_from("AAAAAA"));
}

TEST_F(Session, ADescriptionOfTheWrongShapeIsRefused_Z191_20) {
  const auto a = fixture.join("AAAAAA", 1);
  for (const auto* frame :
       {R"({"type":5})", R"({"type":"offer","target":5})", R"({"type":"offer"})",
        R"({"type":"pair_request","targetCode":["BBBBBB"]})",
        R"({"type":"register","pairingCode":7})",
        R"({"type":"call_offer","target":"BBBBBB","payload":{"callId":"x","sdp":"v=0"}})", "null",
        "[]", "42", "{", "\"\""}) {
    fixture.say(a, frame);
    EXPECT_THAT(fixture.read(a), HasSubstr("\"type\":\"error\"")) << frame;
  }
  EXPECT_EQ(fixture.closed(a), std::nullopt);
}

// ---- leaving ------------------------------------------------------------------------------------

TEST_F(Session, AMatchedPeerThatSaysGoodbyeIsReportedAtOnce_Z192e) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.hang_up(a, true);
  EXPECT_EQ(fixture.read(b), left("AAAAAA"));
  fixture.pass(1h);
  EXPECT_EQ(fixture.read(b), "") << "once";
  EXPECT_EQ(fixture.hub.registry().find(code("AAAAAA")), nullptr);
}

TEST_F(Session, AMatchedPeerThatIsLostIsReportedAfterTheGrace_Z192e) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.hang_up(a, false);
  EXPECT_EQ(fixture.read(b), "");
  fixture.pass(fixture.hub.limits().reconnect_grace);
  EXPECT_EQ(fixture.read(b), left("AAAAAA"));
  EXPECT_EQ(fixture.hub.registry().find(code("AAAAAA")), nullptr);
}

TEST_F(Session, TheSameKeyFindsItsMatchesAgainWithinTheGrace) {
  for (const bool goodbye : {false, true}) {
    HubFixture fresh;
    const auto a = fresh.join("AAAAAA", 1), b = fresh.join("BBBBBB", 2);
    fresh.pair(a, "AAAAAA", b, "BBBBBB");
    fresh.hang_up(a, goodbye);
    fresh.read(b);
    fresh.pass(fresh.hub.limits().reconnect_grace / 2);
    const auto thief = fresh.connect();
    fresh.enroll(thief, "AAAAAA", 9);
    EXPECT_THAT(fresh.read(thief), HasSubstr("code_collision"));
    const auto again = fresh.join("AAAAAA", 1);
    fresh.offer(b, "AAAAAA");
    EXPECT_EQ(fresh.read(again), offer_from("BBBBBB"));
    fresh.pass(1h);
    EXPECT_THAT(fresh.read(b), Not(HasSubstr("peer_left")));
    EXPECT_EQ(broken(fresh.hub), "");
  }
}

TEST_F(Session, ACodeThatIsAwayIsUnknownToStrangers) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2),
             c = fixture.join("CCCCCC", 3);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.hang_up(a, false);
  fixture.ask(c, "AAAAAA");
  EXPECT_EQ(fixture.read(c), unknown_pair);
  fixture.offer(c, "AAAAAA");
  EXPECT_EQ(fixture.read(c), not_found("AAAAAA"));
}

TEST_F(Session, WhatAPartnerSaysToACodeThatIsAwayWaitsForIt) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.offer(a, "BBBBBB");
  fixture.hang_up(a, false);
  fixture.read(b);
  fixture.offer(b, "AAAAAA");
  fixture.offer(b, "AAAAAA");
  EXPECT_EQ(fixture.read(b), "");
  const auto again = fixture.connect();
  fixture.enroll(again, "AAAAAA", 1);
  EXPECT_EQ(fixture.read(again),
            registered("AAAAAA") + offer_from("BBBBBB") + offer_from("BBBBBB"));
}

/// Whoever was told that it left is not to believe that anybody hears it.
TEST_F(Session, WhatAPartnerSaysToACodeThatSaidGoodbyeIsAnsweredAndNotKept) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.offer(a, "BBBBBB");
  fixture.hang_up(a, true);
  EXPECT_EQ(fixture.read(b), offer_from("AAAAAA") + left("AAAAAA"));
  fixture.offer(b, "AAAAAA");
  EXPECT_EQ(fixture.read(b), not_found("AAAAAA"));
  const auto again = fixture.connect();
  fixture.enroll(again, "AAAAAA", 1);
  EXPECT_EQ(fixture.read(again), registered("AAAAAA"));
  fixture.offer(b, "AAAAAA");
  EXPECT_EQ(fixture.read(again), offer_from("BBBBBB")) << "the match is there again";
}

TEST_F(Session, NoMoreWaitsThanThereIsRoomFor) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.hang_up(a, false);
  for (std::size_t i = 0; i < Registry::missed_messages; ++i) fixture.offer(b, "AAAAAA");
  EXPECT_EQ(fixture.read(b), "");
  fixture.offer(b, "AAAAAA");
  EXPECT_EQ(fixture.read(b), not_found("AAAAAA"));
}

TEST_F(Session, AMatchThatWasPerhapsNotHeardOfIsToldAgain) {
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.hang_up(a, false);
  fixture.offer(b, "AAAAAA");
  const auto again = fixture.connect();
  fixture.enroll(again, "AAAAAA", 1);
  const auto said = fixture.read(again);
  EXPECT_TRUE(said.starts_with(registered("AAAAAA"))) << said;
  EXPECT_THAT(said, HasSubstr("pair_matched"));
  EXPECT_TRUE(said.ends_with(offer_from("BBBBBB"))) << said;
  fixture.offer(again, "BBBBBB");
  fixture.hang_up(again, false);
  const auto once_more = fixture.connect();
  fixture.enroll(once_more, "AAAAAA", 1);
  EXPECT_EQ(fixture.read(once_more), registered("AAAAAA"));
}

TEST_F(Session, ACodeWithoutMatchesIsFreeAtOnce) {
  fixture.hang_up(fixture.join("AAAAAA", 1), false);
  const auto b = fixture.connect();
  fixture.enroll(b, "AAAAAA", 2);
  EXPECT_EQ(fixture.read(b), registered("AAAAAA"));
}

// ---- time ---------------------------------------------------------------------------------------

TEST_F(Session, AnUnregisteredSocketIsClosedAfter15Seconds_Z192l) {
  const auto a = fixture.connect();
  fixture.pass(14s);
  fixture.say(a, R"({"type":"ping"})");
  EXPECT_EQ(fixture.closed(a), std::nullopt);
  fixture.pass(1s);
  ASSERT_TRUE(fixture.closed(a));
  EXPECT_EQ(fixture.closed(a)->fault, Fault::register_timeout);
}

TEST_F(Session, AConnectionThatIsNeverUpgradedIsClosed) {
  const auto a = fixture.accept();
  fixture.pass(fixture.hub.limits().upgrade);
  EXPECT_TRUE(fixture.closed(a));
}

TEST_F(Session, IsPingedEvery30SecondsAndStays_Z192b) {
  const auto a = fixture.join("AAAAAA", 1);
  fixture.pass(30s);
  EXPECT_EQ(fixture.pings(a), 1u);
  fixture.pass(10min);
  EXPECT_EQ(fixture.pings(a), 21u);
  EXPECT_EQ(fixture.closed(a), std::nullopt);
}

/// After a pause of ours nobody has been asked for a sign of life.
TEST_F(Session, NobodyIsDroppedForPingsThatWereNeverSent) {
  const auto a = fixture.join("AAAAAA", 1);
  fixture.answers_pings = false;
  fixture.now += 64s;
  fixture.deliver(Tick{});
  EXPECT_EQ(fixture.closed(a), std::nullopt);
  EXPECT_EQ(fixture.pings(a), 1u);
  fixture.pass(29s);
  EXPECT_EQ(fixture.closed(a), std::nullopt);
  fixture.pass(1s);
  EXPECT_TRUE(fixture.closed(a)) << "that one was sent";
}

TEST_F(Session, TheSilentAreDroppedAfterTwoIntervals_Z192b) {
  fixture.answers_pings = false;
  const auto a = fixture.join("AAAAAA", 1);
  fixture.pass(59s);
  EXPECT_EQ(fixture.closed(a), std::nullopt);
  fixture.pass(1s);
  ASSERT_TRUE(fixture.closed(a));
  EXPECT_EQ(fixture.closed(a)->fault, Fault::heartbeat_timeout);
  EXPECT_EQ(fixture.hub.registry().find(code("AAAAAA")), nullptr);
}

TEST_F(Session, AnyMessageIsASignOfLife) {
  fixture.answers_pings = false;
  const auto a = fixture.join("AAAAAA", 1);
  for (int i = 0; i < 20; ++i) {
    fixture.pass(20s);
    fixture.say(a, "garbage");
  }
  EXPECT_EQ(fixture.closed(a), std::nullopt);
}

// ---- the table ----------------------------------------------------------------------------------

TEST(SessionTable, NamesEveryExit) {
  const auto table = fsm::table<session::Machine>();
  EXPECT_THAT(table, HasSubstr("| Unregistered | register | Unregistered | Registered |"));
  EXPECT_THAT(table, HasSubstr("| Registered | Due | Registered | Closing |"));
  EXPECT_THAT(table, Not(HasSubstr("| Unregistered | relay |")));
  EXPECT_THAT(table, Not(HasSubstr("| Closing | ")));
}

}  // namespace
}  // namespace culver::relay
