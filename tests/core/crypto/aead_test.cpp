#include "core/crypto/aead.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/ids.hpp"
#include "core/wire/base64.hpp"
#include "tests/core/crypto/wycheproof_support.hpp"
#include "tests/core/vectors_support.hpp"

namespace culver::crypto {
namespace {

using culver::testing::from_hex;
using culver::testing::hex_at;
using culver::testing::nothing_is_acceptable;
using culver::testing::secret_from;
using culver::testing::shared_json;
using culver::testing::text_at;
using culver::testing::Verdict;

ByteVector seal(Aead& aead, const Nonce& nonce, ByteView aad, ByteView plaintext) {
  ByteVector out(plaintext.size() + Aead::tag_size);
  aead.seal(nonce, aad, plaintext, out);
  return out;
}

Result<ByteVector> open(Aead& aead, const Nonce& nonce, ByteView aad, ByteView sealed) {
  ByteVector out(sealed.size() < Aead::tag_size ? 0 : sealed.size() - Aead::tag_size);
  CHECK_OK(aead.open(nonce, aad, sealed, out));
  return out;
}

// RFC 8439 section 2.8.2.
TEST(Aead, AnswersAsRfc8439) {
  Aead aead(AeadAlgorithm::chacha20_poly1305,
            from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"));
  const auto nonce = *Nonce::from(from_hex("070000004041424344454647"));
  const auto aad = from_hex("50515253c0c1c2c3c4c5c6c7");
  const std::string_view text =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  const auto sealed = seal(aead, nonce, aad, as_bytes(text));
  EXPECT_EQ(
      print_hex(sealed),
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb6"
      "9da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675"
      "945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691");
  EXPECT_EQ(as_text(*open(aead, nonce, aad, sealed)), text);
}

/// One wrapper call per Wycheproof test: seal must give the answer, open must give it back.
Verdict judge(AeadAlgorithm algorithm, const culver::testing::WycheproofTest& test) {
  const auto nonce = Nonce::from(test.hex("iv"));
  // Our nonces have 96 bits by their type.
  if (!nonce) return Verdict::not_applicable;
  Aead aead(algorithm, test.hex("key"));
  const auto aad = test.hex("aad"), message = test.hex("msg");
  auto sealed = test.hex("ct");
  const auto tag = test.hex("tag");
  sealed.insert(sealed.end(), tag.begin(), tag.end());
  const auto opened = open(aead, *nonce, aad, sealed);
  if (!opened) return Verdict::refused;
  EXPECT_EQ(*opened, message);
  EXPECT_EQ(seal(aead, *nonce, aad, message), sealed);
  return Verdict::accepted;
}

TEST(Aead, PassesWycheproofForChaCha20Poly1305) {
  const auto file = shared_json("vectors/wycheproof/chacha20_poly1305_test.json");
  SKIP_UNLESS(file);
  const auto counts = culver::testing::run_wycheproof(
      *file, [](const auto& test) { return judge(AeadAlgorithm::chacha20_poly1305, test); },
      nothing_is_acceptable);
  EXPECT_EQ(counts.accepted, 256);
}

TEST(Aead, PassesWycheproofForAesGcm) {
  const auto file = shared_json("vectors/wycheproof/aes_gcm_test.json");
  SKIP_UNLESS(file);
  const auto counts = culver::testing::run_wycheproof(
      *file,
      [](const auto& test) {
        const auto bits = test.group.at("keySize").as_int64();
        if (bits == 256) return judge(AeadAlgorithm::aes_256_gcm, test);
        if (bits == 128) return judge(AeadAlgorithm::aes_128_gcm, test);
        return Verdict::not_applicable;  // AES-192 is not offered
      },
      nothing_is_acceptable);
  EXPECT_GT(counts.accepted, 60);
  EXPECT_GT(counts.refused, 30);
}

TEST(Aead, OpensTheMessagesOfAZajelSession) {
  const auto vectors = shared_json("vectors/zajel.json");
  SKIP_UNLESS(vectors);
  Aead aead(AeadAlgorithm::chacha20_poly1305, hex_at(vectors->at("v1_session"), "session_key"));
  for (const auto& message : vectors->at("messages_v1").as_array()) {
    const auto* wire = message.as_object().if_contains("wire_b64");
    const auto* text = message.as_object().if_contains("plaintext_text");
    if (wire == nullptr || text == nullptr || !wire->is_string() || !text->is_string())
      continue;  // long messages are given by their digests only
    const auto frame = *wire::base64::decode(std::string(wire->as_string()));
    const auto nonce = *Nonce::from(ByteView(frame).first(12));
    EXPECT_EQ(as_text(*open(aead, nonce, {}, ByteView(frame).subspan(12))),
              std::string(text->as_string()));
  }
  const auto tampered =
      *wire::base64::decode(text_at(vectors->at("tamper_negative_b64"), "wire_b64"));
  EXPECT_EQ(
      open(aead, *Nonce::from(ByteView(tampered).first(12)), {}, ByteView(tampered).subspan(12))
          .error(),
      Fault::not_authentic);
}

constexpr AeadAlgorithm algorithms[] = {AeadAlgorithm::chacha20_poly1305,
                                        AeadAlgorithm::aes_256_gcm, AeadAlgorithm::aes_128_gcm};

std::size_t key_size(AeadAlgorithm algorithm) {
  return algorithm == AeadAlgorithm::aes_128_gcm ? 16 : 32;
}

RC_GTEST_PROP(Aead, OpensWhatItSealedAndNothingElse,
              (const std::vector<std::uint8_t>& plain, const std::vector<std::uint8_t>& extra)) {
  for (const auto algorithm : algorithms) {
    Aead aead(algorithm, ByteVector(key_size(algorithm), std::byte{7}));
    const ByteView text = std::as_bytes(std::span(plain)), aad = std::as_bytes(std::span(extra));
    auto sealed = seal(aead, Nonce{}, aad, text);
    const auto opened = open(aead, Nonce{}, aad, sealed);
    RC_ASSERT(opened.has_value());
    RC_ASSERT(std::equal(opened->begin(), opened->end(), text.begin(), text.end()));
    const auto position = *rc::gen::inRange<std::size_t>(0, sealed.size());
    sealed[position] ^= std::byte{1};
    RC_ASSERT(!open(aead, Nonce{}, aad, sealed));
  }
}

TEST(Aead, WorksInPlace) {
  for (const auto algorithm : algorithms) {
    Aead aead(algorithm, ByteVector(key_size(algorithm), std::byte{9}));
    ByteVector buffer(1000 + Aead::tag_size, std::byte{3});
    const auto separate = seal(aead, Nonce{}, {}, ByteView(buffer).first(1000));
    aead.seal(Nonce{}, {}, ByteView(buffer).first(1000), buffer);
    EXPECT_EQ(buffer, separate);
    ASSERT_TRUE(aead.open(Nonce{}, {}, buffer, std::span(buffer).first(1000)));
    EXPECT_EQ(buffer[999], std::byte{3});
  }
}

TEST(Aead, LeavesNothingOfAForgery) {
  Aead aead(AeadAlgorithm::chacha20_poly1305, ByteVector(32));
  auto sealed = seal(aead, Nonce{}, {}, as_bytes("attack at dawn"));
  sealed.back() ^= std::byte{128};
  ByteVector out(sealed.size() - Aead::tag_size, std::byte{1});
  EXPECT_EQ(aead.open(Nonce{}, {}, sealed, out).error(), Fault::not_authentic);
  EXPECT_EQ(out, ByteVector(out.size()));
  EXPECT_EQ(aead.open(Nonce{}, {}, ByteVector(15), out).error(), Fault::not_authentic);
}

TEST(Aead, MovesWithItsKey) {
  Aead first(AeadAlgorithm::aes_256_gcm, ByteVector(32));
  const auto sealed = seal(first, Nonce{}, {}, as_bytes("x"));
  Aead second = std::move(first);
  EXPECT_TRUE(open(second, Nonce{}, {}, sealed));
}

RC_GTEST_PROP(AeadOnce, AgreesWithTheOneThatKeepsItsKey, (const std::vector<std::uint8_t>& plain)) {
  for (const auto algorithm : {AeadAlgorithm::chacha20_poly1305, AeadAlgorithm::aes_256_gcm}) {
    const ByteView text = std::as_bytes(std::span(plain));
    const auto key =
        secret_from<32>(ByteVector(32, std::byte{*rc::gen::arbitrary<std::uint8_t>()}));
    Aead aead(algorithm, key.expose());
    const auto expected = seal(aead, Nonce{}, text, text);
    ByteVector sealed(text.begin(), text.end());
    sealed.resize(text.size() + Aead::tag_size);
    seal_once(algorithm, key, Nonce{}, text, ByteView(sealed).first(text.size()), sealed);
    RC_ASSERT(sealed == expected);

    ByteVector opened(text.size());
    RC_ASSERT(open_once(algorithm, key, Nonce{}, text, sealed, opened).has_value());
    RC_ASSERT(std::equal(opened.begin(), opened.end(), text.begin(), text.end()));
    sealed.back() ^= std::byte{1};
    RC_ASSERT(!open_once(algorithm, key, Nonce{}, text, sealed, opened).has_value());
    RC_ASSERT(opened == ByteVector(text.size()));
  }
}

TEST(AeadOnce, RefusesWhatIsShorterThanATag) {
  ByteVector out(3, std::byte{1});
  EXPECT_EQ(open_once(AeadAlgorithm::chacha20_poly1305, secret_from<32>(ByteVector(32)), Nonce{},
                      {}, ByteVector(15), out)
                .error(),
            Fault::not_authentic);
  EXPECT_EQ(out, ByteVector(3));
}

}  // namespace
}  // namespace culver::crypto
