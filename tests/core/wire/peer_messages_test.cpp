#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/wire/base64.hpp"
#include "core/wire/peer.hpp"
#include "core/wire/utf8.hpp"
#include "tests/core/vectors_support.hpp"
#include "tests/core/wire/generators_support.hpp"

namespace culver::wire::peer {
namespace {

constexpr std::string_view key_text = "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw=";
const std::string space = "\xe2\x80\x8b";

std::string handshake(std::string_view more) {
  return R"({"type":"handshake","publicKey":")" + std::string(key_text) + "\"" + std::string(more) +
         "}";
}

Handshake read(const std::string& frame) {
  const auto parsed = parse_messages_frame(frame);
  EXPECT_TRUE(parsed && std::holds_alternative<Handshake>(*parsed)) << frame;
  return std::get<Handshake>(*parsed);
}

TEST(Handshake, IsPrintedWithTheFieldsOfZajelAndOurOwn) {
  Handshake ours;
  ours.key = *base64::parse_public_key(key_text);
  EXPECT_EQ(print(ours), handshake(""));
  ours.ephemeral = ours.key;
  ours.ratchet_version = 1;
  ours.username = Plaintext("al\"ice");
  ours.stable_id = "AAA8FFF703B50B22";
  ours.file_acks = true;
  EXPECT_EQ(print(ours),
            handshake(R"(,"ratchetVersion":1,"ephemeralKey":")" + std::string(key_text) +
                      R"(","username":"al\"ice","stableId":"AAA8FFF703B50B22","fileAcks":true)"));
}

RC_GTEST_PROP(Handshake, IsReadAsPrinted, ()) {
  Handshake sent;
  sent.key = *culver::testing::fixed_bytes<PublicKey>();
  if (*rc::gen::arbitrary<bool>()) sent.ephemeral = *culver::testing::fixed_bytes<PublicKey>();
  if (*rc::gen::arbitrary<bool>()) sent.ratchet_version = *rc::gen::arbitrary<std::int64_t>();
  const auto name = *culver::testing::utf8_text(limits::proposed_name);
  if (!name.empty()) sent.username = Plaintext(name);
  if (*rc::gen::arbitrary<bool>())
    sent.stable_id = *culver::testing::text_of("0123456789ABCDEF", 16, 16);
  sent.file_acks = *rc::gen::arbitrary<bool>();
  RC_ASSERT(read(print(sent)) == sent);
}

TEST(Handshake, OfEveryEraIsRead) {
  EXPECT_EQ(read(handshake("")).ephemeral, std::nullopt);
  EXPECT_EQ(read(handshake(R"(,"ephemeralKey":null)")).ephemeral, std::nullopt);
  EXPECT_FALSE(read(handshake("")).file_acks);
  EXPECT_EQ(read(handshake(R"(,"stableId":"abc123def456ab01")")).stable_id, "ABC123DEF456AB01");
}

TEST(Handshake, LosesWhatOnlyInformsIfItIsBroken) {
  for (const auto field :
       {R"(,"stableId":"short")", R"(,"stableId":"ABC123DEF456AB0G")", R"(,"stableId":7)",
        R"(,"username":7)", R"(,"username":"\n")", R"(,"ratchetVersion":"1")",
        R"(,"ratchetVersion":1.5)", R"(,"fileAcks":"true")", R"(,"fileAcks":1)"})
    EXPECT_EQ(read(handshake(field)), read(handshake(""))) << field;
}

TEST(Handshake, IsRefusedIfAKeyIsBroken) {
  for (const std::string& frame :
       {std::string(R"({"type":"handshake"})"),
        std::string(R"({"type":"handshake","publicKey":7})"),
        std::string(R"({"type":"handshake","publicKey":"AAAA"})"),
        handshake(R"(,"ephemeralKey":"")"), handshake(R"(,"ephemeralKey":7)"),
        handshake(R"(,"ephemeralKey":"AAAA")"), handshake(R"(,"publicKey":null)")})
    EXPECT_EQ(parse_messages_frame(frame).error(), Fault::bad_handshake) << frame;
}

TEST(MessagesFrame, IsHandshakeOtherJsonOrSealed) {
  for (const std::string_view sealed : {"", "AAAAAAAAAAAAAAAA1Sd2KfRLO6nafVP/N9O6rWlRD3Px", "{}",
                                        "[]", "7", "{\"x\":1}", "{", "\xff"})
    EXPECT_TRUE(std::holds_alternative<NotHandshake>(*parse_messages_frame(sealed))) << sealed;
  for (const std::string_view other :
       {R"({"type":"ping"})", R"({"type":7})", R"({"type":"Handshake"})"})
    EXPECT_TRUE(std::holds_alternative<OtherJson>(*parse_messages_frame(other))) << other;
  EXPECT_EQ(parse_messages_frame(std::string(limits::channel_frame_in + 1, 'A')).error(),
            Fault::too_large);
}

TEST(MessagesFrame, ReadsTheHandshakesOfZajel) {
  const auto vectors = culver::testing::shared_json("vectors/zajel.json");
  SKIP_UNLESS(vectors);
  const auto alice =
      read(culver::testing::text_at(vectors->at("v2_session"), "handshake_alice_json"));
  EXPECT_EQ(base64::print(alice.key), key_text);
  EXPECT_EQ(base64::print(*alice.ephemeral),
            culver::testing::text_at(vectors->at("keys").at("alice_ephemeral"), "public_b64"));
  EXPECT_EQ(alice.ratchet_version, 1);
}

// ---- texts --------------------------------------------------------------------------------------

template <class Kind>
bool is(const std::string& opened) {
  const auto content = parse_content(opened);
  return content && std::holds_alternative<Kind>(*content);
}

std::string chat(const std::string& opened) {
  const auto content = parse_content(opened);
  return content && std::holds_alternative<ChatText>(*content)
             ? std::get<ChatText>(*content).text.expose()
             : "no chat text";
}

TEST(Content, IsToldByItsPrefix) {
  for (const auto typing : {"typ:start", "typ:1"})
    EXPECT_TRUE(std::get<Typing>(*parse_content(typing)).started) << typing;
  for (const auto idle : {"typ:0", "typ:stop", "typ:", "typ:starting"})
    EXPECT_FALSE(std::get<Typing>(*parse_content(idle)).started) << idle;
  for (const auto receipt : {"rcpt:", "rcpt:d", "rcpt:1771459200000"})
    EXPECT_TRUE(is<Receipt>(receipt)) << receipt;
  EXPECT_TRUE(is<Ratchet>(R"(ratchet:{"type":"key_ratchet"})"));
  for (const auto group : {"ginv:{}", "grp:AAAA", "grm:{}"})
    EXPECT_TRUE(is<GroupControl>(group)) << group;
  for (const auto text : {"", "hello", "Typ:start", " typ:start", "typ", "rcpt", "grp", "\n"})
    EXPECT_EQ(chat(text), text);
}

TEST(Content, LosesOneEscape) {
  EXPECT_EQ(chat(space + "typ:start"), "typ:start");
  EXPECT_EQ(chat(space + space + "grp:x"), space + "grp:x");
  EXPECT_EQ(chat(space + "hello"), space + "hello");
  EXPECT_EQ(chat(space), space);
  EXPECT_EQ(chat(space + " typ:"), space + " typ:");
}

TEST(Content, IsUtf8) {
  for (const auto bad : {"\xff", "typ:\xff", "\xed\xa0\x80", "\xe2\x80"})
    EXPECT_EQ(parse_content(bad).error(), Fault::malformed);
}

TEST(Content, OfTheZajelVectorsIsSorted) {
  const auto vectors = culver::testing::shared_json("vectors/zajel.json");
  SKIP_UNLESS(vectors);
  EXPECT_TRUE(
      is<Ratchet>(culver::testing::text_at(vectors->at("ratchet"), "control_plaintext_text")));
  EXPECT_TRUE(
      is<GroupControl>(culver::testing::text_at(vectors->at("groups"), "peer_payload_text")));
}

TEST(Capabilities, ArriveAsTheyWereSaid) {
  Capabilities said{2, 262'144, {}};
  said.handshakes.data[31] = std::byte{0xA5};
  const auto text = print(said);
  EXPECT_EQ(text, R"({"type":"capabilities","fileForm":2,"largestFrame":262144,"handshakes":")" +
                      std::string(62, '0') + R"(a5"})");
  EXPECT_EQ(*parse_capabilities(text), said);
  EXPECT_EQ(*parse_capabilities(text.substr(0, text.size() - 1) + R"(,"more":[1]})"), said);
}

