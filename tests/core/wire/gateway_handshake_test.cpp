#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/wire/gateway.hpp"
#include "core/wire/limits.hpp"
#include "tests/core/vectors_support.hpp"
#include "tests/core/wire/gateway_support.hpp"

namespace culver::wire::gateway {
namespace {

using namespace culver::testing::gateway;
using culver::testing::fixed_bytes;
using culver::testing::shared_json;
using culver::testing::text_at;

const std::string point_text =
    "0468ec7cf08cd4106e43b14de895426522bd0a45150c027e45c7953434d747e7bae3af39a88ebbee8679bb61e7845c"
    "3a89cb9b5a3237c3fdb0b0587dbaf415118d";
const std::string nonce_text(64, 'a');
const std::string signature_text(128, '5');

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

/// `{"type":"client_hello",...}` without its braces, some of it replaced.
std::string hello_members(const std::string& point = in_quotes(point_text),
                          const std::string& nonce = in_quotes(nonce_text),
                          const std::string& rest = "") {
  return R"("type":"client_hello","client_ephemeral_pub":)" + point + R"(,"nonce_c":)" + nonce +
         rest;
}
std::string hello(const std::string& rest) {
  return "{" + hello_members(in_quotes(point_text), in_quotes(nonce_text), rest) + "}";
}

struct AuthFields {
  std::string user = in_quotes(user_text), device = in_quotes(device_text);
  std::string signature = in_quotes(signature_text), nonce = in_quotes(nonce_text);
  std::string rest = "";
};
std::string auth(const AuthFields& fields) {
  return R"({"type":"client_auth","user_id":)" + fields.user + R"(,"device_id":)" + fields.device +
         R"(,"client_signature":)" + fields.signature + R"(,"nonce_c2":)" + fields.nonce +
         fields.rest + "}";
}

Fault handshake_fault(const std::string& frame) {
  const auto message = parse_handshake_client(frame);
  return message ? Fault::internal : message.error();
}
ClientHello read_hello(const std::string& frame) {
  const auto message = parse_handshake_client(frame);
  EXPECT_TRUE(message) << frame;
  return std::get<ClientHello>(*message);
}
ClientAuth read_auth(const AuthFields& fields) {
  const auto message = parse_handshake_client(auth(fields));
  EXPECT_TRUE(message) << auth(fields);
  return std::get<ClientAuth>(*message);
}

TEST(GatewayHandshake, IsFoundInBothEnvelopes) {
  const std::string bare = "{" + hello_members() + "}";
  const auto expected = read_hello(bare);
  const std::string frames[] = {
      R"({"type":"client_hello","payload":)" + bare + "}",
      R"({"type":"anything","payload":)" + bare + "}",
      R"({"payload":)" + bare + "}",
      R"({"type":7,"payload":)" + bare + "}",
      // A payload that is not the message is no reason to look away from the frame.
      hello(R"(,"payload":null)"),
      hello(R"(,"payload":"x")"),
      hello(R"(,"payload":{"type":"client_auth"})"),
      hello(R"(,"payload":{})"),
  };
  for (const auto& frame : frames) {
    EXPECT_TRUE(is_handshake(frame)) << frame;
    EXPECT_EQ(read_hello(frame), expected) << frame;
  }
}

TEST(GatewayHandshake, WantsTheTypeInsideThePayload) {
  const std::string frame = R"({"type":"client_hello","payload":{"client_ephemeral_pub":")" +
                            point_text + R"(","nonce_c":")" + nonce_text + R"("}})";
  EXPECT_TRUE(is_handshake(frame));
  EXPECT_EQ(handshake_fault(frame), Fault::bad_ephemeral_key);
}

TEST(GatewayHandshake, IsNotWhatOpenSignalingSays) {
  for (const std::string frame :
       {R"({"type":"register","pairingCode":"K7MW2Q"})", R"({"type":"ping"})", "[]", "null", "7",
        "{", "", R"({"type":"offer","payload":{"type":"offer"}})", R"({"type":"server_hello"})",
        R"({"type":"x","payload":"client_hello"})", R"({"type":"client_hell"})"}) {
    EXPECT_FALSE(is_handshake(frame)) << frame;
    EXPECT_FALSE(parse_handshake_client(frame)) << frame;
  }
  EXPECT_EQ(handshake_fault(R"({"type":"ping"})"), Fault::unknown_message);
  EXPECT_EQ(handshake_fault("{"), Fault::malformed);
}

