#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/crypto/keys.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/signaling.hpp"
#include "tests/core/wire/generators_support.hpp"
#include "tests/core/wire/signaling_support.hpp"

namespace culver::wire::signaling {
namespace {

constexpr std::string_view call_id = "4f4384ce-60de-4bcd-89b3-74f5da2f8ee8";

Fault client_fault(std::string_view frame) {
  const auto message = parse_client(frame);
  return message ? Fault::internal : message.error();
}

std::string call(std::string_view type, std::string_view payload) {
  return R"({"type":")" + std::string(type) + R"(","target":"K7MW2Q","payload":)" +
         std::string(payload) + "}";
}

TEST(FromClient, IsPrintedAsZajelHasIt) {
  EXPECT_EQ(print(Register{code, key}),
            R"({"type":"register","pairingCode":"K7MW2Q","publicKey":")" + std::string(key_text) +
                R"("})");
  EXPECT_EQ(print(PairRequest{code, std::nullopt}),
            R"({"type":"pair_request","targetCode":"K7MW2Q"})");
  EXPECT_EQ(print(PairRequest{code, Plaintext("Al\"ice")}),
            R"({"type":"pair_request","targetCode":"K7MW2Q","proposedName":"Al\"ice"})");
  EXPECT_EQ(print(PairResponse{code, true}),
            R"({"type":"pair_response","targetCode":"K7MW2Q","accepted":true})");
  EXPECT_EQ(print(Ping{}), R"({"type":"ping"})");
  EXPECT_EQ(print(relay_of(code, Description{Description::Kind::answer, "v=0\r\n"})),
            R"({"type":"answer","target":"K7MW2Q","payload":{"type":"answer","sdp":"v=0\r\n"}})");
  EXPECT_EQ(print(relay_of(code, TrickledCandidate{"candidate:1", "0"})),
            R"({"type":"ice_candidate","target":"K7MW2Q",)"
            R"("payload":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0}})");
}

RC_GTEST_PROP(FromClient, IsReadAsPrinted, ()) {
  const auto target = *culver::testing::pairing_code();
  const auto kind = static_cast<RelayKind>(*rc::gen::inRange(0, 3));
  const auto name = *culver::testing::utf8_text(limits::proposed_name);
  const auto public_key = *culver::testing::fixed_bytes<PublicKey>();
  RC_PRE(!crypto::is_of_small_order(public_key));
  const ClientMessage messages[] = {
      Register{target, public_key},
      PairRequest{target, name.empty() ? std::nullopt : std::optional(Plaintext(name))},
      PairResponse{target, *rc::gen::arbitrary<bool>()},
      Relay{kind, target, std::nullopt},
      Relay{kind, target, RawJson{R"({"a":[1,null,"é"]})"}},
      relay_of(target, Description{Description::Kind::offer, *culver::testing::utf8_text(500)}),
      relay_of(target, TrickledCandidate{*culver::testing::utf8_text(90), "data"}),
      Ping{}};
  for (const auto& message : messages) {
    const auto back = parse_client(print(message));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == message);
  }
}

TEST(FromClient, MayHaveExtraFields) {
  EXPECT_TRUE(parse_client(R"({"x":[{}],"type":"ping","protocolVersion":2})"));
  const auto registered = parse_client(
      R"({"type":"register","pairingCode":"K7MW2Q","protocolVersion":2,"pqPublicKey":"x",)"
      R"("publicKey":"B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw"})");
  EXPECT_EQ(std::get<Register>(*registered), (Register{code, key}));
}

TEST(FromClient, IsRefusedForEachFieldThatIsMissingOrWrong) {
  struct Case {
    std::string_view frame;
    Fault fault;
  };
  const Case cases[] = {
      {"", Fault::malformed},
      {"{not json", Fault::malformed},
      {"null", Fault::malformed},
      {"[]", Fault::malformed},
      {"{}", Fault::missing_field},
      {R"({"type":5})", Fault::wrong_type},
      {R"({"type":null})", Fault::wrong_type},
      {R"({"type":"nope"})", Fault::unknown_message},
      {R"({"type":"Register"})", Fault::unknown_message},
      {R"({"type":"register"})", Fault::unknown_message},
      {R"({"type":"register","peerId":"relay"})", Fault::unknown_message},
      {R"({"type":"register","pairingCode":"K7MW2Q"})", Fault::missing_field},
      {R"({"type":"register","pairingCode":7,"publicKey":"x"})", Fault::wrong_type},
      {R"({"type":"register","pairingCode":"","publicKey":"x"})", Fault::bad_pairing_code},
      {R"({"type":"register","pairingCode":"k7mw2q","publicKey":"x"})", Fault::bad_pairing_code},
      {R"({"type":"register","pairingCode":"K7MW2Q","publicKey":1})", Fault::wrong_type},
      {R"({"type":"register","pairingCode":"K7MW2Q","publicKey":""})", Fault::bad_public_key},
      {R"({"type":"register","pairingCode":"K7MW2Q","publicKey":"AAAA"})", Fault::bad_public_key},
      {R"({"type":"register","pairingCode":"K7MW2Q",)"
       R"("publicKey":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})",
       Fault::weak_public_key},
      {R"({"type":"register","pairingCode":"K7MW2Q",)"
       R"("publicKey":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})",
       Fault::weak_public_key},
      {R"({"type":"pair_request"})", Fault::missing_field},
      {R"({"type":"pair_request","targetCode":{}})", Fault::wrong_type},
      {R"({"type":"pair_request","targetCode":"K7MW2Q2"})", Fault::bad_pairing_code},
      {R"({"type":"pair_request","targetCode":"K7MW2\u0000"})", Fault::malformed},
      {R"({"type":"pair_response","accepted":true})", Fault::missing_field},
      {R"({"type":"pair_response","targetCode":"K7MW2Q"})", Fault::missing_field},
      {R"({"type":"pair_response","targetCode":"K7MW2Q","accepted":"no"})", Fault::wrong_type},
      {R"({"type":"pair_response","targetCode":"K7MW2Q","accepted":1})", Fault::wrong_type},
      {R"({"type":"pair_response","targetCode":"K7MW2Q","accepted":null})", Fault::wrong_type},
      {R"({"type":"offer"})", Fault::missing_field},
      {R"({"type":"offer","target":["K7MW2Q"]})", Fault::wrong_type},
      {R"({"type":"offer","target":"K7MW2"})", Fault::bad_pairing_code},
      {R"({"type":"call_offer","target":"K7MW2Q"})", Fault::bad_call},
  };
  for (const auto& one : cases) EXPECT_EQ(client_fault(one.frame), one.fault) << one.frame;
  EXPECT_EQ(client_fault("{\"type\":\"ping\",\"x\":\"\xff\"}"), Fault::malformed);
  EXPECT_EQ(client_fault(std::string(limits::signaling_frame_in + 1, ' ')), Fault::too_large);
  EXPECT_EQ(client_fault(std::string(limits::signaling_frame_in, '[')), Fault::malformed);
}

