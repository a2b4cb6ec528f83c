// Registering, pairing, relaying and leaving, rule by rule. "Z 19.2 a" and so on name the defect of
// Zajel's server that the rule keeps out.
#include "core/relay/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/wire/base64.hpp"
#include "tests/core/relay/hub_invariants.hpp"
#include "tests/core/relay/room_support.hpp"

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
  void TearDown() override { EXPECT_EQ(broken(room.hub), ""); }
  Room room;
};

// ---- registering --------------------------------------------------------------------------------

TEST_F(Session, GreetsWithItsNameAndNoRegion) {
  const auto a = room.accept();
  room.deliver(SocketOpened{a, "home"});
  EXPECT_EQ(room.read(a),
            "{\"type\":\"server_info\",\"serverId\":\"ed25519:test\",\"endpoint\":\"ws://here\","
            "\"region\":null,\"gateway\":2,\"messagesPerMinute\":100,\"deviceMessagesPerMinute\":"
            "1000,\"devicePairRequestsPerMinute\":120,\"deviceRendezvousPerMinute\":120}\n");
}

TEST_F(Session, RegistersAndAnswersPingBeforeAndAfter) {
  const auto a = room.connect();
  room.say(a, R"({"type":"ping"})");
  room.enroll(a, "AAAAAA", 1);
  room.say(a, R"({"type":"ping"})");
  EXPECT_EQ(room.read(a), "{\"type\":\"pong\"}\n" + registered("AAAAAA") + "{\"type\":\"pong\"}\n");
}

TEST_F(Session, UnregisteredMayOnlyRegisterAndPing) {
  const auto a = room.connect();
  room.ask(a, "BBBBBB");
  EXPECT_THAT(room.read(a), HasSubstr("Not registered. Send register message first."));
  room.answer(a, "BBBBBB", true);
  EXPECT_THAT(room.read(a), HasSubstr("Not registered"));
  room.offer(a, "BBBBBB");
  EXPECT_THAT(room.read(a), HasSubstr("Not registered"));
}

TEST_F(Session, SecondRegisterFreesTheFirstCode_Z192a) {
  const auto a = room.join("AAAAAA", 1);
  room.enroll(a, "CCCCCC", 1);
  EXPECT_EQ(room.read(a), registered("CCCCCC"));
  EXPECT_EQ(room.hub.registry().find(code("AAAAAA")), nullptr);
  const auto b = room.join("AAAAAA", 2);
  EXPECT_EQ(room.closed(b), std::nullopt);
  room.hang_up(a);
  EXPECT_EQ(room.hub.registry().find(code("CCCCCC")), nullptr);
}

TEST_F(Session, SecondRegisterTellsWhoeverKnewTheFirstCode_Z192a) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2), c = room.join("CCCCCC", 3);
  room.pair(a, "AAAAAA", b, "BBBBBB");
  room.ask(c, "AAAAAA");
  room.enroll(a, "DDDDDD", 1);
  EXPECT_EQ(room.read(b), left("AAAAAA"));
  EXPECT_EQ(room.read(c), timeout_of("AAAAAA"));
  room.offer(b, "DDDDDD");
  EXPECT_EQ(room.read(b), not_found("DDDDDD"));
}

TEST_F(Session, ARegisterThatCollidesKeepsTheCodeItHad) {
  const auto a = room.join("AAAAAA", 1);
  room.join("BBBBBB", 2);
  room.enroll(a, "BBBBBB", 1);
  EXPECT_THAT(room.read(a), HasSubstr("code_collision"));
  EXPECT_EQ(room.hub.registry().socket_of(code("AAAAAA")), a);
}

TEST_F(Session, RegisteringTheSameAgainIsAnsweredAgain) {
  const auto a = room.join("AAAAAA", 1);
  room.enroll(a, "AAAAAA", 1);
  EXPECT_EQ(room.read(a), registered("AAAAAA"));
  EXPECT_EQ(room.closed(a), std::nullopt);
}

TEST_F(Session, AnotherKeyCollides) {
  const auto a = room.join("AAAAAA", 1);
  const auto b = room.connect();
  room.enroll(b, "AAAAAA", 2);
  EXPECT_EQ(room.read(b),
            "{\"type\":\"code_collision\",\"message\":\"Pairing code already in use. Please "
            "reconnect with a new code.\"}\n");
  EXPECT_EQ(room.hub.registry().socket_of(code("AAAAAA")), a);
  room.enroll(b, "BBBBBB", 2);
  EXPECT_EQ(room.read(b), registered("BBBBBB"));
}

