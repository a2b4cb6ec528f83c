// The session of a device, message by message. Names after the holes of the original that they keep
// shut.
#include "core/relay/device_session.hpp"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/relay/gateway_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
namespace gateway = wire::gateway;
using boost::json::object;

const object& payload(const object& message) { return message.at("payload").as_object(); }
std::string text(const object& fields, const char* key) {
  return std::string(fields.at(key).as_string());
}

/// Three devices of one account, and one of another.
class DeviceSession : public testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override {
    for (auto* phone : {&ana, &bob, &cy}) join(*phone);
    gateway.connect(stranger);
    for (auto* phone : gateway.phones) phone->heard.clear();
  }
  void TearDown() override { EXPECT_EQ(broken(gateway.hub), ""); }

  /// Its row says ana's account, as after linking.
  void join(Phone& phone) {
    const DeviceRecord row{
        ana.account.user, phone.account.user, phone.id(), Plaintext("a name"), {}, 0, 0, false};
    gateway.store.devices.emplace(phone.id(), MemoryStore::Known{row, 0, 0});
    gateway.connect(phone);
    ASSERT_TRUE(phone.is_in);
  }
  std::vector<std::uint64_t> cursors(Phone& phone) {
    std::vector<std::uint64_t> all;
    for (const auto& event : phone.take("event")) all.push_back(number(payload(event), "cursor"));
    return all;
  }
  /// The only replay_response that came.
  object page(Phone& phone) {
    const auto pages = phone.take("replay_response");
    EXPECT_EQ(pages.size(), 1u);
    return pages.empty() ? object{} : payload(pages[0]);
  }
  std::vector<std::uint64_t> cursors_in(const object& response) {
    std::vector<std::uint64_t> all;
    for (const auto& event : response.at("events").as_array())
      all.push_back(number(event.as_object(), "cursor"));
    return all;
  }
  /// Version 1 is told to wait by being sent away; it comes back and says again what it has kept.
  void expect_sent_away(Phone& phone, Fault why) {
    EXPECT_EQ(phone.error(), "0 errors");
    ASSERT_TRUE(phone.closed);
    EXPECT_EQ(phone.closed->fault, why);
  }
  std::string_view state(const Phone& phone) {
    return fsm::name_of(*gateway.hub.session_of(*phone.socket));
  }

  GatewayFixture gateway;
  Phone ana{1, GetParam()}, bob{2, GetParam()}, cy{3, GetParam()}, stranger{9, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Version, DeviceSession, testing::Values(1u, 2u));

// ---- events -------------------------------------------------------------------------------------

TEST_P(DeviceSession, AnEventIsStoredAcknowledgedAndDeliveredOnceToEachOther_B7) {
  const auto event = gateway.publish(ana);
  const auto acks = ana.take("ack");
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(number(payload(acks[0]), "device_seq"), event.device_seq);
  for (auto* other : {&bob, &cy}) {
    const auto events = other->take("event");
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(text(payload(events[0]), "event_id"), print_uuid(event.id.view()));
  }
  EXPECT_TRUE(ana.take("event").empty()) << "not to its own device";
  EXPECT_TRUE(stranger.take("event").empty()) << "nor to another account";
}

TEST_P(DeviceSession, NothingIsAcknowledgedBeforeTheStoreHasIt) {
  gateway.holds_answers = true;
  gateway.publish(ana);
  EXPECT_TRUE(ana.take("ack").empty());
  EXPECT_TRUE(bob.take("event").empty());
  gateway.holds_answers = false;
  gateway.settle();
  EXPECT_EQ(ana.take("ack").size(), 1u);
}

TEST_P(DeviceSession, ADuplicateIsAcknowledgedAndNotDeliveredAgain_B9) {
  const auto event = gateway.publish(ana);
  gateway.say(ana, gateway::print(event));
  EXPECT_EQ(ana.take("ack").size(), 2u);
  EXPECT_EQ(bob.take("event").size(), 1u);
  EXPECT_EQ(gateway.hub.counters().events_duplicate, 1u);
  gateway.publish(ana);
  const auto events = bob.take("event");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(number(payload(events[0]), "stream_seq"), 2u) << "no number was burned";
}

TEST_P(DeviceSession, AnOldNumberThatWasNeverStoredIsStored_B8) {
  ana.last_device_seq = 4'999;
  gateway.publish(ana);
  ana.last_device_seq = 6;
  gateway.publish(ana);
  EXPECT_EQ(ana.take("ack").size(), 2u);
  EXPECT_EQ(gateway.store.events.size(), 2u);
  EXPECT_EQ(bob.take("event").size(), 2u);
}