TEST(GatewayHandshake, IsBounded) {
  const std::string filler(limits::handshake_frame_in, ' ');
  EXPECT_EQ(handshake_fault(hello("") + filler), Fault::too_large);
  EXPECT_TRUE(is_handshake(hello("") + filler)) << "too long, and nothing else";
  EXPECT_FALSE(is_handshake(hello("") + std::string(limits::signaling_frame_in, ' ')));
  const std::string just = hello("");
  EXPECT_TRUE(is_handshake(just + filler.substr(just.size())));
}

TEST(ClientHello, KeepsTheSpelling) {
  const auto message = read_hello(
      "{" + hello_members(in_quotes(upper(point_text)), in_quotes(upper(nonce_text))) + "}");
  EXPECT_EQ(message.ephemeral.text, upper(point_text));
  EXPECT_EQ(message.nonce.text, upper(nonce_text));
  const auto lower = read_hello(hello(""));
  EXPECT_EQ(message.ephemeral.value, lower.ephemeral.value);
  EXPECT_EQ(message.nonce.value, lower.nonce.value);
}

TEST(ClientHello, RefusesWhatIsNoPoint) {
  std::string compressed = point_text, tail = point_text;
  compressed[1] = '2';
  tail.back() = 'g';
  for (const std::string& bad :
       {in_quotes(""), in_quotes("04"), in_quotes(point_text + "00"), in_quotes(point_text + "zz"),
        in_quotes(point_text.substr(2)), in_quotes(compressed), in_quotes(tail),
        in_quotes(std::string(130, 'g')), in_quotes(" " + point_text.substr(1)),
        std::string("null"), std::string("4"), std::string("{}")})
    EXPECT_EQ(handshake_fault("{" + hello_members(bad) + "}"), Fault::bad_ephemeral_key) << bad;
  EXPECT_EQ(handshake_fault(R"({"type":"client_hello"})"), Fault::bad_ephemeral_key);
}

TEST(ClientHello, RefusesWhatIsNoNonce) {
  for (const std::string& bad : {in_quotes(""), in_quotes("ab"), in_quotes(std::string(63, '0')),
                                 in_quotes(std::string(65, '0')), in_quotes(std::string(64, 'g')),
                                 in_quotes(nonce_text + "zz"), std::string("null")})
    EXPECT_EQ(handshake_fault("{" + hello_members(in_quotes(point_text), bad) + "}"),
              Fault::bad_handshake_nonce)
        << bad;
}