TEST_F(Session, TheSameKeyTakesItsCodeBackFromADeadSocket_Z192b) {
  const auto dead = room.join("AAAAAA", 1);
  const auto fresh = room.connect();
  room.enroll(fresh, "AAAAAA", 1);
  EXPECT_EQ(room.read(fresh), registered("AAAAAA"));
  ASSERT_TRUE(room.closed(dead));
  EXPECT_EQ(room.closed(dead)->fault, Fault::replaced);
  room.hang_up(dead, false);  // later than the new one: it must not free the code
  EXPECT_EQ(room.hub.registry().socket_of(code("AAAAAA")), fresh);
}

TEST_F(Session, ATakeoverKeepsMatchesAndRequests_Z192b) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2), c = room.join("CCCCCC", 3);
  room.pair(a, "AAAAAA", b, "BBBBBB");
  room.ask(c, "AAAAAA");
  const auto again = room.join("AAAAAA", 1);
  room.hang_up(a, false);
  EXPECT_EQ(room.read(b), "");
  room.offer(b, "AAAAAA");
  EXPECT_EQ(room.read(again), offer_from("BBBBBB"));
  room.answer(again, "CCCCCC", true);
  EXPECT_EQ(room.read(c), matched("AAAAAA", 1, true));
}

// ---- pairing ------------------------------------------------------------------------------------

TEST_F(Session, ThePairingThatIsAccepted) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.say(a, R"({"type":"pair_request","targetCode":"BBBBBB","proposedName":"Ana"})");
  EXPECT_EQ(room.read(b),
            "{\"type\":\"pair_incoming\",\"fromCode\":\"AAAAAA\",\"fromPublicKey\":\"" +
                wire::base64::print(key(1)) +
                "\",\"expiresIn\":120000,\"proposedName\":\"Ana\"}\n");
  EXPECT_EQ(room.read(a), "");
  room.answer(b, "AAAAAA", true);
  ASSERT_EQ(room.last.size(), 2u);
  EXPECT_EQ(std::get<Send>(room.last[0]).socket, a) << "the requester hears of it first";
  EXPECT_EQ(room.read(a), matched("BBBBBB", 2, true));
  EXPECT_EQ(room.read(b), matched("AAAAAA", 1, false));
}

TEST_F(Session, ThePairingThatIsRejected) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.ask(a, "BBBBBB");
  room.read(b);
  room.answer(b, "AAAAAA", false);
  EXPECT_EQ(room.read(a), "{\"type\":\"pair_rejected\",\"peerCode\":\"BBBBBB\"}\n");
  EXPECT_EQ(room.read(b), "");
  room.offer(a, "BBBBBB");
  EXPECT_EQ(room.read(a), not_found("BBBBBB"));
}

TEST_F(Session, CrossingRequestsMakeOneMatchWithOneInitiator_Z192d) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.ask(a, "BBBBBB");
  room.read(b);
  room.ask(b, "AAAAAA");
  EXPECT_EQ(room.read(a), matched("BBBBBB", 2, true));
  EXPECT_EQ(room.read(b), matched("AAAAAA", 1, false));
  room.answer(b, "AAAAAA", true);
  EXPECT_THAT(room.read(b), HasSubstr("No pending request from this peer"));
  EXPECT_EQ(room.read(a), "");
}

TEST_F(Session, AcceptedMustBeABoolean_Z192g) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.ask(a, "BBBBBB");
  room.read(b);
  for (const auto* accepted : {R"("no")", R"("true")", "1", "null", "{}", "[true]"}) {
    room.say(b, std::string(R"({"type":"pair_response","targetCode":"AAAAAA","accepted":)") +
                    accepted + "}");
    EXPECT_THAT(room.read(b), HasSubstr("\"type\":\"error\"")) << accepted;
  }
  room.say(b, R"({"type":"pair_response","targetCode":"AAAAAA"})");
  EXPECT_THAT(room.read(b), HasSubstr("\"type\":\"error\""));
  EXPECT_EQ(room.read(a), "");
  room.answer(b, "AAAAAA", true);
  EXPECT_EQ(room.read(a), matched("BBBBBB", 2, true)) << "the request is still open";
}

TEST_F(Session, SelfUnknownAwayAndFullLookTheSame_Z191_4) {
  Limits limits;
  limits.pending_per_target = 1;
  Room small(limits);
  const auto a = small.join("AAAAAA", 1), b = small.join("BBBBBB", 2);
  small.join("CCCCCC", 3);
  small.ask(b, "CCCCCC");
  for (const auto* target : {"AAAAAA", "ZZZZZZ", "CCCCCC"}) {
    small.ask(a, target);
    EXPECT_EQ(small.read(a), unknown_pair) << target;
  }
}