TEST_P(DeviceSession, TheEventOfAClosedConnectionStillReachesTheOthers) {
  gateway.holds_answers = true;
  gateway.publish(ana);
  gateway.hang_up(ana);
  gateway.holds_answers = false;
  gateway.settle();
  EXPECT_EQ(bob.take("event").size(), 1u);
}

/// Version 1 knows no errors: a client that hears one stops. What it can mend it is told.
TEST_P(DeviceSession, EveryRefusalIsAnswered_B15) {
  const bool is_told = GetParam() == 2;
  auto event = ana.make_event();
  event.user = stranger.account.user;
  gateway.say(ana, gateway::print(event));
  const auto errors = ana.take("error");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(text(payload(errors[0]), "code"), "event_of_another_user");
  EXPECT_EQ(text(payload(errors[0]), "event_id"), print_uuid(event.id.view()));
  EXPECT_EQ(number(payload(errors[0]), "device_seq"), event.device_seq);

  const auto of_bob = gateway.publish(bob);
  event = of_bob;
  event.encrypted_payload = "ZWxzZQ==";
  gateway.say(ana, gateway::print(event));
  EXPECT_EQ(ana.error(), "event_of_another_device");

  event = ana.make_event();
  event.expires_at = gateway.wall() - 5 * 60'000 - 1;
  gateway.say(ana, gateway::print(event));
  EXPECT_EQ(ana.error(), is_told ? "event_expired" : "0 errors");
  event.expires_at = gateway.wall() - 5 * 60'000;
  gateway.say(ana, gateway::print(event));
  EXPECT_EQ(ana.take("ack").size(), 1u) << "a clock may be slow";

  event = ana.make_event();
  event.stream = "no stream!";
  gateway.say(ana, gateway::print(event));
  EXPECT_EQ(ana.error(), is_told ? "bad_stream_id" : "0 errors");
  EXPECT_FALSE(ana.closed);
  EXPECT_EQ(gateway.hub.counters().messages_refused.of(Fault::bad_stream_id), 1u);
}

TEST_P(DeviceSession, AnEventThatIsSentBackIsPassedOver) {
  const auto of_bob = gateway.publish(bob);
  gateway.say(ana, gateway::print(of_bob));
  EXPECT_EQ(ana.error(), GetParam() == 1 ? "0 errors" : "event_of_another_device");
  EXPECT_TRUE(ana.take("ack").empty());
  EXPECT_EQ(gateway.store.events.size(), 1u);
  gateway.publish(ana);
  EXPECT_EQ(ana.take("ack").size(), 1u) << "it goes on";
}

TEST_P(DeviceSession, ADeviceThatWasLinkedMayNameItsOwnKeyInVersion1) {
  auto event = bob.make_event();
  event.user = bob.account.user;
  gateway.say(bob, gateway::print(event));
  if (GetParam() == 2) {
    EXPECT_EQ(bob.error(), "event_of_another_user");
    return;
  }
  EXPECT_EQ(bob.take("ack").size(), 1u);
  const auto came = ana.take("event");
  ASSERT_EQ(came.size(), 1u);
  EXPECT_EQ(text(payload(came[0]), "user_id"), print_hex(ana.account.user.view()));
}

TEST_P(DeviceSession, WhatADeviceOfVersion1SaysWrongIsPassedOver) {
  if (GetParam() == 2) return;
  for (const auto* frame :
       {R"({"type":"heartbeat"})", R"({"type":"missing_events_request"})", "garbage", "[]",
        R"({"type":"ack"})", R"({"type":"ack","payload":{"device_seq":77}})",
        R"({"type":"ack","payload":{"cursor":77}})", R"({"type":"event","payload":{}})",
        R"({"type":"client_auth","payload":{}})", R"({"type":"client_hello"})"})
    gateway.say(ana, frame);
  gateway.deliver(Oversized{*ana.socket});
  gateway.publish(ana);
  EXPECT_EQ(ana.take("ack").size(), 1u);
  EXPECT_EQ(ana.error(), "0 errors");
  EXPECT_FALSE(ana.closed);
}

TEST_P(DeviceSession, APairingCodeOfTheWrongFormIsAPairingThatFailed) {
  for (const auto* frame : {R"({"type":"complete_pairing","payload":{"pairing_code":"12345"}})",
                            R"({"type":"complete_pairing"})"}) {
    gateway.say(ana, frame);
    const auto failed = ana.take("pairing_failed");
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_EQ(text(payload(failed[0]), "error"), "Invalid pairing code format");
  }
  EXPECT_EQ(ana.error(), "0 errors");
}

