#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/wire/gateway.hpp"
#include "core/wire/limits.hpp"
#include "tests/core/wire/gateway_support.hpp"

namespace culver::wire::gateway {
namespace {

using namespace culver::testing::gateway;

const UserId user = *parse_hex<UserId>(user_text);
const DeviceId device = *parse_device_id(device_text);
const EventId event_id = *parse_event_id(event_text);

NewEvent example() {
  return {event_id, std::nullopt, device, 7, "messages:main", "message:text", "AAEC", 3, {}};
}

const std::string example_body = R"("event_id":")" + event_text + R"(","user_id":")" + user_text +
                                 R"(","device_id":")" + device_text +
                                 R"(","device_seq":7,"stream_id":"messages:main",)"
                                 R"("type":"message:text","encrypted_payload":"AAEC",)"
                                 R"("created_at":1700000000000)";

TEST(ToDevice, PreparesTheBodyOfAnEvent) {
  EXPECT_EQ(body_of(example(), user, 1'700'000'000'000), example_body);
  auto mortal = example();
  mortal.expires_at = 1'700'000'000'500;
  EXPECT_NE(body_of(mortal, user, 1'700'000'000'000).find(R"("ttl":1700000000500,"created_at")"),
            std::string::npos);
}

TEST(ToDevice, PrintsAnEventAroundItsBody) {
  EXPECT_EQ(print_event({42, 3, example_body}),
            R"({"type":"event","payload":{)" + example_body + R"(,"stream_seq":3,"cursor":42}})");
}

TEST(ToDevice, PrintsAPage) {
  EXPECT_EQ(print(ReplayResponse{{}, false, 9, {}}),
            R"({"type":"replay_response","payload":{"type":"replay_response","events":[],)"
            R"("has_more":false,"page_size":0,"cursor":9}})");
  EXPECT_EQ(print(ReplayResponse{{{8, 1, "\"a\":1"}, {9, 2, "\"a\":2"}}, true, 9, 5}),
            R"({"type":"replay_response","payload":{"type":"replay_response","events":[)"
            R"({"a":1,"stream_seq":1,"cursor":8},{"a":2,"stream_seq":2,"cursor":9}],)"
            R"("has_more":true,"page_size":2,"continuation_token":"c9","cursor":9,)"
            R"("gap":true,"lost_up_to":5}})");
}

TEST(ToDevice, GivesTokensThatComeBack) {
  const auto page = boost::json::parse(print(ReplayResponse{{}, true, 77, {}}));
  const std::string token(page.at("payload").at("continuation_token").as_string());
  const auto request =
      parse_session(R"({"type":"replay_request","continuation_token":")" + token + R"("})");
  EXPECT_EQ(std::get<ReplayRequest>(*request), (ReplayRequest{100, 77, true}));
}

TEST(ToDevice, PrintsTheRest) {
  EXPECT_EQ(print(Ack{7, event_id}),
            R"({"type":"ack","payload":{"type":"ack","device_seq":7,"event_id":")" + event_text +
                R"("}})");
  EXPECT_EQ(
      print(DeviceStatusChanged{user, device, Plaintext("P\"1"), DeviceType::web, true, 5}),
      R"({"type":"device_status_changed","payload":{"type":"device_status_changed","user_id":")" +
          user_text + R"(","device_id":")" + device_text +
          R"(","device_name":"P\"1","device_type":"web","is_online":true,"timestamp":5}})");
  EXPECT_EQ(
      print(DeviceStatusChanged{user, device, {}, {}, false, 5}),
      R"({"type":"device_status_changed","payload":{"type":"device_status_changed","user_id":")" +
          user_text + R"(","device_id":")" + device_text +
          R"(","is_online":false,"timestamp":5}})");
  EXPECT_EQ(print(DeviceRevoked{5}),
            R"({"type":"device_revoked","payload":{"type":"device_revoked",)"
            R"("reason":"Device has been revoked","timestamp":5}})");
  EXPECT_EQ(print(SessionExpiringSoon{300, 5}),
            R"({"type":"session_expiring_soon","payload":{"type":"session_expiring_soon",)"
            R"("expires_in_seconds":300,"expires_at":5}})");
  EXPECT_EQ(print(Pong{5}), R"({"type":"pong","payload":{"timestamp":5}})");
  EXPECT_EQ(print(PairingInitiated{"012345", 300'000}),
            R"({"type":"pairing_initiated","payload":{"code":"012345","expiresIn":300000}})");
  EXPECT_EQ(
      print(PairingInitiated{"012345", 300'000, true}),
      R"({"type":"pairing_initiated","payload":{"code":"012345","expiresIn":300000,"asks":true}})");
  EXPECT_EQ(print(PairingCompleted{user}),
            R"({"type":"pairing_completed","payload":{"success":true,"linkedUserId":")" +
                user_text + R"("}})");
  EXPECT_EQ(print(DevicePaired{device, 5}),
            R"({"type":"device_paired","payload":{"type":"device_paired","device_id":")" +
                device_text + R"(","timestamp":5}})");
  EXPECT_EQ(print_scratchpad("[1]"), R"({"type":"scratchpad_sync","payload":[1]})");
}

