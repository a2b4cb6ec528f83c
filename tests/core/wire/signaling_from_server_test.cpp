#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/wire/base64.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/signaling.hpp"
#include "tests/core/wire/generators_support.hpp"
#include "tests/core/wire/signaling_support.hpp"

namespace culver::wire::signaling {
namespace {

Fault server_fault(std::string_view frame) {
  const auto message = parse_server(frame);
  return message ? Fault::internal : message.error();
}

template <class Message>
Message read(const std::string& frame) {
  const auto message = parse_server(frame);
  EXPECT_TRUE(message) << frame;
  return std::get<Message>(*message);
}

TEST(FromServer, IsPrintedAsZajelHasIt) {
  EXPECT_EQ(print(ServerInfo{"ed25519:x", "ws://h", std::nullopt}),
            R"({"type":"server_info","serverId":"ed25519:x","endpoint":"ws://h","region":null})");
  EXPECT_EQ(print(ServerInfo{"ed25519:x", "ws://h", "eu", 2}),
            R"({"type":"server_info","serverId":"ed25519:x","endpoint":"ws://h","region":"eu",)"
            R"("gateway":2})");
  EXPECT_EQ(print(ServerInfo{"ed25519:x", "ws://h", "eu", 2, 100}),
            R"({"type":"server_info","serverId":"ed25519:x","endpoint":"ws://h","region":"eu",)"
            R"("gateway":2,"messagesPerMinute":100})");
  EXPECT_EQ(print(Registered{code, "id"}),
            R"({"type":"registered","pairingCode":"K7MW2Q","serverId":"id"})");
  EXPECT_EQ(print(PairIncoming{code, key, 120000, Plaintext("Bob")}),
            R"({"type":"pair_incoming","fromCode":"K7MW2Q","fromPublicKey":")" +
                std::string(key_text) + R"(","expiresIn":120000,"proposedName":"Bob"})");
  EXPECT_EQ(print(PairExpiring{code, 30}),
            R"({"type":"pair_expiring","peerCode":"K7MW2Q","remainingSeconds":30})");
  EXPECT_EQ(print(PairMatched{code, key, true}),
            R"({"type":"pair_matched","peerCode":"K7MW2Q","peerPublicKey":")" +
                std::string(key_text) + R"(","isInitiator":true})");
  const PairMatched with_relay{
      code, key, false, {{{"stun:h"}, {}, {}}, {{"turn:h", "turns:h"}, "9:1", "MAC="}}};
  const auto printed = print(with_relay);
  EXPECT_TRUE(printed.ends_with(
      R"("isInitiator":false,"iceServers":[{"urls":["stun:h"]},{"urls":["turn:h","turns:h"],)"
      R"("username":"9:1","credential":"MAC="}]})"))
      << printed;
  EXPECT_EQ(std::get<PairMatched>(*parse_server(printed)), with_relay);
  EXPECT_EQ(print(PairError{"no"}), R"({"type":"pair_error","error":"no"})");
  EXPECT_EQ(print(Error{"no"}), R"({"type":"error","message":"no"})");
  EXPECT_EQ(print(Pong{}), R"({"type":"pong"})");
  EXPECT_EQ(print_relayed(RelayKind::offer, code, std::nullopt),
            R"({"type":"offer","from":"K7MW2Q"})");
  EXPECT_EQ(print_relayed(RelayKind::call_hangup, code, RawJson{"[1]"}),
            R"({"type":"call_hangup","from":"K7MW2Q","payload":[1]})");
}

template <class Message>
void expect_round_trip(const Message& message) {
  const auto back = parse_server(print(message));
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::get<Message>(*back) == message);
}