TEST_F(Session, AtMostEightOfOneAddressWaitForOneTarget_Z191_5) {
  room.join("TTTTTT", 100);
  for (int i = 0; i < 8; ++i) {
    const std::string own = std::string("AAAAA") + "ABCDEFGHJK"[i];
    const auto a = room.join(own, 10 + i);
    room.ask(a, "TTTTTT");
    EXPECT_EQ(room.read(a), "");
  }
  const auto ninth = room.join("BBBBBB", 50);
  room.ask(ninth, "TTTTTT");
  EXPECT_EQ(room.read(ninth), unknown_pair);
  const auto elsewhere = room.join("CCCCCC", 60, "elsewhere");
  room.ask(elsewhere, "TTTTTT");
  EXPECT_EQ(room.read(elsewhere), "");
}

TEST_F(Session, ARepeatedRequestNotifiesAgainAndStartsAnew) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.ask(a, "BBBBBB");
  room.pass(80s);
  room.ask(a, "BBBBBB");
  room.read(b);
  room.pass(80s);
  EXPECT_EQ(room.read(a), "");
  room.pass(40s);
  EXPECT_THAT(room.read(a), HasSubstr(timeout_of("BBBBBB")));
}

TEST_F(Session, ARequestWarnsAt90SecondsAndEndsAt120ForBoth) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.ask(a, "BBBBBB");
  room.read(b);
  room.pass(89s);
  EXPECT_EQ(room.read(a) + room.read(b), "");
  room.pass(1s);
  EXPECT_EQ(room.read(a),
            "{\"type\":\"pair_expiring\",\"peerCode\":\"BBBBBB\",\"remainingSeconds\":30}\n");
  EXPECT_EQ(room.read(b),
            "{\"type\":\"pair_expiring\",\"peerCode\":\"AAAAAA\",\"remainingSeconds\":30}\n");
  room.pass(30s);
  EXPECT_EQ(room.read(a), timeout_of("BBBBBB"));
  EXPECT_EQ(room.read(b), timeout_of("AAAAAA"));
  room.answer(b, "AAAAAA", true);
  EXPECT_THAT(room.read(b), HasSubstr("No pending request from this peer"));
}

TEST_F(Session, ARequesterThatLeavesIsReportedAtOnce_Z192e) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.ask(a, "BBBBBB");
  room.read(b);
  room.hang_up(a, false);
  EXPECT_EQ(room.read(b), timeout_of("AAAAAA"));
}

TEST_F(Session, ATargetThatLeavesIsReportedAtOnce_Z192e) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.ask(a, "BBBBBB");
  room.hang_up(b, false);
  EXPECT_EQ(room.read(a), timeout_of("BBBBBB"));
}

TEST_F(Session, NothingOfARequestIsLeftAfterItsEnd_Z191_6) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.ask(a, "BBBBBB");
  room.hang_up(b);
  room.hang_up(a);
  EXPECT_TRUE(room.hub.book().requests().empty());
  EXPECT_TRUE(room.hub.book().matches().empty());
  EXPECT_TRUE(room.hub.registry().claims().empty());
  EXPECT_EQ(room.hub.deadline(), room.hub.next_prune()) << "no timer is left either";
}

// ---- relaying -----------------------------------------------------------------------------------

TEST_F(Session, RelaysEveryKindBetweenTheMatched) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.pair(a, "AAAAAA", b, "BBBBBB");
  for (const std::string kind : {"offer", "answer", "ice_candidate"}) {
    room.say(a, R"({"type":")" + kind + R"(","target":"BBBBBB","extra":1,"payload":{"n":[1,2]}})");
    EXPECT_EQ(room.read(b),
              "{\"type\":\"" + kind + "\",\"from\":\"AAAAAA\",\"payload\":{\"n\":[1,2]}}\n");
  }
  const std::string id = R"("callId":"7e4b26c5-c6da-4ead-be3f-4b018d82d783")";
  for (const std::string kind :
       {"call_offer", "call_answer", "call_reject", "call_hangup", "call_ice"}) {
    const auto payload = "{" + id + R"(,"sdp":"v=0","candidate":"c","reason":"r"})";
    room.say(b, R"({"type":")" + kind + R"(","target":"AAAAAA","payload":)" + payload + "}");
    EXPECT_EQ(room.read(a),
              "{\"type\":\"" + kind + "\",\"from\":\"BBBBBB\",\"payload\":" + payload + "}\n");
  }
}

