// Coming in by the gateway: the first frame decides, one frame at a time, thirty seconds, admission
// before session_established. Names after the holes of the original that they keep shut.
#include "core/relay/gateway.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/wire/limits.hpp"
#include "tests/core/relay/gateway_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
namespace gateway = wire::gateway;

class GatewayOf : public testing::TestWithParam<unsigned> {
 protected:
  void TearDown() override { EXPECT_EQ(broken(gateway.hub), ""); }
  GatewayFixture gateway;
  Phone ana{1, GetParam()}, bob{2, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Version, GatewayOf, testing::Values(1u, 2u));

TEST_P(GatewayOf, ADeviceComesIn) {
  gateway.connect(ana);
  ASSERT_TRUE(ana.is_in);
  EXPECT_EQ(ana.session->user, ana.account.user);
  EXPECT_EQ(ana.session->expires_at, gateway.wall() + 24 * 3'600'000);
  EXPECT_EQ(ana.session->session.has_value(), GetParam() == 2);
  EXPECT_EQ(gateway.hub.counters().established.at(GetParam() - 1), 1u);
  EXPECT_EQ(gateway.hub.counters().handshakes_under_way, 0u);
}

TEST_P(GatewayOf, TheSameSocketSpeaksSignaling) {
  gateway.connect(ana);
  gateway.say(ana, R"({"type":"register","pairingCode":"AAAAAA","publicKey":")"
                   "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"}");
  EXPECT_EQ(ana.take("registered").size(), 1u);
  gateway.say(ana, R"({"type":"pair_request","targetCode":"BBBBBB"})");
  EXPECT_EQ(ana.take("pair_error").size(), 1u);
  gateway.pass(5min);
  EXPECT_FALSE(ana.closed) << "and it needs no registration, nor a second heartbeat";
}

TEST_P(GatewayOf, FramesDuringTheQuestionWaitAndAreServedInOrder_S15_swallowed) {
  gateway.holds_answers = true;
  gateway.dial(ana);
  gateway.settle();
  EXPECT_EQ(gateway.store.waiting(), 1u);
  EXPECT_FALSE(ana.is_in);
  for (int i = 0; i < 5; ++i) ana.say(gateway::print(ana.make_event()));
  gateway.settle();
  EXPECT_EQ(gateway.hub.counters().frames_waited, 5u);
  gateway.holds_answers = false;
  gateway.settle();
  EXPECT_TRUE(ana.is_in);
  EXPECT_EQ(ana.take("ack").size(), 5u);
  ASSERT_EQ(gateway.store.events.size(), 5u);
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_EQ(gateway.store.events[i].device_seq, i + 1);
}

TEST_P(GatewayOf, AFullQueueClosesWithAReason) {
  gateway.holds_answers = true;
  gateway.dial(ana);
  gateway.settle();
  for (int i = 0; i < 65; ++i) ana.say(R"({"type":"ping"})");
  gateway.settle();
  if (GetParam() == 1) {  // what does not fit is let fall: it will be said again
    gateway.holds_answers = false;
    gateway.settle();
    EXPECT_TRUE(ana.is_in);
    EXPECT_EQ(ana.take("pong").size(), 64u);
    return;
  }
  ASSERT_TRUE(ana.closed);
  EXPECT_EQ(ana.closed->fault, Fault::queue_full);
  EXPECT_EQ(ana.closed->code, 1008);
  gateway.holds_answers = false;
  gateway.settle();
  EXPECT_FALSE(ana.is_in) << "the late answer finds nobody";
  EXPECT_EQ(gateway.hub.devices().size(), 0u);
}

TEST_P(GatewayOf, ThirtySecondsFromTheConnectionWhateverIsSaid_S12) {
  gateway.holds_answers = true;
  gateway.dial(ana);
  gateway.pass(14s);
  gateway.settle();
  EXPECT_EQ(gateway.store.waiting(), 1u) << "the device is being looked up";
  gateway.pass(15s);
  EXPECT_FALSE(ana.closed);
  gateway.pass(1s);
  ASSERT_TRUE(ana.closed);
  EXPECT_EQ(ana.closed->fault, Fault::gateway_timeout);
  gateway.holds_answers = false;
  gateway.settle();
  EXPECT_FALSE(ana.is_in);
  EXPECT_EQ(gateway.hub.devices().size(), 0u);
  EXPECT_EQ(gateway.hub.counters().handshakes_under_way, 0u);
}