TEST_P(DeviceSession, WhatTheStoreRefusesIsToldWithATime) {
  Limits limits;
  limits.stored_events_per_user = 1;
  GatewayFixture small(limits);
  small.connect(ana);
  small.publish(ana);
  small.publish(ana);
  const auto errors = ana.take("error");
  EXPECT_EQ(small.hub.counters().messages_refused.of(Fault::too_many_stored_events), 1u);
  if (GetParam() == 1) {
    EXPECT_TRUE(errors.empty());
    return;
  }
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(text(payload(errors[0]), "code"), "too_many_stored_events");
  EXPECT_EQ(number(payload(errors[0]), "retry_after_ms"), 60'000u);
}

TEST_P(DeviceSession, AStoreThatFailsIsAnErrorWithATimeAndTheSessionGoesOn) {
  gateway.store.is_failing = true;
  const auto event = gateway.publish(ana);
  const auto errors = ana.take("error");
  if (GetParam() == 1) return expect_sent_away(ana, Fault::directory_failed);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(text(payload(errors[0]), "code"), "directory_failed");
  EXPECT_EQ(number(payload(errors[0]), "retry_after_ms"), 1'000u);
  gateway.store.is_failing = false;
  gateway.say(ana, gateway::print(event));
  EXPECT_EQ(ana.take("ack").size(), 1u);
  EXPECT_EQ(bob.take("event").size(), 1u);
}

TEST_P(DeviceSession, EventsOfAnAccountAreLimitedTogether) {
  Limits limits;
  limits.events_per_user = {2, 60s};
  GatewayFixture small(limits);
  small.connect(ana);
  for (int i = 0; i < 3; ++i) small.publish(ana);
  EXPECT_EQ(ana.take("ack").size(), 2u);
  const auto errors = ana.take("error");
  if (GetParam() == 1) return expect_sent_away(ana, Fault::too_many_events);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(text(payload(errors[0]), "code"), "too_many_events");
  EXPECT_EQ(number(payload(errors[0]), "retry_after_ms"), 30'000u);
  small.connect(ana);
  small.publish(ana);
  EXPECT_EQ(ana.error(), "too_many_events") << "coming back resets nothing";
  small.pass(30s);
  small.publish(ana);
  EXPECT_EQ(ana.take("ack").size(), 1u);
}

TEST_P(DeviceSession, UnansweredEventsAreBounded) {
  Limits limits;
  limits.unanswered_events = 16;
  GatewayFixture small(limits);
  small.connect(ana);
  small.holds_answers = true;
  for (int i = 0; i < 17; ++i) ana.say(gateway::print(ana.make_event()));
  small.settle();
  if (GetParam() == 1) return expect_sent_away(ana, Fault::too_many_unanswered);
  EXPECT_EQ(ana.error(), "too_many_unanswered");
  small.holds_answers = false;
  small.settle();
  EXPECT_EQ(ana.take("ack").size(), 16u);
  small.publish(ana);
  EXPECT_EQ(ana.take("ack").size(), 1u);
}

TEST_P(DeviceSession, QuestionsToTheStoreAreBoundedInAll) {
  Limits limits;
  limits.questions = 2;
  GatewayFixture small(limits);
  small.connect(ana);
  small.connect(stranger);
  small.holds_answers = true;
  small.publish(ana);
  small.publish(ana);
  small.publish(stranger);
  if (GetParam() == 1) return expect_sent_away(stranger, Fault::directory_failed);
  EXPECT_EQ(stranger.error(), "directory_failed");
  small.holds_answers = false;
  small.settle();
  small.publish(stranger);
  EXPECT_EQ(stranger.take("ack").size(), 1u);
}

TEST_P(DeviceSession, FramesOfASessionAreLimited) {
  Limits limits;
  limits.frames_per_session = {3, 60s};
  GatewayFixture small(limits);
  small.connect(ana);
  for (int i = 0; i < 4; ++i) small.say(ana, R"({"type":"ping"})");
  EXPECT_EQ(ana.take("pong").size(), 3u);
  if (GetParam() == 1) return expect_sent_away(ana, Fault::rate_limited);
  EXPECT_EQ(ana.error(), "rate_limited");
}

// ---- replay -------------------------------------------------------------------------------------

TEST_P(DeviceSession, PagesThroughWhatWasMissedAndGoesOnLive) {
  gateway.hang_up(bob);
  for (int i = 0; i < 5; ++i) gateway.publish(ana);
  gateway.connect(bob);
  EXPECT_EQ(bob.session->cursor, 0u);
  gateway.say(bob, R"({"type":"replay_request","limit":2})");
  auto response = page(bob);
  EXPECT_THAT(cursors_in(response), ElementsAre(1, 2));
  EXPECT_TRUE(response.at("has_more").as_bool());
  EXPECT_EQ(state(bob), "Paused");
  gateway.publish(ana);
  EXPECT_TRUE(bob.take("event").empty()) << "it will be in a page";

  std::string token = text(response, "continuation_token");
  gateway.say(bob, R"({"type":"replay_request","payload":{"limit":2,"continuation_token":")" +
                       token + "\"}}");
  response = page(bob);
  EXPECT_THAT(cursors_in(response), ElementsAre(3, 4));
  EXPECT_EQ(gateway.store.devices.at(bob.id()).cursor, 2u) << "whoever goes on has read";
  token = text(response, "continuation_token");
  gateway.say(bob, R"({"type":"replay_request","payload":{"limit":2,"continuation_token":")" +
                       token + "\"}}");
  response = page(bob);
  EXPECT_THAT(cursors_in(response), ElementsAre(5, 6));
  EXPECT_FALSE(response.at("has_more").as_bool());
  EXPECT_EQ(state(bob), "Live");
  gateway.publish(ana);
  EXPECT_THAT(cursors(bob), ElementsAre(7));
  EXPECT_EQ(gateway.hub.counters().replays, 1u);
  EXPECT_EQ(gateway.hub.counters().pages, 3u);
}

// Found by a device that keeps what is pushed until the last page has come.
TEST_P(DeviceSession, NoPageAcknowledgesWhatWasPushed) {
  gateway.hang_up(bob);
  for (int i = 0; i < 3; ++i) gateway.publish(ana);
  gateway.connect(bob);
  gateway.publish(ana);
  EXPECT_THAT(cursors(bob), ElementsAre(4));
  gateway.say(bob, R"({"type":"replay_request","limit":2})");
  EXPECT_THAT(cursors_in(page(bob)), ElementsAre(1, 2));
  for (int i = 0; i < 4; ++i) gateway.publish(ana);
  gateway.say(bob, R"({"type":"replay_request","limit":2,"continuation_token":"c2"})");
  EXPECT_THAT(cursors_in(page(bob)), ElementsAre(3, 5));
  gateway.say(bob, R"({"type":"replay_request","limit":2,"continuation_token":"c5"})");
  EXPECT_THAT(cursors_in(page(bob)), ElementsAre(6, 7));
  EXPECT_EQ(gateway.store.devices.at(bob.id()).cursor, 3u) << "4 may be kept, and lost with bob";

  gateway.hang_up(bob);
  gateway.connect(bob);
  gateway.say(bob, R"({"type":"replay_request"})");
  EXPECT_THAT(cursors_in(page(bob)), ElementsAre(4, 5, 6, 7, 8));
}

TEST_P(DeviceSession, WhatWasPushedBeforeTheReplayIsNotInIt) {
  gateway.hang_up(bob);
  gateway.publish(ana);
  gateway.connect(bob);
  gateway.publish(ana);
  EXPECT_THAT(cursors(bob), ElementsAre(2));
  gateway.say(bob, R"({"type":"replay_request"})");
  EXPECT_THAT(cursors_in(page(bob)), ElementsAre(1));
}

TEST_P(DeviceSession, AnEventStoredWhileThePageIsFetchedComesExactlyOnce) {
  gateway.publish(ana);
  bob.heard.clear();
  gateway.connect(bob);
  gateway.holds_answers = true;
  gateway.say(bob, R"({"type":"replay_request"})");
  gateway.publish(ana);
  EXPECT_EQ(state(bob), "Fetching");
  gateway.answer();
  EXPECT_EQ(state(bob), "Live");
  gateway.holds_answers = false;
  gateway.settle();
  EXPECT_THAT(cursors_in(page(bob)), ElementsAre(1));
  EXPECT_THAT(cursors(bob), ElementsAre(2));
}

TEST_P(DeviceSession, AnEventAskedBeforeThePageIsInThePageAlone) {
  gateway.holds_answers = true;
  gateway.publish(ana);
  gateway.say(bob, R"({"type":"replay_request"})");
  gateway.holds_answers = false;
  gateway.settle();
  EXPECT_THAT(cursors_in(page(bob)), ElementsAre(1));
  EXPECT_TRUE(cursors(bob).empty());
}

TEST_P(DeviceSession, ASecondReplayMeanwhileIsRefused) {
  gateway.holds_answers = true;
  gateway.say(bob, R"({"type":"replay_request"})");
  gateway.say(bob, R"({"type":"replay_request"})");
  EXPECT_EQ(bob.error(), GetParam() == 1 ? "0 errors" : "replay_running");
  gateway.say(bob, R"({"type":"replay_request","limit":7})");
  if (GetParam() == 1)
    EXPECT_EQ(bob.take("replay_failed").size(), 1u);
  else
    EXPECT_EQ(bob.error(), "replay_running");
  gateway.holds_answers = false;
  gateway.settle();
  page(bob);
}

TEST_P(DeviceSession, AReplayThatTheStoreFailsStaysSilentUntilItIsAskedAgain) {
  gateway.store.is_failing = true;
  gateway.say(bob, R"({"type":"replay_request"})");
  if (GetParam() == 1) return expect_sent_away(bob, Fault::directory_failed);
  EXPECT_EQ(bob.error(), "directory_failed");
  gateway.store.is_failing = false;
  gateway.publish(ana);
  EXPECT_TRUE(cursors(bob).empty());
  gateway.say(bob, R"({"type":"replay_request"})");
  EXPECT_THAT(cursors_in(page(bob)), ElementsAre(1));
}

TEST_P(DeviceSession, AGapIsToldHonestly) {
  gateway.hang_up(bob);
  gateway.publish(ana);
  gateway.pass(24h * 30);
  gateway.connect(ana);
  gateway.publish(ana);
  gateway.pass(11min);
  gateway.connect(bob);
  gateway.say(bob, R"({"type":"replay_request"})");
  const auto response = page(bob);
  EXPECT_THAT(cursors_in(response), ElementsAre(2));
  EXPECT_TRUE(response.at("gap").as_bool());
  EXPECT_EQ(number(response, "lost_up_to"), 1u);
  EXPECT_EQ(gateway.hub.counters().gaps, 1u);
}

TEST_P(DeviceSession, NobodyAsksBeyondTheEnd) {
  gateway.publish(ana);
  if (GetParam() == 1) {  // the original begins where the acknowledgements have ended
    for (const auto* wrong :
         {R"("continuation_token":"c99")", R"("continuation_token":"x.y")", R"("limit":"all")"}) {
      gateway.say(cy, std::string(R"({"type":"replay_request","payload":{)") + wrong + "}}");
      page(cy);
    }
    return;
  }
  gateway.say(bob, R"({"type":"replay_request","cursor":2})");
  EXPECT_EQ(bob.error(), "bad_cursor");
  gateway.say(bob, R"({"type":"replay_request","continuation_token":"c99"})");
  EXPECT_EQ(bob.error(), "bad_cursor");
  gateway.say(bob, R"({"type":"replay_request","continuation_token":"x"})");
  EXPECT_EQ(bob.error(), "bad_continuation_token");
  EXPECT_EQ(state(bob), "Live");
}

// ---- acknowledgements ---------------------------------------------------------------------------

TEST_P(DeviceSession, AcknowledgementsAreSavedForwardOnly_B6) {
  for (int i = 0; i < 3; ++i) gateway.publish(ana);
  auto& row = gateway.store.devices.at(bob.id());
  gateway.say(bob, R"({"type":"ack","payload":{"cursor":2}})");
  EXPECT_EQ(row.cursor, 2u);
  gateway.say(bob, R"({"type":"ack","payload":{"cursor":1}})");
  EXPECT_EQ(row.cursor, 2u);
  gateway.say(bob, R"({"type":"ack","payload":{"device_seq":3}})");
  EXPECT_EQ(row.cursor, 3u);
  gateway.say(bob, R"({"type":"ack","payload":{"cursor":4}})");
  EXPECT_EQ(bob.error(), GetParam() == 1 ? "0 errors" : "bad_cursor");
}

TEST_P(DeviceSession, EventsOfAPageAreAcknowledgedByTheirNumbersToo) {
  gateway.hang_up(bob);
  for (int i = 0; i < 5; ++i) gateway.publish(ana);
  gateway.connect(bob);
  gateway.say(bob, R"({"type":"replay_request","limit":3})");
  page(bob);
  const auto& row = gateway.store.devices.at(bob.id());
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    gateway.say(bob, R"({"type":"ack","payload":{"device_seq":)" + std::to_string(seq) + "}}");
    EXPECT_EQ(row.cursor, seq);
  }
  gateway.connect(bob);
  gateway.say(bob, R"({"type":"replay_request"})");
  EXPECT_THAT(cursors_in(page(bob)), ElementsAre(4, 5));
}