TEST_F(Session, RelaysNothingBetweenStrangers_Z192c) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.offer(a, "BBBBBB");
  EXPECT_EQ(room.read(b), "");
  room.ask(a, "BBBBBB");
  room.read(a);
  room.read(b);
  room.offer(a, "BBBBBB");
  EXPECT_EQ(room.read(b), "") << "asking alone gives no right to send";
  EXPECT_EQ(room.read(a), not_found("BBBBBB"));
}

TEST_F(Session, UnknownAndUnrelatedTargetsGetTheSameAnswer_Z192h) {
  const auto a = room.join("AAAAAA", 1);
  room.join("BBBBBB", 2);
  room.offer(a, "BBBBBB");
  EXPECT_EQ(room.read(a), not_found("BBBBBB"));
  room.offer(a, "ZZZZZZ");
  EXPECT_EQ(room.read(a), not_found("ZZZZZZ"));
  room.offer(a, "AAAAAA");
  EXPECT_EQ(room.read(a), not_found("AAAAAA"));
}

TEST_F(Session, TheMatchLastsAsLongAsBothSockets) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.pair(a, "AAAAAA", b, "BBBBBB");
  room.pass(24h);
  room.offer(a, "BBBBBB");
  EXPECT_EQ(room.read(b), offer_from("AAAAAA"));
}

TEST_F(Session, ADescriptionOfTheWrongShapeIsRefused_Z191_20) {
  const auto a = room.join("AAAAAA", 1);
  for (const auto* frame :
       {R"({"type":5})", R"({"type":"offer","target":5})", R"({"type":"offer"})",
        R"({"type":"pair_request","targetCode":["BBBBBB"]})",
        R"({"type":"register","pairingCode":7})",
        R"({"type":"call_offer","target":"BBBBBB","payload":{"callId":"x","sdp":"v=0"}})", "null",
        "[]", "42", "{", "\"\""}) {
    room.say(a, frame);
    EXPECT_THAT(room.read(a), HasSubstr("\"type\":\"error\"")) << frame;
  }
  EXPECT_EQ(room.closed(a), std::nullopt);
}

// ---- leaving ------------------------------------------------------------------------------------

TEST_F(Session, AMatchedPeerThatSaysGoodbyeIsReportedAtOnce_Z192e) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.pair(a, "AAAAAA", b, "BBBBBB");
  room.hang_up(a, true);
  EXPECT_EQ(room.read(b), left("AAAAAA"));
  room.pass(1h);
  EXPECT_EQ(room.read(b), "") << "once";
  EXPECT_EQ(room.hub.registry().find(code("AAAAAA")), nullptr);
}

TEST_F(Session, AMatchedPeerThatIsLostIsReportedAfterTheGrace_Z192e) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.pair(a, "AAAAAA", b, "BBBBBB");
  room.hang_up(a, false);
  EXPECT_EQ(room.read(b), "");
  room.pass(room.hub.limits().reconnect_grace);
  EXPECT_EQ(room.read(b), left("AAAAAA"));
  EXPECT_EQ(room.hub.registry().find(code("AAAAAA")), nullptr);
}

TEST_F(Session, TheSameKeyFindsItsMatchesAgainWithinTheGrace) {
  for (const bool goodbye : {false, true}) {
    Room fresh;
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
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2), c = room.join("CCCCCC", 3);
  room.pair(a, "AAAAAA", b, "BBBBBB");
  room.hang_up(a, false);
  room.ask(c, "AAAAAA");
  EXPECT_EQ(room.read(c), unknown_pair);
  room.offer(c, "AAAAAA");
  EXPECT_EQ(room.read(c), not_found("AAAAAA"));
}

TEST_F(Session, WhatAPartnerSaysToACodeThatIsAwayWaitsForIt) {
  for (const bool goodbye : {false, true}) {
    Room fresh;
    const auto a = fresh.join("AAAAAA", 1), b = fresh.join("BBBBBB", 2);
    fresh.pair(a, "AAAAAA", b, "BBBBBB");
    fresh.offer(a, "BBBBBB");
    fresh.hang_up(a, goodbye);
    fresh.read(b);
    fresh.offer(b, "AAAAAA");
    fresh.offer(b, "AAAAAA");
    EXPECT_EQ(fresh.read(b), "");
    const auto again = fresh.connect();
    fresh.enroll(again, "AAAAAA", 1);
    EXPECT_EQ(fresh.read(again),
              registered("AAAAAA") + offer_from("BBBBBB") + offer_from("BBBBBB"));
    EXPECT_EQ(broken(fresh.hub), "");
  }
}