TEST(FromClient, ProposesAShortPrintableNameOrNone) {
  const auto name = [](std::string_view json) {
    const auto message = parse_client(R"({"type":"pair_request","targetCode":"K7MW2Q",)"
                                      R"("proposedName":)" +
                                      std::string(json) + "}");
    const auto& proposed = std::get<PairRequest>(*message).proposed_name;
    return proposed ? proposed->expose() : "none";
  };
  EXPECT_EQ(name(R"("Alice")"), "Alice");
  EXPECT_EQ(name(R"("A\nli\u001b[31mce\u0085")"), "Ali[31mce");
  for (const auto json : {"7", "null", "{}", "true", R"("")", R"("\n\t")", R"("a\u0000b")"})
    EXPECT_EQ(name(json), "none") << json;
  const std::string euros = name('"' + std::string(62, 'a') + "\xe2\x82\xac\"");
  EXPECT_EQ(euros, std::string(62, 'a'));
}

TEST(FromClient, RelaysAnyPayloadAsItIs) {
  for (const std::string_view payload :
       {"null", "true", "[]", "{}", "\"x\"", "-7", R"({"sdp":"v=0\r\n","x":[[1,2],{"y":null}]})"}) {
    const auto message = parse_client(call("offer", payload));
    ASSERT_TRUE(message);
    EXPECT_EQ(std::get<Relay>(*message).payload, RawJson{std::string(payload)});
  }
}

TEST(FromClient, ChecksCalls) {
  const std::string id = R"("callId":")" + std::string(call_id) + "\"";
  const std::string longest(limits::sdp, 'x');
  for (const auto type : {"call_offer", "call_answer"}) {
    EXPECT_TRUE(parse_client(call(type, "{" + id + R"(,"sdp":"v=0","withVideo":true})")));
    EXPECT_TRUE(parse_client(call(type, "{" + id + R"(,"sdp":")" + longest + "\"}")));
    for (const auto& payload :
         {std::string("null"), std::string("[]"), std::string("{}"), "{" + id + "}",
          "{" + id + R"(,"sdp":""})", "{" + id + R"(,"sdp":5})",
          "{" + id + R"(,"sdp":"x)" + longest + "\"}", std::string(R"({"sdp":"v=0"})")})
      EXPECT_EQ(client_fault(call(type, payload)), Fault::bad_call) << payload.substr(0, 80);
  }
  std::string two_byte;
  for (std::size_t i = 0; i < limits::candidate; ++i) two_byte += "\xc3\xa9";
  EXPECT_TRUE(parse_client(call("call_ice", "{" + id + R"(,"candidate":")" + two_byte + "\"}")));
  EXPECT_EQ(client_fault(call("call_ice", "{" + id + R"(,"candidate":")" + two_byte + "e\"}")),
            Fault::bad_call);
  EXPECT_EQ(client_fault(call("call_ice", "{" + id + "}")), Fault::bad_call);
  for (const auto type : {"call_reject", "call_hangup"}) {
    EXPECT_TRUE(parse_client(call(type, "{" + id + "}")));
    for (const std::string_view bad :
         {"", "4f4384ce60de4bcd89b374f5da2f8ee8", "4f4384ce-60de-1bcd-89b3-74f5da2f8ee8",
          "4f4384ce-60de-4bcd-79b3-74f5da2f8ee8", "4f4384ce-60de-4bcd-89b3-74f5da2f8eeg",
          "4f4384ce-60de-4bcd-89b3-74f5da2f8ee", "4f4384ce_60de-4bcd-89b3-74f5da2f8ee8"})
      EXPECT_EQ(client_fault(call(type, R"({"callId":")" + std::string(bad) + "\"}")),
                Fault::bad_call);
  }
  EXPECT_TRUE(
      parse_client(call("call_hangup", R"({"callId":"4F4384CE-60DE-4BCD-A9B3-74F5DA2F8EE8"})")));
}

TEST(FromClient, RelayKindsHaveTheirNames) {
  EXPECT_EQ(name(RelayKind::offer), "offer");
  EXPECT_EQ(name(RelayKind::ice_candidate), "ice_candidate");
  EXPECT_EQ(name(RelayKind::call_ice), "call_ice");
}

}  // namespace
}  // namespace culver::wire::signaling