// ---- the others ---------------------------------------------------------------------------------

TEST_P(DeviceSession, PingAndScratchpad) {
  gateway.say(ana, R"({"type":"ping"})");
  const auto pongs = ana.take("pong");
  ASSERT_EQ(pongs.size(), 1u);
  EXPECT_EQ(number(payload(pongs[0]), "timestamp"), static_cast<std::uint64_t>(gateway.wall()));
  gateway.say(ana, R"({"type":"scratchpad_sync","payload":{"x":[1]}})");
  for (auto* other : {&bob, &cy}) EXPECT_EQ(other->take("scratchpad_sync").size(), 1u);
  EXPECT_TRUE(ana.take("scratchpad_sync").empty());
  EXPECT_TRUE(stranger.take("scratchpad_sync").empty());
}

TEST_P(DeviceSession, PresenceFollowsTheConnection_B13_B14) {
  gateway.hang_up(bob);
  gateway.settle();
  auto news = ana.take("device_status_changed");
  ASSERT_EQ(news.size(), 1u);
  EXPECT_FALSE(payload(news[0]).at("is_online").as_bool());
  EXPECT_EQ(text(payload(news[0]), "device_id"), print_uuid(bob.id().view()));
  gateway.connect(bob);
  news = ana.take("device_status_changed");
  ASSERT_EQ(news.size(), 1u);
  EXPECT_TRUE(payload(news[0]).at("is_online").as_bool());
  EXPECT_EQ(text(payload(news[0]), "device_name"), "a name");
  gateway.pass(20min);
  EXPECT_TRUE(ana.take("device_status_changed").empty()) << "nothing of it expires";
  EXPECT_TRUE(stranger.take("device_status_changed").empty());
}