TEST(ClientHello, MayOfferVersionsYetToCome) {
  EXPECT_EQ(read_hello(hello("")).version, 1U);
  EXPECT_EQ(read_hello(hello(R"(,"version":1)")).version, 1U);
  EXPECT_EQ(read_hello(hello(R"(,"version":2)")).version, 2U);
  EXPECT_EQ(read_hello(hello(R"(,"version":4294967295)")).version, 4'294'967'295U);
  for (const std::string bad : {"0", "-1", "1.5", "4294967296", "1e300", R"("2")", "[2]", "true"})
    EXPECT_EQ(handshake_fault(hello(R"(,"version":)" + bad)), Fault::wrong_type) << bad;
}

TEST(ClientAuth, RefusesEachBadFieldByName) {
  EXPECT_EQ(read_auth({}).device_text, device_text);
  for (const std::string& bad :
       {in_quotes(""), in_quotes(user_text + "00"), in_quotes(user_text + "zz"),
        in_quotes(user_text.substr(1)), in_quotes(std::string(64, 'x')), std::string("1")})
    EXPECT_EQ(handshake_fault(auth({.user = bad})), Fault::bad_user_id) << bad;
  for (const std::string& bad :
       {in_quotes(""), in_quotes("not-a-uuid"), in_quotes("{" + device_text + "}"),
        in_quotes(event_text), in_quotes(device_text + "0"), std::string("null")})
    EXPECT_EQ(handshake_fault(auth({.device = bad})), Fault::bad_device_id) << bad;
  for (const std::string& bad :
       {in_quotes(""), in_quotes(signature_text + "zz"), in_quotes(signature_text.substr(2)),
        in_quotes(signature_text + "00"), in_quotes(std::string(128, 'z')), std::string("5")})
    EXPECT_EQ(handshake_fault(auth({.signature = bad})), Fault::bad_signature) << bad;
  EXPECT_EQ(handshake_fault(auth({.nonce = "null"})), Fault::bad_handshake_nonce);
}

TEST(ClientAuth, TakesFiftyCharactersOfName) {
  EXPECT_EQ(read_auth({}).device_name, std::nullopt);
  EXPECT_EQ(read_auth({.rest = R"(,"device_name":"")"}).device_name, Plaintext(""));
  EXPECT_EQ(read_auth({.rest = R"(,"device_name":null)"}).device_name, std::nullopt);
  std::string name;
  for (int i = 0; i < 50; ++i) name += "\xf0\x9f\x91\x8b";
  const auto with = [](const std::string& json) {
    return AuthFields{.rest = R"(,"device_name":)" + json};
  };
  EXPECT_EQ(read_auth(with(in_quotes(name))).device_name, Plaintext(name));
  EXPECT_EQ(handshake_fault(auth(with(in_quotes(name + "a")))), Fault::bad_device_name);
  EXPECT_EQ(handshake_fault(auth(with("7"))), Fault::bad_device_name);
  EXPECT_EQ(handshake_fault(auth(with("[]"))), Fault::bad_device_name);
  EXPECT_EQ(handshake_fault(auth(with(R"("a\u0000b")"))), Fault::bad_device_name);
}

TEST(ClientAuth, KnowsThreeTypesOfDeviceAndTakesOthers) {
  const auto with = [](const std::string& json) {
    return AuthFields{.rest = R"(,"device_type":)" + json};
  };
  EXPECT_EQ(read_auth(with(in_quotes("mobile"))).device_type, "mobile");
  EXPECT_EQ(read_auth(with(in_quotes("desktop"))).device_type, "desktop");
  EXPECT_EQ(read_auth(with(in_quotes("web"))).device_type, "web");
  EXPECT_EQ(read_auth(with("null")).device_type, std::nullopt);
  EXPECT_EQ(read_auth(with(in_quotes("tablet"))).device_type, "tablet") << "it is signed so";
  EXPECT_EQ(handshake_fault(auth(with("1"))), Fault::wrong_type);
  for (const auto type : {DeviceType::mobile, DeviceType::desktop, DeviceType::web})
    EXPECT_EQ(device_type_named(name(type)), type);
  EXPECT_EQ(device_type_named("tablet"), std::nullopt);
  EXPECT_EQ(device_type_named(""), std::nullopt);
}

TEST(ClientAuth, RefusesAConfirmationThatIsNone) {
  const auto with = [](const std::string& json) {
    return AuthFields{.rest = R"(,"confirmation":)" + json};
  };
  EXPECT_TRUE(read_auth(with(in_quotes(nonce_text))).confirmation);
  EXPECT_FALSE(read_auth(with("null")).confirmation);
  EXPECT_EQ(handshake_fault(auth(with(in_quotes(nonce_text + "00")))), Fault::wrong_type);
  EXPECT_EQ(handshake_fault(auth(with("true"))), Fault::wrong_type);
}

RC_GTEST_PROP(GatewayHandshake, IsReadAsPrintedByTheClient, ()) {
  const ClientHello hello{point(), hex(*fixed_bytes<HandshakeNonce>()),
                          *rc::gen::inRange(1U, 4'294'967'295U)};
  RC_ASSERT(parse_handshake_client(print(hello)) == HandshakeFromClient(hello));
  RC_ASSERT(is_handshake(print(hello)));

  const auto device = *uuid<DeviceId>(4);
  auto name = *culver::testing::utf8_text(limits::device_name);
  const ClientAuth auth{
      hex(*fixed_bytes<UserId>()),
      device,
      *rc::gen::element(print_uuid(device.view()), upper(print_uuid(device.view()))),
      *fixed_bytes<crypto::Signature>(),
      hex(*fixed_bytes<HandshakeNonce>()),
      name.empty() ? std::nullopt : std::optional(Plaintext(name)),
      maybe(rc::gen::element<std::string>("mobile", "web", "tablet", "")),
      maybe(fixed_bytes<Confirmation>())};
  RC_ASSERT(parse_handshake_client(print(auth)) == HandshakeFromClient(auth));
}

RC_GTEST_PROP(GatewayHandshake, IsReadAsPrintedByTheServer, ()) {
  const ServerHello hello{point(),
                          hex(*fixed_bytes<crypto::VerifyKey>()),
                          *fixed_bytes<crypto::Signature>(),
                          hex(*fixed_bytes<HandshakeNonce>()),
                          *rc::gen::inRange(1U, 9U),
                          *rc::gen::inRange(1U, 9U),
                          maybe(fixed_bytes<Confirmation>())};
  RC_ASSERT(parse_handshake_server(print(hello)) == HandshakeFromServer(hello));
  RC_ASSERT(!is_handshake(print(hello)));

  const SessionEstablished established{print_uuid((*uuid<DeviceId>(4)).view()),
                                       *number(0),
                                       static_cast<WallTime>(*number(0)),
                                       maybe(fixed_bytes<UserId>()),
                                       maybe(number(0)),
                                       maybe(fixed_bytes<SessionId>())};
  RC_ASSERT(parse_handshake_server(print(established)) == HandshakeFromServer(established));
}

TEST(ServerHello, IsPrintedInTheOrderOfTheOriginal) {
  ServerHello message;
  message.ephemeral = Hex<crypto::P256Public>::of({});
  message.identity = Hex<crypto::VerifyKey>::of({});
  message.nonce = Hex<HandshakeNonce>::of({});
  EXPECT_EQ(print(message), R"({"type":"server_hello","payload":{"type":"server_hello",)"
                            R"("server_ephemeral_pub":")" +
                                std::string(130, '0') + R"(","server_identity_pub":")" +
                                std::string(64, '0') + R"(","server_signature":")" +
                                std::string(128, '0') + R"(","nonce_s":")" + std::string(64, '0') +
                                R"("}})");
}

