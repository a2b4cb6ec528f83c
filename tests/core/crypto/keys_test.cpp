#include "core/crypto/keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/ids.hpp"
#include "core/wire/base64.hpp"
#include "tests/core/crypto/wycheproof_support.hpp"
#include "tests/core/vectors_support.hpp"
#include "tests/support/seeded.hpp"

namespace culver::crypto {
namespace {

using culver::testing::from_hex;
using culver::testing::hex_at;
using culver::testing::secret_from;
using culver::testing::shared_json;
using culver::testing::text_at;
using culver::testing::Verdict;

/// Empty if the agreement was refused.
ByteVector agree(ByteView ours, ByteView theirs) {
  const auto shared = x25519(secret_from<32>(ours), *PublicKey::from(theirs));
  return shared ? ByteVector(shared->expose().begin(), shared->expose().end()) : ByteVector{};
}

TEST(X25519, AnswersAsRfc7748Section5) {
  EXPECT_EQ(agree(from_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                  from_hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")),
            from_hex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"));
  EXPECT_EQ(agree(from_hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                  from_hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493")),
            from_hex("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"));
}

TEST(X25519, AnswersAsRfc7748After1000Rounds) {
  ByteVector k(32), u(32);
  k[0] = u[0] = std::byte{9};
  for (int i = 0; i < 1000; ++i) u = std::exchange(k, agree(k, u));
  EXPECT_EQ(k, from_hex("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
}

TEST(X25519, AnswersAsRfc7748Section6) {
  const auto bob = from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  EXPECT_EQ(print_hex(public_key_of(secret_from<32>(bob)).view()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(
      agree(bob, from_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")),
      from_hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
}

TEST(X25519, PassesWycheproof) {
  const auto file = shared_json("vectors/wycheproof/x25519_test.json");
  SKIP_UNLESS(file);
  const auto counts = culver::testing::run_wycheproof(
      *file,
      [](const auto& test) {
        const auto shared = agree(test.hex("private"), test.hex("public"));
        if (shared.empty()) return Verdict::refused;
        EXPECT_EQ(shared, test.hex("shared"));
        return Verdict::accepted;
      },
      // Points on the twist and non-canonical encodings are what RFC 7748 defines them to be, and
      // the answer was compared. An all-zero secret is what RFC 7748 section 6.1 lets us refuse.
      [](const auto& test) {
        return test.has_flag("ZeroSharedSecret") ? Verdict::refused : Verdict::accepted;
      });
  EXPECT_EQ(counts.refused, 31);
  EXPECT_EQ(counts.accepted, 518 - 31);
}

TEST(X25519, RefusesKeysOfSmallOrder) {
  const auto vectors = shared_json("vectors/zajel.json");
  SKIP_UNLESS(vectors);
  const auto ours = hex_at(vectors->at("keys").at("alice_identity"), "private");
  for (const auto& key : vectors->at("x25519_low_order_public_keys_must_reject").as_array())
    EXPECT_EQ(
        x25519(secret_from<32>(ours), *PublicKey::from(from_hex(std::string(key.as_string()))))
            .error(),
        Fault::weak_public_key);
}

/// RFC 7748: u = 0, 1, p - 1, p, p + 1, the two of order eight; each with either top bit, which is
/// not read.
TEST(X25519, KnowsKeysOfSmallOrder) {
  const auto with = [](std::string hex, bool top) {
    auto key = *PublicKey::from(from_hex(hex));
    if (top) key.data.back() |= std::byte{0x80};
    return key;
  };
  const std::string ff(60, 'f');
  for (const bool top : {false, true}) {
    for (const auto& hex : {std::string(64, '0'), "01" + std::string(62, '0'), "ec" + ff + "7f",
                            "ed" + ff + "7f", "ee" + ff + "7f",
                            std::string("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd86620516"
                                        "5f49b800"),
                            std::string("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224edd"
                                        "d09f1157")})
      EXPECT_TRUE(is_of_small_order(with(hex, top))) << hex;
    for (const auto& hex : {"02" + std::string(62, '0'), "09" + std::string(62, '0'),
                            "ef" + ff + "7f", std::string(62, '0') + "40"})
      EXPECT_FALSE(is_of_small_order(with(hex, top))) << hex;
  }
  EXPECT_FALSE(is_of_small_order(public_key_of(secret_from<32>(from_hex(std::string(64, '1'))))));
}

TEST(Keys, AreNamedAsZajelNamesThem) {
  const auto vectors = shared_json("vectors/zajel.json");
  SKIP_UNLESS(vectors);
  for (const auto& [name, entry] : vectors->at("keys").as_object()) {
    const auto pair = KeyPair::from_private(secret_from<32>(hex_at(entry, "private")));
    EXPECT_EQ(print_hex(pair.shared.view()), text_at(entry, "public"));
    EXPECT_EQ(wire::base64::print(pair.shared), text_at(entry, "public_b64"));
    EXPECT_EQ(stable_id(pair.shared), text_at(entry, "peer_id_stable_id_default"));
  }
  const auto alice = hex_at(vectors->at("keys").at("alice_identity"), "public");
  EXPECT_EQ(fingerprint(*PublicKey::from(alice)),
            text_at(vectors->at("fingerprint"), "alice_text"));
}

TEST(Keys, HaveTheSafetyNumbersOfZajel) {
  const auto vectors = shared_json("vectors/zajel.json");
  SKIP_UNLESS(vectors);
  const auto& expected = vectors->at("safety_number");
  const auto number = [](const ByteVector& one, const ByteVector& other) {
    return safety_number(*PublicKey::from(one), *PublicKey::from(other));
  };
  const auto alice = hex_at(vectors->at("keys").at("alice_identity"), "public");
  const auto bob = hex_at(vectors->at("keys").at("bob_identity"), "public");
  EXPECT_EQ(number(alice, bob), text_at(expected, "digits_text"));
  EXPECT_EQ(number(bob, alice), text_at(expected, "digits_text"));
  const auto& upstream = expected.at("upstream_test_keys");
  EXPECT_EQ(number(hex_at(upstream, "keyA"), hex_at(upstream, "keyB")),
            text_at(upstream, "digits_text"));
}

RC_GTEST_PROP(Keys, HaveOneSafetyNumberForBothSides,
              (const std::array<std::uint8_t, 32>& one, const std::array<std::uint8_t, 32>& two)) {
  const auto a = *PublicKey::from(std::as_bytes(std::span(one)));
  const auto b = *PublicKey::from(std::as_bytes(std::span(two)));
  const auto number = safety_number(a, b);
  RC_ASSERT(number == safety_number(b, a));
  RC_ASSERT(number.size() == 60U);
  RC_ASSERT(number.find_first_not_of("0123456789") == std::string::npos);
}

TEST(Keys, OfAZajelSessionAgree) {
  const auto vectors = shared_json("vectors/zajel.json");
  SKIP_UNLESS(vectors);
  const auto key = [&](const char* who, const char* half) {
    return hex_at(vectors->at("keys").at(who), half);
  };
  EXPECT_EQ(agree(key("alice_identity", "private"), key("bob_identity", "public")),
            hex_at(vectors->at("v1_session"), "ikm_x25519_shared"));
  EXPECT_EQ(agree(key("bob_ephemeral", "private"), key("alice_ephemeral", "public")),
            hex_at(vectors->at("v2_session"), "ephemeral_secret"));
}

TEST(Keys, ComeFromTheGivenRandomness) {
  Rng rng([](void*, std::span<std::byte> out) { std::fill(out.begin(), out.end(), std::byte{5}); },
          nullptr);
  const auto pair = KeyPair::generate(rng);
  EXPECT_EQ(pair.secret.expose()[31], std::byte{5});
  EXPECT_EQ(pair.shared, public_key_of(pair.secret));
}

TEST(X25519, EachKeyHasOneSpelling) {
  const auto key = [](const std::string& first, const std::string& last) {
    return *parse_hex<PublicKey>(first + std::string(60, 'f') + last);
  };
  EXPECT_TRUE(is_canonical(key("ec", "7f"))) << "p - 1";
  EXPECT_FALSE(is_canonical(key("ed", "7f"))) << "p";
  EXPECT_FALSE(is_canonical(key("ff", "7f")));
  EXPECT_TRUE(is_canonical(key("ff", "7e")));
  EXPECT_FALSE(is_canonical(key("00", "80"))) << "the top bit counts for nothing";
  test::SeededRng random(1);
  EXPECT_TRUE(is_canonical(KeyPair::generate(random.rng()).shared));
}

}  // namespace
}  // namespace culver::crypto