// ---- time ---------------------------------------------------------------------------------------

TEST_P(DeviceSession, ASessionExpiresHoweverManyPongsItGives) {
  gateway.pass(24h - 5min - 1s);
  EXPECT_TRUE(ana.take("session_expiring_soon").empty());
  gateway.pass(1s);
  const auto warnings = ana.take("session_expiring_soon");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(number(payload(warnings[0]), "expires_in_seconds"), 300u);
  gateway.pass(5min - 1s);
  EXPECT_FALSE(ana.closed);
  gateway.pass(1s);
  ASSERT_TRUE(ana.closed);
  EXPECT_EQ(ana.closed->fault, Fault::session_expired);
}

TEST_P(DeviceSession, ASilentDeviceIsDroppedAfterTwoIntervals) {
  gateway.answers_pings = false;
  gateway.pass(59s);
  EXPECT_FALSE(ana.closed);
  gateway.pass(1s);
  ASSERT_TRUE(ana.closed);
  EXPECT_EQ(ana.closed->fault, Fault::heartbeat_timeout);
  EXPECT_EQ(gateway.hub.devices().size(), 0u);
}

// ---- revocation ---------------------------------------------------------------------------------

TEST_P(DeviceSession, RevocationClosesTheLiveConnectionAtOnce_S8) {
  gateway.revoke(bob.id(), ana);
  EXPECT_EQ(bob.take("device_revoked").size(), 1u);
  ASSERT_TRUE(bob.closed);
  EXPECT_EQ(bob.closed->fault, Fault::device_revoked);
  EXPECT_EQ(ana.take("device_status_changed").size(), 1u);
  bob.heard.clear();
  gateway.publish(ana);
  EXPECT_TRUE(bob.take("event").empty()) << "and it receives nothing more";
  gateway.connect(bob);
  EXPECT_FALSE(bob.is_in);
}

