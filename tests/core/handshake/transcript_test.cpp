// Transcripts: no two conversations read the same, and what is derived from them differs by use.
#include "core/handshake/transcript.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/crypto/hash.hpp"
#include "tests/core/vectors_support.hpp"
#include "tests/support/handshake.hpp"

namespace culver::handshake {
namespace {

using culver::testing::hex_at;
using culver::testing::shared_json;
using culver::testing::text_at;

Digest digest_of(const std::vector<std::string>& parts) {
  Transcript transcript;
  for (const auto& part : parts) transcript.add(part);
  return transcript.digest();
}

RC_GTEST_PROP(TranscriptProperty, OfTwoLists,
              (const std::vector<std::string>& a, const std::vector<std::string>& b)) {
  RC_ASSERT((digest_of(a) == digest_of(b)) == (a == b));
}

/// The same bytes cut in another place: what version 1 cannot tell apart.
RC_GTEST_PROP(TranscriptProperty, OfOneTextCutTwice, (const std::string& text)) {
  const auto cut = [&](std::size_t at) {
    return std::vector<std::string>{text.substr(0, at), text.substr(at)};
  };
  const auto first = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
  const auto second = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
  RC_ASSERT((digest_of(cut(first)) == digest_of(cut(second))) == (first == second));
}

TEST(Transcript, BeginsWithALabel) { EXPECT_NE(digest_of({}), crypto::sha256({})); }

/// Each part behind its length, written down here once more.
std::string row(const std::vector<std::string>& parts) {
  std::string bytes;
  for (const auto& part : parts) {
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes += static_cast<char>(std::uint64_t{part.size()} >> shift & 0xff);
    bytes += part;
  }
  return bytes;
}
std::string raw(const Digest& digest) { return std::string(as_text(digest.view())); }

TEST(Transcript, IsTheRowThatTheProtocolSays) {
  wire::gateway::ServerHello hello;
  hello.version = 2;
  hello.client_version = 7;
  hello.ephemeral.text = "point";
  hello.identity.text = "identity";
  hello.nonce.text = "nonce";
  wire::gateway::ClientAuth auth;
  auth.user.text = "user";
  auth.device_text = "device";
  auth.nonce2.text = "another nonce";
  std::vector<std::string> parts{"culver gateway 2", "client_hello",
                                 raw(crypto::sha256(as_bytes("frame")))};
  Transcript transcript;
  const auto expect_same = [&] {
    const auto bytes = row(parts);
    EXPECT_EQ(raw(transcript.digest()), raw(crypto::sha256(as_bytes(bytes)))) << parts.back();
  };
  transcript.add_client_hello("frame");
  expect_same();
  transcript.add_server_hello(hello);
  parts.insert(parts.end(), {"server_hello", "2", "7", "point", "identity", "nonce"});
  expect_same();
  transcript.add_client_auth(auth);
  parts.insert(parts.end(), {"client_auth", "user", "device", "another nonce"});
  parts.insert(parts.end(), {"unnamed", "untyped"});
  expect_same();
  auth.device_name = Plaintext("Ana");
  auth.device_type = "web";
  transcript.add_client_auth(auth);
  parts.insert(parts.end(), {"client_auth", "user", "device", "another nonce"});
  parts.insert(parts.end(), {"named", "Ana", "typed", "web"});
  expect_same();
  const auto digest = raw(transcript.digest());
  const auto server_signs = row({"culver gateway 2", "culver gateway 2 server signature", digest});
  const auto client_signs = row({"culver gateway 2", "culver gateway 2 client signature", digest});
  const Secret<32> key;
  EXPECT_EQ(print_hex(confirmation(key, transcript).view()),
            print_hex(crypto::hmac_sha256(key.expose(), as_bytes(digest)).view()));
  EXPECT_EQ(server_digest_v2(transcript), crypto::sha256(as_bytes(server_signs)));
  EXPECT_EQ(client_digest_v2(transcript), crypto::sha256(as_bytes(client_signs)));
}

TEST(Transcript, KeysAreCutFromOneBlockInTheOrderThatTheProtocolSays) {
  Secret<32> secret;
  std::fill(secret.expose_to_fill().begin(), secret.expose_to_fill().end(), std::byte{7});
  const Transcript transcript;
  const auto derive = [&](std::string_view info, std::size_t size) {
    ByteVector out(size);
    EXPECT_TRUE(
        crypto::hkdf_sha256(secret.expose(), transcript.digest().data, as_bytes(info), out));
    return print_hex(out);
  };
  const auto keys = handshake_keys(secret, transcript);
  EXPECT_EQ(print_hex(keys.server_confirmation.expose()) +
                print_hex(keys.client_confirmation.expose()) +
                print_hex(keys.client_auth.expose()) + print_hex(keys.session.expose()),
            derive("culver gateway 2 handshake keys", 128));
  const auto session = session_keys(secret, transcript);
  EXPECT_EQ(print_hex(session.client_to_server.expose()) +
                print_hex(session.server_to_client.expose()) + print_hex(session.id.view()),
            derive("culver gateway 2 session keys", 80));
}

TEST(Transcript, OfAClientHelloHoldsTheFrame) {
  Transcript one, two;
  one.add_client_hello("{\"type\":\"client_hello\"}");
  two.add_client_hello("{\"type\":\"client_hello\",\"extra\":1}");
  EXPECT_NE(one.digest(), two.digest());
}

TEST(Transcript, OfAServerHelloHoldsEachField) {
  test::World world(1);
  const auto identity = test::server_identity(1);
  const auto account = test::client_account(2);
  test::ClientEnd client(world, account);
  test::ServerEnd server(world, identity);
  server.hear(client.hello);
  const auto said = test::read_as<wire::gateway::ServerHello>(server.sent.at(0));
  const auto digest = [](const wire::gateway::ServerHello& message) {
    Transcript transcript;
    transcript.add_server_hello(message);
    return transcript.digest();
  };
  std::set<Digest> seen{digest(said)};
  const auto differs = [&](auto change) {
    auto other = said;
    change(other);
    return seen.insert(digest(other)).second;
  };
  EXPECT_TRUE(differs([](auto& m) { m.version = 3; }));
  EXPECT_TRUE(differs([](auto& m) { m.client_version = 3; }));
  EXPECT_TRUE(differs([](auto& m) { m.ephemeral.text[9] ^= 1; }));
  EXPECT_TRUE(differs([](auto& m) { m.identity.text[9] ^= 1; }));
  EXPECT_TRUE(differs([](auto& m) { m.nonce.text[9] ^= 1; }));
}

TEST(Transcript, OfAClientAuthHoldsEachField) {
  wire::gateway::ClientAuth said;
  said.user = wire::gateway::Hex<UserId>::of({});
  said.nonce2 = wire::gateway::Hex<wire::gateway::HandshakeNonce>::of({});
  said.device_text = "d";
  const auto digest = [](const wire::gateway::ClientAuth& message) {
    Transcript transcript;
    transcript.add_client_auth(message);
    return transcript.digest();
  };
  std::set<Digest> seen{digest(said)};
  const auto differs = [&](auto change) {
    auto other = said;
    change(other);
    return seen.insert(digest(other)).second;
  };
  EXPECT_TRUE(differs([](auto& m) { m.user.text[0] = '1'; }));
  EXPECT_TRUE(differs([](auto& m) { m.device_text = "e"; }));
  EXPECT_TRUE(differs([](auto& m) { m.nonce2.text[0] = '1'; }));
  EXPECT_TRUE(differs([](auto& m) { m.device_name = Plaintext(""); }));
  EXPECT_TRUE(differs([](auto& m) { m.device_name = Plaintext("untyped"); }));
  EXPECT_TRUE(differs([](auto& m) { m.device_type = "tablet"; }));
}

TEST(Transcript, IsSignedByRole) {
  Transcript transcript;
  EXPECT_NE(server_digest_v2(transcript), client_digest_v2(transcript));
  EXPECT_NE(server_digest_v2(transcript), transcript.digest());
}

TEST(HandshakeKeys, AreAllDifferentAndBoundToTheTranscript) {
  std::set<std::vector<std::byte>> seen;
  const auto add = [&](const Secret<32>& key) {
    EXPECT_TRUE(seen.emplace(key.expose().begin(), key.expose().end()).second);
  };
  Secret<32> shared;
  Transcript one, two;
  two.add("more");
  for (const Transcript& transcript : {one, two}) {
    const HandshakeKeys keys = handshake_keys(shared, transcript);
    add(keys.server_confirmation);
    add(keys.client_confirmation);
    add(keys.client_auth);
    add(keys.session);
    const SessionKeys session = session_keys(shared, transcript);
    add(session.client_to_server);
    add(session.server_to_client);
  }
  EXPECT_NE(session_keys(shared, one).id, session_keys(shared, two).id);
}

TEST(Confirmation, IsRefusedWhenAbsentOrOfAnother) {
  Secret<32> key, other;
  other.expose_to_fill()[0] = std::byte{1};
  const Transcript transcript;
  EXPECT_TRUE(confirms(confirmation(key, transcript), key, transcript));
  EXPECT_FALSE(confirms(std::nullopt, key, transcript));
  EXPECT_FALSE(confirms(confirmation(other, transcript), key, transcript));
}

TEST(DowngradeMark, IsFoundWhereItWasPutOnly) {
  wire::gateway::HandshakeNonce nonce;
  EXPECT_FALSE(carries_downgrade_mark(nonce));
  put_downgrade_mark(nonce);
  EXPECT_TRUE(carries_downgrade_mark(nonce));
  nonce.data.back() ^= std::byte{1};
  EXPECT_FALSE(carries_downgrade_mark(nonce));
}

TEST(DigestsOfVersion1, AreThoseOfTheVectors) {
  const auto vectors = shared_json("vectors/pocketbridge.json");
  SKIP_UNLESS(vectors);
  for (const auto& v : vectors->at("handshakes").as_array()) {
    const auto server =
        server_digest_v1(text_at(v, "server_identity_pub"), text_at(v, "server_ephemeral_pub"),
                         text_at(v, "nonce_c"), text_at(v, "nonce_s"));
    EXPECT_EQ(server, *Digest::from(hex_at(v, "server_sig_hash"))) << text_at(v, "name");
    const auto client =
        client_digest_v1(text_at(v, "user_id"), text_at(v, "device_id"), text_at(v, "nonce_c"),
                         text_at(v, "nonce_s"), text_at(v, "server_ephemeral_pub"));
    EXPECT_EQ(client, *Digest::from(hex_at(v, "client_sig_hash"))) << text_at(v, "name");
  }
}

}  // namespace
}  // namespace culver::handshake