TEST_F(Session, NoMoreWaitsThanThereIsRoomFor) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.pair(a, "AAAAAA", b, "BBBBBB");
  room.hang_up(a, false);
  for (std::size_t i = 0; i < Registry::missed_messages; ++i) room.offer(b, "AAAAAA");
  EXPECT_EQ(room.read(b), "");
  room.offer(b, "AAAAAA");
  EXPECT_EQ(room.read(b), not_found("AAAAAA"));
}

TEST_F(Session, AMatchThatWasPerhapsNotHeardOfIsToldAgain) {
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.pair(a, "AAAAAA", b, "BBBBBB");
  room.hang_up(a, false);
  room.offer(b, "AAAAAA");
  const auto again = room.connect();
  room.enroll(again, "AAAAAA", 1);
  const auto said = room.read(again);
  EXPECT_TRUE(said.starts_with(registered("AAAAAA"))) << said;
  EXPECT_THAT(said, HasSubstr("pair_matched"));
  EXPECT_TRUE(said.ends_with(offer_from("BBBBBB"))) << said;
  room.offer(again, "BBBBBB");
  room.hang_up(again, false);
  const auto once_more = room.connect();
  room.enroll(once_more, "AAAAAA", 1);
  EXPECT_EQ(room.read(once_more), registered("AAAAAA"));
}

TEST_F(Session, ACodeWithoutMatchesIsFreeAtOnce) {
  room.hang_up(room.join("AAAAAA", 1), false);
  const auto b = room.connect();
  room.enroll(b, "AAAAAA", 2);
  EXPECT_EQ(room.read(b), registered("AAAAAA"));
}

// ---- time ---------------------------------------------------------------------------------------

TEST_F(Session, AnUnregisteredSocketIsClosedAfter15Seconds_Z192l) {
  const auto a = room.connect();
  room.pass(14s);
  room.say(a, R"({"type":"ping"})");
  EXPECT_EQ(room.closed(a), std::nullopt);
  room.pass(1s);
  ASSERT_TRUE(room.closed(a));
  EXPECT_EQ(room.closed(a)->fault, Fault::register_timeout);
}

TEST_F(Session, AConnectionThatIsNeverUpgradedIsClosed) {
  const auto a = room.accept();
  room.pass(room.hub.limits().upgrade);
  EXPECT_TRUE(room.closed(a));
}

TEST_F(Session, IsPingedEvery30SecondsAndStays_Z192b) {
  const auto a = room.join("AAAAAA", 1);
  room.pass(30s);
  EXPECT_EQ(room.pings(a), 1u);
  room.pass(10min);
  EXPECT_EQ(room.pings(a), 21u);
  EXPECT_EQ(room.closed(a), std::nullopt);
}

/// After a pause of ours nobody has been asked for a sign of life.
TEST_F(Session, NobodyIsDroppedForPingsThatWereNeverSent) {
  const auto a = room.join("AAAAAA", 1);
  room.answers_pings = false;
  room.now += 64s;
  room.deliver(Tick{});
  EXPECT_EQ(room.closed(a), std::nullopt);
  EXPECT_EQ(room.pings(a), 1u);
  room.pass(29s);
  EXPECT_EQ(room.closed(a), std::nullopt);
  room.pass(1s);
  EXPECT_TRUE(room.closed(a)) << "that one was sent";
}

TEST_F(Session, TheSilentAreDroppedAfterTwoIntervals_Z192b) {
  room.answers_pings = false;
  const auto a = room.join("AAAAAA", 1);
  room.pass(59s);
  EXPECT_EQ(room.closed(a), std::nullopt);
  room.pass(1s);
  ASSERT_TRUE(room.closed(a));
  EXPECT_EQ(room.closed(a)->fault, Fault::heartbeat_timeout);
  EXPECT_EQ(room.hub.registry().find(code("AAAAAA")), nullptr);
}

TEST_F(Session, AnyMessageIsASignOfLife) {
  room.answers_pings = false;
  const auto a = room.join("AAAAAA", 1);
  for (int i = 0; i < 20; ++i) {
    room.pass(20s);
    room.say(a, "garbage");
  }
  EXPECT_EQ(room.closed(a), std::nullopt);
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