TEST_P(DeviceSession, AStoreThatKnowsOfARevocationEndsTheSession_S8) {
  gateway.store.devices.at(bob.id()).record.revoked = true;
  gateway.publish(bob);
  ASSERT_TRUE(bob.closed);
  EXPECT_EQ(bob.closed->fault, Fault::device_revoked);
  EXPECT_TRUE(gateway.store.events.empty());
}

// ---- linking ------------------------------------------------------------------------------------

class Linking : public DeviceSession {
 protected:
  std::string offer(Phone& phone) {
    gateway.say(phone, R"({"type":"initiate_pairing"})");
    const auto offers = phone.take("pairing_initiated");
    if (offers.size() != 1) return "none";
    EXPECT_EQ(number(payload(offers[0]), "expiresIn"), 300'000u);
    return text(payload(offers[0]), "code");
  }
  void enter(Phone& phone, const std::string& code) {
    gateway.say(phone, R"({"type":"complete_pairing","payload":{"pairing_code":")" + code + "\"}}");
  }
  std::string failure(Phone& phone) {
    const auto failures = phone.take("pairing_failed");
    return failures.size() == 1 ? text(payload(failures[0]), "code") : "none";
  }
};

INSTANTIATE_TEST_SUITE_P(Version, Linking, testing::Values(1u, 2u));