TEST(Capabilities, AreRefusedIfBroken) {
  const auto fault_of = [](std::string_view text) { return parse_capabilities(text).error(); };
  const std::string digest(64, '0');
  const std::string rest = R"("largestFrame":1,"handshakes":")" + digest + R"("})";
  EXPECT_EQ(fault_of("hello"), Fault::malformed);
  EXPECT_EQ(fault_of(R"({"type":"news"})"), Fault::unknown_message);
  EXPECT_EQ(fault_of(R"({"type":"capabilities",)" + rest), Fault::missing_field);
  EXPECT_EQ(fault_of(R"({"type":"capabilities","fileForm":-1,)" + rest), Fault::wrong_type);
  EXPECT_EQ(fault_of(R"({"type":"capabilities","fileForm":"2",)" + rest), Fault::wrong_type);
  EXPECT_EQ(fault_of(R"({"type":"capabilities","fileForm":2,"largestFrame":1,"handshakes":"0"})"),
            Fault::wrong_type);
}

rc::Gen<std::string> tricky_text() {
  return culver::testing::utf8_text(
      200, {"\xe2\x80\x8b", "\xe2\x80\x8b", "typ:", "rcpt:", "ratchet:", "ginv:", "grp:", "grm:"});
}

RC_GTEST_PROP(Escape, IsUndoneByParsing, ()) {
  const auto text = *tricky_text();
  const auto content = parse_content(escape(Plaintext(text)));
  RC_ASSERT(content.has_value());
  RC_ASSERT(std::holds_alternative<ChatText>(*content));
  RC_ASSERT(std::get<ChatText>(*content).text.expose() == text);
}

RC_GTEST_PROP(Escape, IsInjectiveAndRare, ()) {
  const auto a = *tricky_text(), b = *tricky_text();
  RC_ASSERT((escape(Plaintext(a)) == escape(Plaintext(b))) == (a == b));
  const auto escaped = escape(Plaintext(a));
  RC_ASSERT(escaped == a || escaped == space + a);
}

}  // namespace
}  // namespace culver::wire::peer
