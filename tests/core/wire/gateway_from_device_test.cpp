#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/wire/gateway.hpp"
#include "core/wire/limits.hpp"
#include "tests/core/wire/gateway_support.hpp"

namespace culver::wire::gateway {
namespace {

using namespace culver::testing::gateway;

/// An event's fields as JSON; one of them is replaced by the test, or left out if empty.
std::string event(std::string_view changed = "", const std::string& json = "") {
  const std::pair<std::string_view, std::string> usual[] = {
      {"event_id", '"' + event_text + '"'},   {"user_id", '"' + user_text + '"'},
      {"device_id", '"' + device_text + '"'}, {"device_seq", "7"},
      {"stream_id", R"("files:main:a-B_9")"}, {"type", R"("file:chunk")"},
      {"encrypted_payload", R"("AAEC")"},     {"ttl", ""},
  };
  std::string members = R"("stream_seq":3)";
  for (const auto& [key, value] : usual) {
    const std::string& text = key == changed ? json : value;
    if (!text.empty()) members += ",\"" + std::string(key) + "\":" + text;
  }
  return R"({"type":"event","payload":{)" + members + "}}";
}

SessionMessage read(const std::string& frame) {
  const auto message = parse_session(frame);
  EXPECT_TRUE(message) << frame;
  return *message;
}
template <class Message>
Message read_as(const std::string& frame) {
  return std::get<Message>(read(frame));
}
Refusal refusal_of(const std::string& frame) {
  const auto message = parse_session(frame);
  return message ? Refusal{Fault::internal, {}, {}} : message.error();
}
Fault session_fault(const std::string& frame) { return refusal_of(frame).fault; }

void expect_refused(std::string_view key, Fault fault, const std::vector<std::string>& bad) {
  for (const auto& json : bad) EXPECT_EQ(session_fault(event(key, json)), fault) << json;
}

TEST(FromDevice, ReadsAnEvent) {
  const auto read = read_as<NewEvent>(event());
  const NewEvent expected{*parse_event_id(event_text),
                          *parse_hex<UserId>(user_text),
                          *parse_device_id(device_text),
                          7,
                          "files:main:a-B_9",
                          "file:chunk",
                          "AAEC",
                          3,
                          std::nullopt};
  EXPECT_EQ(read, expected);
  EXPECT_EQ(read_as<NewEvent>(event("ttl", "1700000000000")).expires_at, 1'700'000'000'000);
  EXPECT_EQ(read_as<NewEvent>(event("ttl", "null")).expires_at, std::nullopt);
}

TEST(FromDevice, TakesTheSpellingsOfIdsForOneThing) {
  const auto usual = read_as<NewEvent>(event());
  EXPECT_EQ(read_as<NewEvent>(event("user_id", '"' + upper(user_text) + '"')), usual);
  EXPECT_EQ(read_as<NewEvent>(event("event_id", '"' + upper(event_text) + '"')), usual);
  EXPECT_EQ(read_as<NewEvent>(event("device_id", '"' + upper(device_text) + '"')), usual);
}

TEST(FromDevice, LeavesAnAbsentUserToTheSession) {
  EXPECT_EQ(read_as<NewEvent>(event("user_id", R"("")")).user, std::nullopt);
  EXPECT_EQ(read_as<NewEvent>(event("user_id", "null")).user, std::nullopt);
  EXPECT_EQ(read_as<NewEvent>(event("user_id")).user, std::nullopt);
}

TEST(FromDevice, RefusesEachBadFieldOfAnEventByName) {
  const std::string quote = "\"";
  expect_refused("event_id", Fault::bad_event_id,
                 {"", "7", R"("x")", quote + device_text + quote, quote + event_text + "0\""});
  expect_refused(
      "user_id", Fault::bad_user_id,
      {"7", R"("ab")", quote + user_text + "zz\"", quote + std::string(64, 'g') + quote});
  expect_refused("device_id", Fault::bad_device_id, {"", "1", R"("")", quote + event_text + quote});
  expect_refused(
      "device_seq", Fault::bad_device_seq,
      {"", "0", "-1", "1.5", R"("7")", "9007199254740992", "18446744073709551615", "1e300"});
  expect_refused("stream_id", Fault::bad_stream_id,
                 {"", R"("")", "7", R"("a b")", R"("a\u0000")", R"("ä")",
                  quote + std::string(257, 'a') + quote});
  expect_refused("type", Fault::bad_event_type,
                 {"", R"("")", R"("a.b")", quote + std::string(65, 'a') + quote});
  expect_refused("encrypted_payload", Fault::bad_payload,
                 {"", R"("")", "7", R"("AAE")", R"("AAE=A")", R"("AB==")", R"("A\nAA")",
                  R"("====")", R"("AA_-")", R"("AAEC=")"});
  expect_refused("ttl", Fault::wrong_type, {R"("x")", "-1", "0.5", "-1e300", "[]"});
  for (const auto* later :
       {"9007199254740991", "9007199254740992", "18446744073709551615", "1e300"})
    EXPECT_EQ(read_as<NewEvent>(event("ttl", later)).expires_at, 9'007'199'254'740'991) << later;
  EXPECT_EQ(read_as<NewEvent>(event("device_seq", "9007199254740991")).device_seq,
            9'007'199'254'740'991U);
  EXPECT_EQ(session_fault(R"({"type":"event"})"), Fault::missing_field);
  EXPECT_EQ(session_fault(R"({"type":"event","payload":"x"})"), Fault::wrong_type);
}

TEST(FromDevice, BoundsThePayloadByWhatItDecodesTo) {
  const auto of = [](std::size_t size) {
    return event("encrypted_payload", '"' + base64::encode(ByteVector(size)) + '"');
  };
  EXPECT_EQ(read_as<NewEvent>(of(limits::event_payload)).payload_size, limits::event_payload);
  EXPECT_EQ(session_fault(of(limits::event_payload + 1)), Fault::event_too_large);
  EXPECT_EQ(session_fault(std::string(limits::gateway_frame_in + 1, ' ')), Fault::too_large);
}

TEST(FromDevice, NamesTheEventThatItRefuses) {
  const auto both = refusal_of(event("type", "7"));
  EXPECT_EQ(both.event, parse_event_id(event_text));
  EXPECT_EQ(both.device_seq, 7U);
  const auto no_id = refusal_of(event("event_id", "7"));
  EXPECT_EQ(no_id.event, std::nullopt);
  EXPECT_EQ(no_id.device_seq, 7U);
  const auto no_seq = refusal_of(event("device_seq", "0"));
  EXPECT_EQ(no_seq.event, parse_event_id(event_text));
  EXPECT_EQ(no_seq.device_seq, std::nullopt);
  EXPECT_EQ(refusal_of("{").event, std::nullopt);
}

TEST(FromDevice, ReadsAnAckWhereverItsFieldsAre) {
  const auto ack = [](const std::string& rest) {
    return read_as<AckReceived>(R"({"type":"ack",)" + rest + "}");
  };
  EXPECT_EQ(ack(R"("payload":{"device_seq":5})"), (AckReceived{{}, 5}));
  EXPECT_EQ(ack(R"("device_seq":5)"), (AckReceived{{}, 5}));
  EXPECT_EQ(ack(R"("cursor":9,"payload":{"device_seq":5})"), (AckReceived{9, 5}));
  EXPECT_EQ(ack(R"("cursor":8,"payload":{"cursor":9})"), (AckReceived{9, {}}));
  EXPECT_EQ(ack(R"("cursor":0,"payload":null)"), (AckReceived{0, {}}));
  EXPECT_EQ(session_fault(R"({"type":"ack"})"), Fault::missing_field);
  EXPECT_EQ(session_fault(R"({"type":"ack","payload":{}})"), Fault::missing_field);
  EXPECT_EQ(session_fault(R"({"type":"ack","payload":{"device_seq":"5"}})"), Fault::bad_device_seq);
  EXPECT_EQ(session_fault(R"({"type":"ack","payload":{"device_seq":0}})"), Fault::bad_device_seq);
  EXPECT_EQ(session_fault(R"({"type":"ack","payload":{"cursor":-1}})"), Fault::bad_cursor);
}

TEST(FromDevice, ReadsAReplayRequestWhereverItsFieldsAre) {
  const auto replay = [](const std::string& rest) {
    return read_as<ReplayRequest>(R"({"type":"replay_request")" + rest + "}");
  };
  EXPECT_EQ(replay(""), (ReplayRequest{100, {}, false}));
  EXPECT_EQ(replay(R"(,"limit":7,"last_ack_device_seq":3)"), (ReplayRequest{7, {}, false}));
  EXPECT_EQ(replay(R"(,"payload":{"limit":7})"), (ReplayRequest{7, {}, false}));
  EXPECT_EQ(replay(R"(,"limit":1)").limit, 1U);
  EXPECT_EQ(replay(R"(,"limit":1e3)").limit, 1000U);
  for (const auto* more : {"1001", "9007199254740992", "18446744073709551615", "1e300"})
    EXPECT_EQ(replay(std::string(R"(,"limit":)") + more).limit, 1000U) << more;
  // The original takes what is less than anything for the least.
  for (const auto& [limit, taken] : {std::pair{"0", 1U}, {"-7", 1U}}) {
    const auto frame = std::string(R"({"type":"replay_request","limit":)") + limit + "}";
    EXPECT_EQ(session_fault(frame), Fault::bad_replay_limit);
    EXPECT_EQ(std::get<ReplayRequest>(parse_session(frame, Dialect::original).value()).limit,
              taken);
  }
  EXPECT_EQ(replay(R"(,"cursor":42)"), (ReplayRequest{100, 42, false}));
  EXPECT_EQ(replay(R"(,"payload":{"cursor":42})"), (ReplayRequest{100, 42, false}));
  EXPECT_EQ(replay(R"(,"continuation_token":"c42")"), (ReplayRequest{100, 42, true}));
  EXPECT_EQ(replay(R"(,"limit":5,"payload":{"continuation_token":"c0"})"),
            (ReplayRequest{5, 0, true}));
  EXPECT_EQ(replay(R"(,"continuation_token":null,"payload":{"limit":null})"),
            (ReplayRequest{100, {}, false}));
}

TEST(FromDevice, RefusesBadReplayRequests) {
  for (const std::string bad : {R"("7")", "1.5", "[]", "-1e300"})
    EXPECT_EQ(session_fault(R"({"type":"replay_request","limit":)" + bad + "}"),
              Fault::bad_replay_limit)
        << bad;
  for (const std::string bad :
       {R"("")", R"("c")", R"("42")", R"("c-1")", R"("c042")", R"("c4 ")", R"("c9007199254740992")",
        R"("c99999999999999999999")", "42", R"("eyJ9.ab")"})
    EXPECT_EQ(session_fault(R"({"type":"replay_request","continuation_token":)" + bad + "}"),
              Fault::bad_continuation_token)
        << bad;
  EXPECT_EQ(session_fault(R"({"type":"replay_request","cursor":"x"})"), Fault::bad_cursor);
}

TEST(FromDevice, WhoeverHearsNoErrorsIsAnsweredAllTheSame) {
  for (const std::string bad :
       {R"("cursor":-1)", R"("cursor":"2")", R"("cursor":2.5)", R"("cursor":1e300)",
        R"("cursor":[])", R"("limit":"7")", R"("continuation_token":"x")",
        R"("limit":5,"payload":{"cursor":-1})"}) {
    const auto frame = R"({"type":"replay_request",)" + bad + "}";
    EXPECT_FALSE(parse_session(frame)) << bad;
    EXPECT_EQ(std::get<ReplayRequest>(parse_session(frame, Dialect::original).value()),
              (ReplayRequest{usual_page, {}, false}))
        << bad;
  }
  EXPECT_EQ(parse_session(R"({"type":"initiate_pairing","asks":"yes"})", Dialect::original).value(),
            SessionMessage(InitiatePairing{}));
  EXPECT_FALSE(parse_session(R"({"type":"ack","cursor":-1})", Dialect::original))
      << "nobody waits for an answer";
}

TEST(FromDevice, PassesAScratchpadOn) {
  const std::string json = R"({"a":[1,-2,null,"é"],"b":{"c":true}})";
  EXPECT_EQ(read_as<ScratchpadSync>(R"({"type":"scratchpad_sync","payload":)" + json + "}").payload,
            json);
  EXPECT_EQ(read_as<ScratchpadSync>(print_scratchpad(json)).payload, json);
  EXPECT_EQ(read_as<ScratchpadSync>(R"({"type":"scratchpad_sync","payload":null})").payload,
            "null");
  EXPECT_EQ(session_fault(R"({"type":"scratchpad_sync"})"), Fault::missing_field);
  const std::string full = '"' + std::string(limits::scratchpad - 2, 'x') + '"';
  EXPECT_EQ(read_as<ScratchpadSync>(print_scratchpad(full)).payload, full);
  EXPECT_EQ(session_fault(print_scratchpad('"' + std::string(limits::scratchpad - 1, 'x') + '"')),
            Fault::too_large);
}

TEST(FromDevice, ReadsPairing) {
  EXPECT_EQ(read(R"({"type":"initiate_pairing","payload":7})"), SessionMessage(InitiatePairing{}));
  EXPECT_EQ(read(R"({"type":"complete_pairing","payload":{"pairing_code":"012345"}})"),
            SessionMessage(CompletePairing{"012345"}));
  EXPECT_EQ(read(print(InitiatePairing{})), SessionMessage(InitiatePairing{}));
  EXPECT_EQ(read(print(CompletePairing{"012345"})), SessionMessage(CompletePairing{"012345"}));
  for (const std::string bad :
       {R"("12345")", R"("1234567")", R"("12345a")", "123456", R"("")", R"(" 12345")", "null"})
    EXPECT_EQ(
        session_fault(R"({"type":"complete_pairing","payload":{"pairing_code":)" + bad + "}}"),
        Fault::bad_link_code)
        << bad;
  EXPECT_EQ(session_fault(R"({"type":"complete_pairing"})"), Fault::bad_link_code);
}

TEST(FromDevice, ReadsWhetherItWantsToBeAskedAndWhatItAnswers) {
  EXPECT_EQ(print(InitiatePairing{}), R"({"type":"initiate_pairing","payload":{}})");
  EXPECT_EQ(read(print(InitiatePairing{true})), SessionMessage(InitiatePairing{true}));
  EXPECT_EQ(read(R"({"type":"initiate_pairing","asks":true})"),
            SessionMessage(InitiatePairing{true}));
  EXPECT_EQ(read(R"({"type":"initiate_pairing","payload":{"asks":false}})"),
            SessionMessage(InitiatePairing{}));
  EXPECT_FALSE(parse_session(R"({"type":"initiate_pairing","payload":{"asks":"yes"}})"))
      << "not a code that lets everybody in";
  for (const bool accepted : {false, true})
    EXPECT_EQ(read(print(AnswerPairing{7, accepted})), SessionMessage(AnswerPairing{7, accepted}));
  for (const std::string bad :
       {R"({"id":0,"accepted":true})", R"({"id":1})", R"({"accepted":true})",
        R"({"id":1,"accepted":1})", R"({"id":9007199254740992,"accepted":true})"})
    EXPECT_FALSE(parse_session(R"({"type":"answer_pairing","payload":)" + bad + "}")) << bad;
  EXPECT_EQ(session_fault(R"({"type":"answer_pairing","payload":{}})"), Fault::missing_field);
  EXPECT_EQ(session_fault(R"({"type":"answer_pairing","payload":{"id":"1","accepted":true}})"),
            Fault::wrong_type);
  EXPECT_TRUE(is_of_session(print(AnswerPairing{7, true})));
}

TEST(FromDevice, LeavesTheRestToOthers) {
  EXPECT_EQ(read(R"({"type":"ping"})"), SessionMessage(Ping{}));
  EXPECT_EQ(session_fault(R"({"type":"register","pairingCode":"K7MW2Q"})"), Fault::unknown_message);
  EXPECT_EQ(session_fault(R"({"type":"client_hello"})"), Fault::unknown_message);
  EXPECT_EQ(session_fault(R"({"payload":{}})"), Fault::missing_field);
  EXPECT_EQ(session_fault(R"({"type":7})"), Fault::wrong_type);
  for (const std::string bad : {"", "[]", "null", "{", "\xff", R"({"type":"ping"}x)"})
    EXPECT_EQ(session_fault(bad), Fault::malformed) << bad;
  EXPECT_EQ(session_fault(R"({"a":)" + std::string(limits::json_depth + 1, '[')), Fault::malformed);
}

RC_GTEST_PROP(FromDevice, IsReadAsPrinted, ()) {
  const auto event = new_event();
  RC_ASSERT(parse_session(print(event)).value() == SessionMessage(event));

  AckReceived ack{maybe(number(0)), maybe(number(1))};
  if (!ack.cursor && !ack.device_seq) ack.cursor = 0;
  RC_ASSERT(parse_session(print(ack)).value() == SessionMessage(ack));

  ReplayRequest replay{*rc::gen::inRange(1U, 1001U), maybe(number(0))};
  replay.is_continuation = replay.after && *rc::gen::arbitrary<bool>();
  RC_ASSERT(parse_session(print(replay)).value() == SessionMessage(replay));

  RC_ASSERT(parse_session(print(Ping{})).value() == SessionMessage(Ping{}));
}

}  // namespace
}  // namespace culver::wire::gateway