TEST_P(Linking, ACodeMovesTheDeviceAndItsSession) {
  const auto code = offer(ana);
  EXPECT_EQ(code.size(), GetParam() == 1 ? LinkCode::digits : LinkCode::length);
  enter(stranger, code);
  const auto done = stranger.take("pairing_completed");
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(text(payload(done[0]), "linkedUserId"), print_hex(ana.account.user.view()));
  EXPECT_EQ(ana.take("device_paired").size(), 1u);
  EXPECT_EQ(gateway.hub.devices().sessions_of(ana.account.user).size(), 4u);
  EXPECT_TRUE(gateway.hub.devices().sessions_of(stranger.account.user).empty());
  EXPECT_EQ(gateway.hub.devices().accounts(), 2u) << "the old one only for the sake of its tries";
  gateway.publish(ana);
  EXPECT_EQ(stranger.take("event").size(), 1u);
  stranger.session->user = ana.account.user;
  gateway.publish(stranger);
  EXPECT_EQ(ana.take("event").size(), 1u);
  gateway.hang_up(stranger);
  EXPECT_EQ(gateway.hub.devices().sessions_of(ana.account.user).size(), 3u);
}

TEST_P(Linking, FramesDuringTheMoveWaitAndAreServedInTheNewAccount) {
  const auto code = offer(ana);
  gateway.holds_answers = true;
  enter(stranger, code);
  EXPECT_EQ(state(stranger), "Linking");
  stranger.session->user = ana.account.user;
  gateway.publish(stranger);
  gateway.publish(stranger);
  EXPECT_EQ(gateway.store.waiting(), 1u);
  gateway.holds_answers = false;
  gateway.settle();
  EXPECT_EQ(stranger.take("ack").size(), 2u);
  EXPECT_THAT(cursors(ana), ElementsAre(1, 2));
}

TEST_P(Linking, ACodeWorksOnceAndAWrongOneNever_S7) {
  const auto code = offer(ana);
  enter(stranger, code == "000000" ? "000001" : "000000");
  EXPECT_EQ(failure(stranger), "link_code_unknown");
  enter(stranger, code);
  EXPECT_EQ(failure(stranger), "none");
  Phone late(8, GetParam());
  gateway.connect(late);
  enter(late, code);
  EXPECT_EQ(failure(late), "link_code_unknown");
}

TEST_P(Linking, ACodeLivesFiveMinutesNotMore) {
  const auto code = offer(ana);
  gateway.pass(300s);
  EXPECT_EQ(gateway.hub.link_codes().size(), 0u);
  enter(stranger, code);
  EXPECT_EQ(failure(stranger), "link_code_unknown");
}

TEST_P(Linking, ACodeLivesNoLongerThanTheSessionThatAskedForIt) {
  auto code = offer(ana);
  gateway.hang_up(ana);
  EXPECT_EQ(gateway.hub.link_codes().size(), 0u);
  enter(stranger, code);
  EXPECT_EQ(failure(stranger), "link_code_unknown");
  gateway.connect(ana);
  code = offer(ana);
  gateway.connect(ana);  // replaces the session before
  enter(stranger, code);
  EXPECT_EQ(failure(stranger), "link_code_unknown");
}

TEST_P(Linking, GuessingIsBoundedByAccountAndThatOfDigitsByAddress_S7) {
  const auto code = offer(ana);
  for (int i = 0; i < 5; ++i) {
    enter(stranger, GetParam() == 1 ? (code == "000000" ? "000001" : "000000") : "AAAAAAAAAAA");
    EXPECT_EQ(failure(stranger), "link_code_unknown");
  }
  const auto again = offer(ana);
  enter(stranger, again);
  const auto failures = stranger.take("pairing_failed");
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(text(payload(failures[0]), "code"), "too_many_link_codes");
  EXPECT_EQ(number(payload(failures[0]), "retry_after_ms"), 12'000u);
  stranger.address = "elsewhere";
  gateway.connect(stranger);
  enter(stranger, again);
  EXPECT_EQ(failure(stranger), "too_many_link_codes") << "of the same account";
  Phone neighbour(8, GetParam());
  gateway.connect(neighbour);
  enter(neighbour, again);
  if (GetParam() == 1)
    EXPECT_EQ(failure(neighbour), "too_many_link_codes") << "of the same address";
  else
    EXPECT_EQ(neighbour.take("pairing_completed").size(), 1u) << "whoever else has that address";
}

TEST_P(Linking, WhoIsToldToWaitIsLetInThen) {
  const auto code = offer(ana);
  for (int i = 0; i < 5; ++i) enter(stranger, "AAAAAAAAAAA");
  enter(stranger, code);
  EXPECT_EQ(stranger.take("pairing_failed").size(), 6u);
  gateway.pass(12s);
  enter(stranger, code);
  EXPECT_EQ(stranger.take("pairing_completed").size(), 1u);
}

/// Wrong tries of strangers of other accounts, from other addresses.
TEST_P(Linking, OnlyACodeOfDigitsIsVoidAfterThreeWrongOnesAndItsDeviceIsTold) {
  const auto code = offer(ana);
  auto wrong = code;
  wrong.back() =
      GetParam() == 2 ? (code.back() == 'A' ? 'B' : 'A') : (code.back() == '0' ? '1' : '0');
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(failure(ana), "none");
    Phone guesser(10 + i, GetParam());
    guesser.address = "address " + std::to_string(i);
    gateway.connect(guesser);
    enter(guesser, wrong);
    EXPECT_EQ(failure(guesser), "link_code_unknown");
    gateway.hang_up(guesser);
    std::erase(gateway.phones, &guesser);
  }
  EXPECT_EQ(failure(ana), GetParam() == 1 ? "link_code_burnt" : "none");
  enter(stranger, code);
  if (GetParam() == 1)
    EXPECT_EQ(failure(stranger), "link_code_unknown");
  else
    EXPECT_EQ(stranger.take("pairing_completed").size(), 1u);
}