template <class Message>
Message linking(const std::string& frame) {
  const auto message = parse_linking(frame);
  EXPECT_TRUE(message) << frame;
  const auto* one = message ? std::get_if<Message>(&*message) : nullptr;
  EXPECT_TRUE(one) << frame;
  return one ? *one : Message{};
}

TEST(ToDevice, IsReadByAClientThatLinks) {
  const auto initiated = linking<PairingInitiated>(print(PairingInitiated{"012345", 300'000}));
  EXPECT_EQ(initiated.code, "012345");
  EXPECT_EQ(initiated.expires_in_ms, 300'000U);
  EXPECT_FALSE(initiated.asks);
  EXPECT_TRUE(linking<PairingInitiated>(print(PairingInitiated{"012345", 300'000, true})).asks);
  EXPECT_EQ(linking<PairingCompleted>(print(PairingCompleted{user})).linked_user, user);
  const auto paired = linking<DevicePaired>(print(DevicePaired{device, 5}));
  EXPECT_EQ(paired.device, device);
  EXPECT_EQ(paired.timestamp, 5);
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    EXPECT_EQ(linking<PairingFailed>(print(PairingFailed{fault})).fault, fault);
    EXPECT_EQ(linking<PairingFailed>(print(Error{fault, {}, {}, {}})).fault, fault);
  }
}

TEST(ToDevice, AsksAboutADeviceThatWantsToComeIn) {
  const PairingRequested asked{7, device, user, Plaintext("Phone"), DeviceType::mobile, 60'000};
  EXPECT_EQ(print(asked),
            R"({"type":"pairing_requested","payload":{"type":"pairing_requested","id":7,)"
            R"("device_id":")" +
                device_text + R"(","device_key":")" + user_text +
                R"(","device_name":"Phone","device_type":"mobile","expiresIn":60000}})");
  const auto heard = linking<PairingRequested>(print(asked));
  EXPECT_EQ(heard.id, 7U);
  EXPECT_EQ(heard.device, device);
  EXPECT_EQ(heard.device_key, user);
  EXPECT_EQ(heard.device_name, Plaintext("Phone"));
  EXPECT_EQ(heard.device_type, DeviceType::mobile);
  EXPECT_EQ(heard.expires_in_ms, 60'000U);
  EXPECT_EQ(
      linking<PairingRequested>(print(PairingRequested{1, device, user, {}, {}, 0})).device_name,
      std::nullopt);
  EXPECT_EQ(print(PairingWithdrawn{7, Fault::link_withdrawn}),
            R"({"type":"pairing_withdrawn","payload":{"type":"pairing_withdrawn","id":7,)"
            R"("error":"Device waits no longer","code":"link_withdrawn"}})");
  const auto gone = linking<PairingWithdrawn>(print(PairingWithdrawn{7, Fault::directory_failed}));
  EXPECT_EQ(gone.id, 7U);
  EXPECT_EQ(gone.fault, Fault::directory_failed);
  EXPECT_EQ(linking<PairingPending>(print(PairingPending{60'000})).expires_in_ms, 60'000U);
  EXPECT_EQ(parse_linking(R"({"type":"pairing_withdrawn","payload":{"id":0}})").error(),
            Fault::malformed);
  EXPECT_EQ(parse_linking(R"({"type":"pairing_pending","payload":{}})").error(), Fault::malformed);
}

TEST(ToDevice, AServerWithoutNamesForItsRefusalsIsUnderstoodByItsWords) {
  const auto fault_of = [](const std::string& type, const std::string& words) {
    const auto frame = R"({"type":")" + type + R"(","payload":{"error":")" + words + R"("}})";
    return linking<PairingFailed>(frame).fault;
  };
  EXPECT_EQ(fault_of("pairing_failed", "Invalid pairing code format"), Fault::bad_link_code);
  EXPECT_EQ(fault_of("pairing_failed", "Pairing code not found or expired"),
            Fault::link_code_unknown);
  EXPECT_EQ(fault_of("pairing_failed", "Failed to generate pairing code"),
            Fault::too_many_link_codes);
  EXPECT_EQ(fault_of("pairing_failed", "No"), Fault::link_code_unknown);
  EXPECT_EQ(fault_of("error", "No"), Fault::server_refused);
}

TEST(ToDevice, IsRefusedByAClientThatLinks) {
  const std::pair<std::string, Fault> bad[] = {
      {"x", Fault::malformed},
      {R"({"type":"pong","payload":{"timestamp":5}})", Fault::unknown_message},
      {R"({"type":"pairing_initiated"})", Fault::missing_field},
      {R"({"type":"pairing_initiated","payload":{"code":"01234","expiresIn":1}})",
       Fault::bad_link_code},
      {R"({"type":"pairing_initiated","payload":{"code":"012345","expiresIn":-1}})",
       Fault::malformed},
      {R"({"type":"pairing_completed","payload":{"linkedUserId":"ab"}})", Fault::bad_user_id},
      {R"({"type":"device_paired","payload":{"device_id":"ab"}})", Fault::bad_device_id},
      {std::string(limits::signaling_frame_in + 1, ' '), Fault::too_large}};
  for (const auto& [frame, fault] : bad) {
    const auto message = parse_linking(frame);
    ASSERT_FALSE(message) << frame;
    EXPECT_EQ(message.error(), fault) << frame << " " << info(message.error()).name;
  }
}

TEST(ToDevice, TellsEveryFaultByNameAndText) {
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    const auto error = boost::json::parse(print(Error{fault, {}, {}, {}}));
    EXPECT_EQ(error.at("payload").at("code").as_string(), info(fault).name);
    EXPECT_EQ(error.at("payload").at("message").as_string(), info(fault).wire);
    const auto failed = boost::json::parse(print(PairingFailed{fault}));
    EXPECT_EQ(failed.at("payload").at("error").as_string(), info(fault).wire);
  }
  EXPECT_TRUE(print(Error{Fault::too_many_events, 1500, event_id, 7})
                  .ends_with(R"("retry_after_ms":1500,"event_id":")" + event_text +
                             R"(","device_seq":7}})"));
}

/// What one device sends is what the others read, whatever the event is.
RC_GTEST_PROP(ToDevice, HandsEventsOnUnchanged, ()) {
  const auto event = new_event();
  const auto body = body_of(event, user, 1'700'000'000'000);
  // A device that reads it as if it were an event of its own finds the same one.
  const auto again = parse_session(print_event({*number(1), *number(1), body}));
  RC_ASSERT(again.has_value());
  auto expected = event;
  expected.user = user;
  RC_ASSERT(*again == SessionMessage(expected));
  const auto page = boost::json::parse(print(ReplayResponse{{{5, 6, body}}, false, 5, {}}));
  const auto& first = page.at("payload").at("events").at(0);
  RC_ASSERT(first.at("encrypted_payload").as_string() == event.encrypted_payload);
  RC_ASSERT(first.at("cursor").as_int64() == 5);
  RC_ASSERT(first.at("stream_seq").as_int64() == 6);
  RC_ASSERT(first.at("created_at").as_int64() == 1'700'000'000'000);
}

}  // namespace
}  // namespace culver::wire::gateway