TEST(ServerHello, IsRefusedWithABadField) {
  const std::string good = R"({"type":"server_hello","server_ephemeral_pub":")" + point_text +
                           R"(","server_identity_pub":")" + user_text +
                           R"(","server_signature":")" + signature_text + R"(","nonce_s":")" +
                           nonce_text + R"("})";
  ASSERT_TRUE(parse_handshake_server(good));
  const auto without = [&](const std::string& key) {
    std::string frame = good;
    frame.replace(frame.find(key), 1, "X");
    return parse_handshake_server(frame).error();
  };
  EXPECT_EQ(without("server_ephemeral_pub"), Fault::bad_ephemeral_key);
  EXPECT_EQ(without("server_identity_pub"), Fault::bad_public_key);
  EXPECT_EQ(without("server_signature"), Fault::bad_signature);
  EXPECT_EQ(without("nonce_s"), Fault::bad_handshake_nonce);
}

TEST(SessionEstablished, IsReadAsTheOriginalSendsIt) {
  const auto message = parse_handshake_server(
      R"({"type":"session_established","payload":{"type":"session_established","device_id":")" +
      device_text + R"(","last_ack_device_seq":7,"expires_at":1700000000000}})");
  ASSERT_TRUE(message);
  EXPECT_EQ(std::get<SessionEstablished>(*message),
            (SessionEstablished{device_text, 7, 1'700'000'000'000, {}, {}, {}}));
  const auto fault_of_rest = [](const std::string& members) {
    return parse_handshake_server(R"({"type":"session_established","device_id":")" + members + "}")
        .error();
  };
  EXPECT_EQ(fault_of_rest(R"(x","last_ack_device_seq":7,"expires_at":1)"), Fault::bad_device_id);
  EXPECT_EQ(fault_of_rest(device_text + R"(","last_ack_device_seq":-1,"expires_at":1)"),
            Fault::bad_device_seq);
  EXPECT_EQ(fault_of_rest(device_text + R"(","last_ack_device_seq":1,"expires_at":"x")"),
            Fault::wrong_type);
  EXPECT_EQ(fault_of_rest(device_text + R"(","last_ack_device_seq":1,"expires_at":1,"cursor":-1)"),
            Fault::bad_cursor);
  EXPECT_EQ(parse_handshake_server(R"({"type":"event","payload":{}})").error(),
            Fault::unknown_message);
}

TEST(GatewayHandshake, ReadsTheVectors) {
  const auto vectors = shared_json("vectors/pocketbridge.json");
  SKIP_UNLESS(vectors);
  for (const auto& entry : vectors->at("handshakes").as_array()) {
    const auto at = [&](std::string_view key) { return text_at(entry, key); };
    const auto greeting = read_hello(
        "{" + hello_members(in_quotes(at("client_ephemeral_pub")), in_quotes(at("nonce_c"))) + "}");
    EXPECT_EQ(greeting.ephemeral.text, at("client_ephemeral_pub"));
    EXPECT_EQ(greeting.nonce.text, at("nonce_c"));
    const auto who = read_auth({.user = in_quotes(at("user_id")),
                                .device = in_quotes(at("device_id")),
                                .signature = in_quotes(at("client_signature")),
                                .nonce = in_quotes(at("nonce_c2"))});
    EXPECT_EQ(print_hex(who.user.value.view()), at("user_id"));
    EXPECT_EQ(print_hex(who.signature.view()), at("client_signature"));
  }
  const auto signature = text_at(vectors->at("handshakes").at(0), "client_signature");
  EXPECT_EQ(handshake_fault(auth({.signature = in_quotes(signature + "zz")})),
            Fault::bad_signature);
  EXPECT_TRUE(parse_handshake_client(auth({.signature = in_quotes(upper(signature))})));
}

}  // namespace
}  // namespace culver::wire::gateway