TEST_P(Linking, AnAccountHasThreeCodesAtMostAndNoneIsOverwritten_S7) {
  std::set<std::string> codes;
  for (int i = 0; i < 3; ++i) codes.insert(offer(ana));
  EXPECT_EQ(codes.size(), 3u);
  gateway.say(ana, R"({"type":"initiate_pairing"})");
  const auto refused = ana.take("pairing_failed");
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(text(payload(refused[0]), "code"), "too_many_link_codes");
  EXPECT_EQ(number(payload(refused[0]), "retry_after_ms"), 300'000u);
}

TEST_P(Linking, OneAddressLeavesRoomForTheCodesOfOthers) {
  std::vector<std::unique_ptr<Phone>> crowd;
  std::size_t shown = 0;
  for (int i = 0; i < 12; ++i) {
    auto& phone = *crowd.emplace_back(std::make_unique<Phone>(20 + i, GetParam()));
    phone.address = "crowd";
    gateway.connect(phone);
    for (int code = 0; code < 3; ++code) shown += offer(phone) == "none" ? 0 : 1;
  }
  EXPECT_EQ(shown, 30u);
  const auto refused = crowd.back()->take("pairing_failed");
  ASSERT_EQ(refused.size(), 3u);
  EXPECT_EQ(text(payload(refused[0]), "code"), "too_many_link_codes");
  EXPECT_EQ(number(payload(refused[0]), "retry_after_ms"), 300'000u);
  EXPECT_NE(offer(ana), "none");
  for (const auto& phone : crowd) gateway.hang_up(*phone);
  std::erase_if(gateway.phones, [&](const Phone* phone) { return phone->address == "crowd"; });
}

TEST_P(Linking, ARevokedDeviceTakesItsCodesWithIt) {
  const auto code = offer(bob);
  gateway.revoke(bob.id(), ana);
  enter(stranger, code);
  EXPECT_EQ(failure(stranger), "link_code_unknown");
}

TEST_P(Linking, OnesOwnAccountIsNoNews) {
  enter(bob, offer(ana));
  EXPECT_EQ(bob.take("pairing_completed").size(), 1u);
  EXPECT_EQ(state(bob), "Live");
}

TEST_P(Linking, AStoreThatFailsChangesNothing) {
  const auto code = offer(ana);
  gateway.store.is_failing = true;
  enter(stranger, code);
  EXPECT_EQ(failure(stranger), "directory_failed");
  gateway.store.is_failing = false;
  EXPECT_EQ(gateway.hub.devices().sessions_of(stranger.account.user).size(), 1u);
  gateway.publish(stranger);
  EXPECT_EQ(stranger.take("ack").size(), 1u);
}

TEST_P(Linking, ADeviceThatHangsUpMeanwhileIsLinkedAllTheSame) {
  const auto code = offer(ana);
  gateway.holds_answers = true;
  enter(stranger, code);
  gateway.hang_up(stranger);
  gateway.holds_answers = false;
  gateway.settle();
  EXPECT_EQ(ana.take("device_paired").size(), 1u);
  EXPECT_EQ(gateway.hub.devices().size(), 3u);
  gateway.connect(stranger);
  EXPECT_EQ(stranger.session->user, ana.account.user);
}

// ---- memory -------------------------------------------------------------------------------------

TEST(DeviceSessionMemory, AnIdleSessionIsSmall) {
  constexpr std::size_t node = 48;  // of a map: links, colour, allocation
  const auto in_maps = 4 * node + 2 * sizeof(SocketId) + sizeof(Socket) + sizeof(DeviceId) +
                       sizeof(UserId) + 64 + 2 * sizeof(TimePoint);
  // Of which 40 are the device's own key and the version that it speaks: of the original's clients;
  // and 80 the proof of that key, for which its part in signaling has room, and so has every
  // socket; and 8 the last pushed event whose number is forgotten.
  EXPECT_LE(sizeof(DeviceSocket) + in_maps, 1'088u);
}

}  // namespace
}  // namespace culver::relay