TEST_P(GatewayOf, ACompletedHandshakeIsNeverTimedOut) {
  gateway.connect(ana);
  gateway.pass(10min);
  EXPECT_TRUE(ana.is_in);
  EXPECT_FALSE(ana.closed);
}

TEST_P(GatewayOf, AForeignDeviceIdIsRefused_S1) {
  gateway.connect(ana);
  Phone thief(3, GetParam());
  thief.account.device = ana.id();
  gateway.connect(thief);
  EXPECT_FALSE(thief.is_in);
  ASSERT_TRUE(thief.closed);
  EXPECT_EQ(thief.closed->fault, Fault::device_of_another);
  EXPECT_EQ(thief.closed->code, 1008);
  EXPECT_FALSE(ana.closed) << "and the device itself is not disturbed";
}

TEST_P(GatewayOf, ARevokedDeviceIsNotLetIn_S8) {
  gateway.connect(ana);
  gateway.store.devices.at(ana.id()).record.revoked = true;
  gateway.hang_up(ana);
  gateway.connect(ana);
  EXPECT_FALSE(ana.is_in);
  EXPECT_EQ(ana.closed->fault, Fault::device_revoked);
}

TEST_P(GatewayOf, AStoreThatFailsLetsNobodyIn_S8_failsClosed) {
  gateway.store.is_failing = true;
  gateway.connect(ana);
  EXPECT_FALSE(ana.is_in);
  ASSERT_TRUE(ana.closed);
  EXPECT_EQ(ana.closed->fault, Fault::directory_failed);
}

TEST_P(GatewayOf, LimitsAreAskedBeforeTheClientIsToldThatItIsIn_B11) {
  Limits limits;
  limits.sessions_per_user = 1;
  GatewayFixture small(limits);
  small.connect(ana);
  Phone second(4, GetParam());
  small.store.devices.emplace(
      second.id(),
      MemoryStore::Known{
          {ana.account.user, second.account.user, second.id(), {}, {}, 0, 0, false}, 0, 0});
  small.connect(second);
  EXPECT_FALSE(second.is_in);
  EXPECT_FALSE(second.session);
  ASSERT_TRUE(second.closed);
  EXPECT_EQ(second.closed->fault, Fault::too_many_sessions);
  EXPECT_TRUE(ana.is_in);
}

TEST_P(GatewayOf, AFullAccountLetsItsOwnDeviceComeBack_B12) {
  Limits limits;
  limits.sessions_per_user = 1;
  limits.devices_per_user = 1;
  GatewayFixture small(limits);
  small.connect(ana);
  small.connect(ana);
  EXPECT_TRUE(ana.is_in) << "it counts instead of itself, not beside itself";
}

TEST_P(GatewayOf, ANewerConnectionReplacesTheOlderWhoseEndChangesNothing_B4) {
  Phone other(4, GetParam());
  gateway.connect(other);
  gateway.store.devices.at(other.id()).record.user = ana.account.user;
  gateway.hang_up(other);
  gateway.connect(other);
  gateway.connect(ana);
  other.heard.clear();

  const auto older = *ana.socket;
  gateway.connect(ana);
  ASSERT_TRUE(ana.is_in);
  ASSERT_TRUE(gateway.closes.contains(older));
  EXPECT_EQ(gateway.closes.at(older).code, 1000);
  EXPECT_EQ(gateway.closes.at(older).fault, Fault::device_replaced);
  gateway.deliver(SocketClosed{older, false});
  EXPECT_EQ(gateway.hub.devices().socket_of(ana.id()), ana.socket);
  EXPECT_EQ(gateway.hub.devices().size(), 2u);
  EXPECT_TRUE(other.take("device_status_changed").empty()) << "it was here all the time";
  gateway.publish(other);
  EXPECT_EQ(ana.take("event").size(), 1u);
}

