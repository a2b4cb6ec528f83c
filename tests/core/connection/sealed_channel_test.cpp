#include "core/connection/sealed_channel.hpp"

#include <set>

#include <gtest/gtest.h>

#include "core/base/ids.hpp"
#include "core/connection/frame_memory.hpp"
#include "core/crypto/hash.hpp"
#include "core/wire/base64.hpp"
#include "tests/core/connection/connection_support.hpp"
#include "tests/support/seeded.hpp"
#include "tests/support/zajel_vectors.hpp"

namespace culver::connection {
namespace {

using test::SeededRng;
using test::Vectors;

SessionKey key_from(const std::string& hex) {
  SessionKey key;
  EXPECT_TRUE(detail::decode_hex(hex, key.expose_to_fill()));
  return key;
}

TEST(SealedChannel, CarriesBothDirectionsUnderOneKey) {
  SeededRng random(1);
  SealedChannel alice(key_of(7), random.rng());
  SealedChannel bob(key_of(7), random.rng());
  for (const std::string text : {"", "x", "a longer text with ümläuts"}) {
    EXPECT_EQ(as_text(bob.open(*alice.seal(as_bytes(text)))->plaintext), text);
    EXPECT_EQ(as_text(alice.open(*bob.seal(as_bytes(text)))->plaintext), text);
  }
}

TEST(SealedChannel, RefusesItsOwnFramesHoweverOld) {
  SeededRng random(3);
  SealedChannel alice(key_of(7), random.rng());
  const auto first = *alice.seal(as_bytes("to bob"));
  for (std::size_t i = 0; i < 10'000U; ++i) (void)alice.seal({});
  EXPECT_EQ(alice.open(first).error(), Fault::reflected);
}

TEST(SealedChannel, AForgedFrameBurnsNoNonce) {
  SeededRng random(4);
  SealedChannel alice(key_of(7), random.rng());
  SealedChannel bob(key_of(7), random.rng());
  const auto frame = *alice.seal(as_bytes("genuine"));
  auto bytes = *wire::base64::decode(frame);
  bytes.back() ^= std::byte{1};
  EXPECT_EQ(bob.open(wire::base64::encode(bytes)).error(), Fault::not_authentic);
  EXPECT_TRUE(bob.open(frame));
}

TEST(SealedChannel, KnowsItsOwnFramesOfEarlierConnectionsUnderALastingKey) {
  SeededRng random(8);
  const auto of = [&](int side) { return SealedChannel(key_of(7), key_of(side), random.rng()); };
  const auto frame = *of(1).seal(as_bytes("last year"));
  EXPECT_EQ(of(1).open(frame).error(), Fault::reflected);
  EXPECT_EQ(as_text(of(2).open(frame)->plaintext), "last year");
  SealedChannel zajel(key_of(7), random.rng());
  auto ours = of(1);
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(ours.open(*zajel.seal({})));
}

TEST(SealedChannel, NeverRepeatsANonce) {
  SeededRng random(5);
  SealedChannel alice(key_of(7), random.rng());
  std::set<std::string> nonces;
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(nonces.insert(alice.seal({})->substr(0, 16)).second);
}

TEST(SealedChannel, OpensEveryMessageOfZajel) {
  const auto vectors = Vectors::load();
  if (!vectors) GTEST_SKIP() << Vectors::absent;
  SeededRng random(6);
  SealedChannel bob(key_from(vectors->text({"v1_session", "session_key"})), random.rng());
  const auto& messages = vectors->at({"messages_v1"}).as_array();
  ASSERT_EQ(messages.size(), 8u);
  for (const auto& value : messages) {
    const auto& message = value.as_object();
    const auto* wire = message.if_contains("wire_b64");
    if (wire == nullptr || !wire->is_string()) continue;  // the longest is given by its hash
    const auto opened = bob.open(std::string(wire->as_string()));
    ASSERT_TRUE(opened);
    EXPECT_EQ(print_hex(crypto::sha256(opened->plaintext).view()),
              std::string(message.at("plaintext_sha256").as_string()));
  }
}

TEST(SealedChannel, SealsAsZajelDoes) {
  const auto vectors = Vectors::load();
  if (!vectors) GTEST_SKIP() << Vectors::absent;
  const auto key = key_from(vectors->text({"v2_session", "session_key"}));
  crypto::Aead aead(crypto::AeadAlgorithm::chacha20_poly1305, key.expose());
  const auto nonce = *parse_hex<Nonce>(vectors->text({"v2_session", "message", "nonce"}));
  const auto text = vectors->text({"v2_session", "message", "plaintext_text"});
  EXPECT_EQ(seal_with(aead, nonce, as_bytes(text)),
            vectors->text({"v2_session", "message", "wire_b64"}));
}

TEST(SealedChannel, RefusesWhatZajelRefuses) {
  const auto vectors = Vectors::load();
  if (!vectors) GTEST_SKIP() << Vectors::absent;
  SeededRng random(7);
  SealedChannel bob(key_from(vectors->text({"v1_session", "session_key"})), random.rng());
  EXPECT_EQ(bob.open(vectors->text({"tamper_negative_b64", "wire_b64"})).error(),
            Fault::not_authentic);
  EXPECT_EQ(bob.open(vectors->text({"short_negative_b64", "wire_b64"})).error(), Fault::malformed);
  const auto replayed = vectors->text({"replay_negative", "wire_b64"});
  FrameMemory memory;
  EXPECT_TRUE(memory.take(bob.open(replayed)->nonce));
  EXPECT_EQ(memory.take(bob.open(replayed)->nonce).error(), Fault::replayed);
}

}  // namespace
}  // namespace culver::connection