RC_GTEST_PROP(FromServer, IsReadAsPrinted, ()) {
  const auto peer = *culver::testing::pairing_code();
  const auto peer_key = *culver::testing::fixed_bytes<PublicKey>();
  const auto text = *culver::testing::utf8_text(limits::error_text);
  const auto name = *culver::testing::utf8_text(limits::proposed_name);
  const auto some_name = name.empty() ? std::nullopt : std::optional(Plaintext(name));
  expect_round_trip(ServerInfo{
      text, "ws://h:1", *rc::gen::arbitrary<bool>() ? std::optional(text) : std::nullopt,
      *rc::gen::inRange(0U, 256U), *rc::gen::inRange<std::uint32_t>(0, 1'000),
      *rc::gen::inRange<std::uint32_t>(0, 1'000), *rc::gen::inRange<std::uint32_t>(0, 1'000),
      *rc::gen::inRange<std::uint32_t>(0, 1'000)});
  expect_round_trip(Registered{peer, text});
  expect_round_trip(CodeCollision{});
  expect_round_trip(
      PairIncoming{peer, peer_key, *rc::gen::inRange<std::uint32_t>(1, 600'001), some_name});
  expect_round_trip(PairExpiring{peer, *rc::gen::inRange<std::uint32_t>(0, 601)});
  expect_round_trip(PairMatched{peer, peer_key, *rc::gen::arbitrary<bool>()});
  expect_round_trip(PairRejected{peer});
  expect_round_trip(PairTimeout{peer});
  expect_round_trip(PeerLeft{peer});
  expect_round_trip(PairError{text});
  expect_round_trip(Error{text});
  expect_round_trip(Pong{});
}

/// A relay message as the server passes it on.
std::string passed_on(const Relay& relay) { return print_relayed(relay.kind, code, relay.payload); }

RC_GTEST_PROP(FromServer, DeliversWhatAClientRelayed, ()) {
  const Description description{
      *rc::gen::arbitrary<bool>() ? Description::Kind::offer : Description::Kind::answer,
      *culver::testing::utf8_text(400, {"\r\n"})};
  const TrickledCandidate candidate{*culver::testing::utf8_text(400),
                                    *culver::testing::utf8_text(9)};
  const auto sent = [](const auto& what) {
    return std::get<Relay>(*parse_client(print(relay_of(code, what))));
  };
  RC_ASSERT(read<RelayedDescription>(passed_on(sent(description))) ==
            (RelayedDescription{code, description}));
  RC_ASSERT(read<RelayedCandidate>(passed_on(sent(candidate))) ==
            (RelayedCandidate{code, candidate}));
}

TEST(FromServer, IgnoresWhatItHasNoUseFor) {
  for (const std::string_view frame :
       {R"({"type":"server_identity","nonce":7})", R"({"type":"link_request"})",
        R"({"type":"peer_joined","pairingCode":"x"})", R"({"type":"chunk_data"})",
        R"({"type":"","from":1})", R"({"type":"registered","peerId":"p","relays":[]})"})
    EXPECT_EQ(std::get<Ignored>(*parse_server(frame)), Ignored{}) << frame;
}

TEST(FromServer, TakesAGatewayThatIsNoVersionForNone) {
  for (const std::string value : {"0", "-1", "\"2\"", "null", "1.5", "{}"})
    EXPECT_EQ(read<ServerInfo>(R"({"type":"server_info","serverId":"x","endpoint":"e","gateway":)" +
                               value + "}")
                  .gateway,
              0U)
        << value;
}

TEST(FromServer, TakesWhatItNeedsNothingOf) {
  EXPECT_EQ(read<Registered>(R"({"type":"registered","pairingCode":"K7MW2Q"})"),
            (Registered{*PairingCode::parse("K7MW2Q"), ""}));
  EXPECT_EQ(read<ServerInfo>(R"({"type":"server_info","gateway":2,"region":1})").gateway, 2U)
      << "without it a server that can shake hands would be spoken to in the clear";
}

TEST(FromServer, IsRefusedForEachFieldThatIsMissingOrWrong) {
  struct Case {
    std::string_view frame;
    Fault fault;
  };
  const Case cases[] = {
      {"", Fault::malformed},
      {"[1]", Fault::malformed},
      {"{}", Fault::missing_field},
      {R"({"type":[]})", Fault::wrong_type},
      {R"({"type":"registered","serverId":"x"})", Fault::missing_field},
      {R"({"type":"registered","pairingCode":"?","serverId":"x"})", Fault::bad_pairing_code},
      {R"({"type":"pair_incoming","fromPublicKey":"x"})", Fault::missing_field},
      {R"({"type":"pair_incoming","fromCode":"K7MW2Q"})", Fault::missing_field},
      {R"({"type":"pair_incoming","fromCode":"K7MW2Q","fromPublicKey":"x"})",
       Fault::bad_public_key},
      {R"({"type":"pair_expiring","peerCode":"K7MW2Q"})", Fault::missing_field},
      {R"({"type":"pair_expiring","peerCode":"K7MW2Q","remainingSeconds":"30"})",
       Fault::wrong_type},
      {R"({"type":"pair_expiring","peerCode":"K7MW2Q","remainingSeconds":-1})", Fault::wrong_type},
      {R"({"type":"pair_matched","peerCode":"K7MW2Q"})", Fault::missing_field},
      {R"({"type":"pair_matched","peerCode":"K7MW2Q",)"
       R"("peerPublicKey":"B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw="})",
       Fault::missing_field},
      {R"({"type":"pair_matched","peerCode":"K7MW2Q","isInitiator":"yes",)"
       R"("peerPublicKey":"B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw="})",
       Fault::wrong_type},
      {R"({"type":"pair_rejected"})", Fault::missing_field},
      {R"({"type":"pair_timeout","peerCode":null})", Fault::wrong_type},
      {R"({"type":"peer_left","peerCode":"K7MW2Q"})", Fault::missing_field},
      {R"({"type":"offer","payload":{"sdp":"v=0"}})", Fault::missing_field},
      {R"({"type":"offer","from":"K7MW2Q"})", Fault::missing_field},
      {R"({"type":"offer","from":"K7MW2Q","payload":"v=0"})", Fault::wrong_type},
      {R"({"type":"offer","from":"K7MW2Q","payload":{}})", Fault::missing_field},
      {R"({"type":"offer","from":"K7MW2Q","payload":{"sdp":1}})", Fault::wrong_type},
      {R"({"type":"offer","from":"K7MW2Q","payload":{"sdp":"v=0","type":1}})", Fault::wrong_type},
      {R"({"type":"offer","from":"K7MW2Q","payload":{"sdp":"v=0","type":"answer"}})",
       Fault::bad_description},
      {R"({"type":"offer","from":"K7MW2Q","payload":{"sdp":"v=0","type":"pranswer"}})",
       Fault::bad_description},
      {R"({"type":"ice_candidate","from":"K7MW2Q"})", Fault::missing_field},
      {R"({"type":"ice_candidate","from":"K7MW2Q","payload":{}})", Fault::missing_field},
      {R"({"type":"ice_candidate","from":"K7MW2Q","payload":{"candidate":1}})", Fault::wrong_type},
      {R"({"type":"call_offer","from":"?"})", Fault::bad_pairing_code},
  };
  for (const auto& one : cases) EXPECT_EQ(server_fault(one.frame), one.fault) << one.frame;
  const auto with = [](std::string_view type, std::string_view field, std::size_t size) {
    return R"({"type":")" + std::string(type) + R"(","from":"K7MW2Q","payload":{")" +
           std::string(field) + R"(":")" + std::string(size, 'x') + "\"}}";
  };
  EXPECT_EQ(server_fault(with("offer", "sdp", limits::sdp + 1)), Fault::bad_description);
  EXPECT_TRUE(parse_server(with("offer", "sdp", limits::sdp)));
  EXPECT_EQ(server_fault(with("ice_candidate", "candidate", limits::candidate + 1)),
            Fault::bad_candidate);
  EXPECT_EQ(server_fault(std::string(limits::signaling_frame_in + 1, ' ')), Fault::too_large);
}

TEST(FromServer, TakesDescriptionsWithoutAnInnerType) {
  const auto relayed = read<RelayedDescription>(
      R"({"type":"answer","from":"K7MW2Q","payload":{"sdp":"v=0","x":1}})");
  EXPECT_EQ(relayed.description, (Description{Description::Kind::answer, "v=0"}));
}

TEST(FromServer, TakesCandidatesAsBrowsersWriteThem) {
  const auto candidate = [](std::string_view payload) {
    return read<RelayedCandidate>(R"({"type":"ice_candidate","from":"K7MW2Q","payload":)" +
                                  std::string(payload) + "}")
        .candidate;
  };
  EXPECT_EQ(candidate(R"({"candidate":"c","sdpMid":"data","sdpMLineIndex":0})"),
            (TrickledCandidate{"c", "data"}));
  EXPECT_EQ(candidate(R"({"candidate":"c","sdpMid":null})"), (TrickledCandidate{"c", "0"}));
  EXPECT_EQ(candidate(R"({"candidate":"c","sdpMid":0,"type":"ice_candidate"})"),
            (TrickledCandidate{"c", "0"}));
  EXPECT_EQ(candidate(R"({"candidate":""})"), (TrickledCandidate{"", "0"}));
  EXPECT_EQ(candidate(R"({"candidate":null})"), (TrickledCandidate{"", "0"}));
}

TEST(FromServer, BoundsTheTimeOfARequest) {
  const auto expiry = [](std::string_view field) {
    return read<PairIncoming>(R"({"type":"pair_incoming","fromCode":"K7MW2Q","fromPublicKey":")" +
                              std::string(key_text) + "\"" + std::string(field) + "}")
        .expires_in_ms;
  };
  EXPECT_EQ(expiry(""), 120'000u);
  EXPECT_EQ(expiry(R"(,"expiresIn":"x")"), 120'000u);
  EXPECT_EQ(expiry(R"(,"expiresIn":5000.0)"), 5000u);
  EXPECT_EQ(expiry(R"(,"expiresIn":-5)"), 1u);
  EXPECT_EQ(expiry(R"(,"expiresIn":99999999999)"), 600'000u);
}

TEST(FromServer, CutsErrorTextsAndToleratesTheirAbsence) {
  const std::string text(limits::error_text - 1, 'e');
  const std::string frame = R"({"type":"error","code":"X","message":")" + text + "\xc3\xa9\"}";
  EXPECT_EQ(read<Error>(frame).message, text);
  EXPECT_EQ(read<Error>(R"({"type":"error"})").message, "");
  EXPECT_EQ(read<PairError>(R"({"type":"pair_error","error":5})").error, "");
  EXPECT_EQ(read<RelayedCall>(R"({"type":"call_ice","from":"K7MW2Q"})"),
            (RelayedCall{RelayKind::call_ice, code}));
}

}  // namespace
}  // namespace culver::wire::signaling