TEST_P(GatewayOf, FortyQuickDisconnectsLeaveNoGhosts_B5) {
  for (int i = 0; i < 40; ++i) {
    gateway.holds_answers = i % 2 == 0;
    gateway.dial(ana);
    gateway.settle();
    gateway.hang_up(ana);
    gateway.holds_answers = false;
    gateway.settle();
  }
  EXPECT_EQ(gateway.hub.sockets(), 0u);
  EXPECT_EQ(gateway.hub.devices().size(), 0u);
  EXPECT_EQ(gateway.hub.devices().accounts(), 0u);
  EXPECT_EQ(gateway.hub.questions().size(), 0u);
  EXPECT_EQ(gateway.hub.counters().handshakes_under_way, 0u);
}

TEST_P(GatewayOf, NothingIsServedAfterTheClose_S17) {
  gateway.connect(ana);
  gateway.connect(bob);
  const auto events = gateway.store.events.size();
  if (GetParam() == 2) {
    gateway.deliver(Oversized{*ana.socket});
    ASSERT_TRUE(ana.closed);
    EXPECT_EQ(ana.closed->code, 1009);
  } else {
    gateway.revoke(ana.id(), ana);
    ASSERT_TRUE(ana.closed);
  }
  ana.say(gateway::print(ana.make_event()));
  gateway.settle();
  EXPECT_EQ(gateway.store.events.size(), events);
  EXPECT_EQ(gateway.hub.counters().frames_ignored, 1u);
}

TEST_P(GatewayOf, WhatThatHandshakeSaysLaterIsAnErrorAndTheSessionGoesOn_S15) {
  gateway.connect(ana);
  if (GetParam() == 1) {
    for (const auto* frame : {R"({"type":"client_hello","payload":{}})", R"({"type":"nonsense"})"})
      gateway.say(ana, frame);
    EXPECT_EQ(ana.error(), "0 errors") << "the original passes over it";
    gateway.say(ana, R"({"type":"ping"})");
    EXPECT_EQ(ana.take("pong").size(), 1u);
    return;
  }
  gateway.say(ana, R"({"type":"client_hello","payload":{}})");
  EXPECT_EQ(ana.error(), "handshake_out_of_order");
  gateway.say(ana, R"({"type":"nonsense"})");
  EXPECT_EQ(ana.error(), "unknown_message");
  gateway.say(ana, "[]");
  EXPECT_EQ(ana.error(), "malformed");
  gateway.say(ana, R"({"type":"ping"})");
  EXPECT_EQ(ana.take("pong").size(), 1u);
}

TEST_P(GatewayOf, HandshakesOfAnAddressAreCountedBeforeAnyKeyIsTouched_S12) {
  Limits limits;
  limits.handshakes_per_address = {3, 60s};
  GatewayFixture small(limits);
  for (int i = 0; i < 3; ++i) small.connect(ana);
  EXPECT_TRUE(ana.is_in);
  small.connect(bob);
  ASSERT_TRUE(bob.closed);
  EXPECT_EQ(bob.closed->fault, Fault::too_many_handshakes);
  EXPECT_EQ(small.hub.counters().handshakes, 3u);
  bob.address = "elsewhere";
  small.connect(bob);
  EXPECT_TRUE(bob.is_in);
}

TEST_P(GatewayOf, HandshakesUnderWayAreCountedInAll) {
  Limits limits;
  limits.handshakes = 1;
  GatewayFixture small(limits);
  small.holds_answers = true;
  small.dial(ana);
  small.settle();
  small.connect(bob);
  ASSERT_TRUE(bob.closed);
  EXPECT_EQ(bob.closed->fault, Fault::too_many_handshakes);
  small.holds_answers = false;
  small.settle();
  small.connect(bob);
  EXPECT_TRUE(bob.is_in);
}

TEST_P(GatewayOf, TheDrainSendsDevicesAwayToo) {
  gateway.connect(ana);
  gateway.dial(bob);
  gateway.deliver(Drain{});
  EXPECT_EQ(ana.closed->fault, Fault::shutting_down);
  EXPECT_EQ(bob.closed->fault, Fault::shutting_down);
  EXPECT_EQ(gateway.hub.devices().size(), 0u);
  EXPECT_EQ(gateway.hub.deadline(), std::nullopt);
}

// ---- the first frame ----------------------------------------------------------------------------

TEST(Gateway, SaysWhichVersionItSpeaks) {
  GatewayFixture gateway;
  EXPECT_THAT(gateway.sent(gateway.open()),
              ElementsAre(HasSubstr(
                  R"("gateway":2,"messagesPerMinute":100,"deviceMessagesPerMinute":1000,)"
                  R"("devicePairRequestsPerMinute":120,"deviceRendezvousPerMinute":120})")));
}

TEST(Gateway, AfterAFrameOfSignalingThereIsNoHandshake) {
  GatewayFixture gateway;
  const auto socket = gateway.open();
  gateway.deliver(Frame{socket, R"({"type":"ping"})"});
  gateway.deliver(Frame{socket, R"({"type":"client_hello"})"});
  EXPECT_EQ(gateway.sent(socket).size(), 3u);
  EXPECT_THAT(gateway.sent(socket).back(), HasSubstr("error"));
  EXPECT_FALSE(gateway.closes.contains(socket));
}

TEST(Gateway, OpenSignalingIsRefusedWhereTheHandshakeIsRequired) {
  GatewayFixture gateway({}, true);
  const auto socket = gateway.open();
  gateway.deliver(Frame{socket, R"({"type":"ping"})"});
  ASSERT_TRUE(gateway.closes.contains(socket));
  EXPECT_EQ(gateway.closes.at(socket).fault, Fault::handshake_required);
  EXPECT_EQ(gateway.closes.at(socket).code, 1008);
}

TEST_P(GatewayOf, FramesMayBeLongOnceItIsKnownWhoSendsThem) {
  gateway.connect(ana);
  EXPECT_THAT(gateway.frame_limits.at(*ana.socket),
              ElementsAre(wire::limits::handshake_frame_in, wire::limits::gateway_frame_in));
}

TEST(Gateway, FramesAreShortFromTheBeginningWhereTheHandshakeIsRequired) {
  constexpr auto longest = wire::limits::handshake_frame_in;
  GatewayFixture gateway({}, true);
  const auto one = gateway.open(), two = gateway.open();
  EXPECT_THAT(gateway.frame_limits.at(one), ElementsAre(longest));
  gateway.deliver(Frame{one, std::string(longest, ' ')});
  EXPECT_EQ(gateway.closes.at(one).fault, Fault::handshake_required);
  gateway.deliver(Frame{two, std::string(longest + 1, ' ')});
  EXPECT_EQ(gateway.closes.at(two).fault, Fault::too_large);
}

TEST(Gateway, ALongHelloIsNoMessageOfSignaling) {
  GatewayFixture gateway;
  const auto socket = gateway.open();
  const std::string padding(wire::limits::handshake_frame_in, ' ');
  gateway.deliver(Frame{socket, R"({"type":"client_hello","payload":{}})" + padding});
  ASSERT_TRUE(gateway.closes.contains(socket));
  EXPECT_EQ(gateway.closes.at(socket).fault, Fault::too_large);
}

TEST(Gateway, FramesOfSignalingKeepTheirLength) {
  GatewayFixture gateway;
  const auto socket = gateway.open();
  gateway.deliver(Frame{socket, R"({"type":"ping"})"});
  EXPECT_FALSE(gateway.frame_limits.contains(socket));
}

TEST_P(GatewayOf, ALongFrameEndsTheHandshakeThatItComesInto) {
  gateway.dial(ana);
  const auto socket = *ana.socket;
  gateway.to_server(ana);
  const std::string long_frame(wire::limits::handshake_frame_in + 1, ' ');
  gateway.deliver(Frame{socket, long_frame});
  if (GetParam() == 2) {
    EXPECT_EQ(gateway.closes.at(socket).fault, Fault::too_large);
    return;
  }
  gateway.deliver(Oversized{socket});
  gateway.settle();
  EXPECT_TRUE(ana.is_in) << "it had kept an event of that size, and says it again";
}

TEST_P(GatewayOf, WhatAClientHadKeptComesBehindItsHello) {
  for (const bool required : {false, true}) {
    GatewayFixture door({}, required);
    Phone eve(5, GetParam());
    eve.last_device_seq = 0;
    door.dial(eve);
    if (GetParam() == 1)
      for (int i = 0; i < 120; ++i) eve.outgoing.push_back(gateway::print(eve.make_event()));
    door.settle();
    EXPECT_TRUE(eve.is_in);
    EXPECT_TRUE(door.store.events.empty());
    door.publish(eve);
    EXPECT_EQ(eve.take("ack").size(), 1u);
  }
}

TEST_P(GatewayOf, WhatAClientHadKeptMayEvenComeFirst) {
  if (GetParam() == 2) return;
  for (const bool required : {false, true}) {
    GatewayFixture door({}, required);
    Phone eve(5, 1);
    door.dial(eve);
    eve.outgoing.push_front(gateway::print(eve.make_event()));
    eve.outgoing.push_front(R"({"type":"ack","payload":{"device_seq":1}})");
    door.settle();
    EXPECT_TRUE(eve.is_in);
  }
}

/// What is let fall is counted by itself, and never turns into signaling.
TEST_P(GatewayOf, AHundredFramesMayComeBeforeTheHelloAndOneMoreEndsIt) {
  for (const bool required : {false, true})
    for (const int frames : {99, 100, 101, 150}) {
      GatewayFixture door({}, required);
      Phone eve(5, GetParam());
      door.dial(eve);
      const auto socket = *eve.socket;
      for (int i = 0; i < frames; ++i)
        eve.outgoing.push_front(R"({"type":"ack","payload":{"device_seq":1}})");
      door.settle();
      EXPECT_EQ(eve.is_in, frames <= 100) << frames << required;
      if (frames <= 100) continue;
      ASSERT_TRUE(door.closes.contains(socket)) << frames << required;
      EXPECT_EQ(door.closes.at(socket).fault, Fault::rate_limited);
      EXPECT_EQ(door.closes.at(socket).code, 1008);
    }
}

TEST_P(GatewayOf, AuthTwiceIsASession) {
  if (GetParam() == 2) return;
  gateway.dial(ana);
  gateway.to_server(ana);
  gateway.to_phone(ana);
  while (ana.outgoing.empty()) gateway.to_phone(ana);
  ana.outgoing.push_back(ana.outgoing.front());
  gateway.settle();
  EXPECT_TRUE(ana.is_in);
  EXPECT_EQ(ana.error(), "0 errors");
}

TEST(Gateway, ASilentConnectionIsClosedAfterThirtySeconds_S12) {
  for (const bool required : {false, true}) {
    GatewayFixture gateway({}, required);
    const auto socket = gateway.open();
    gateway.pass(29s);
    EXPECT_FALSE(gateway.closes.contains(socket));
    gateway.pass(1s);
    ASSERT_TRUE(gateway.closes.contains(socket));
    EXPECT_EQ(gateway.closes.at(socket).fault,
              required ? Fault::gateway_timeout : Fault::register_timeout);
  }
}

TEST(Gateway, ASealedSessionEndsWithTheFirstFrameThatDoesNotOpen) {
  GatewayFixture gateway;
  Phone ana(1, 2);
  gateway.connect(ana);
  ana.outgoing.push_back(R"({"type":"ping"})");
  ana.say(gateway::print(ana.make_event()));
  gateway.settle();
  ASSERT_TRUE(ana.closed);
  EXPECT_EQ(ana.closed->code, 1008);
  EXPECT_TRUE(gateway.store.events.empty());
}

TEST(Gateway, CloseReasonsFitIntoACloseFrame) {
  for (std::size_t i = 0; i < fault_count; ++i)
    EXPECT_LE(info(static_cast<Fault>(i)).wire.size(), 123u);
}

}  // namespace
}  // namespace culver::relay
