#include "core/crypto/sign.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/ids.hpp"
#include "core/crypto/hash.hpp"
#include "core/crypto/openssl.hpp"
#include "tests/core/crypto/wycheproof_support.hpp"
#include "tests/core/vectors_support.hpp"

namespace culver::crypto {
namespace {

using culver::testing::from_hex;
using culver::testing::hex_at;
using culver::testing::secret_from;
using culver::testing::shared_json;
using culver::testing::text_at;
using culver::testing::Verdict;

struct Rfc8032Test {
  std::string_view seed, key, message, signature;
};

// RFC 8032 section 7.1, tests 1 and 2.
constexpr Rfc8032Test rfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
};

TEST(Ed25519, AnswersAsRfc8032) {
  for (const auto& test : rfc8032) {
    const SigningKey key(secret_from<32>(from_hex(test.seed)));
    const auto message = from_hex(test.message);
    EXPECT_EQ(print_hex(key.verify_key().view()), test.key);
    EXPECT_EQ(print_hex(key.sign(message).view()), test.signature);
    EXPECT_TRUE(verify(key.verify_key(), message, key.sign(message)));
  }
}

TEST(Ed25519, PassesWycheproof) {
  const auto file = shared_json("vectors/wycheproof/ed25519_test.json");
  SKIP_UNLESS(file);
  const auto counts = culver::testing::run_wycheproof(
      *file,
      [](const auto& test) {
        const auto key = from_hex(culver::testing::text_at(test.group.at("publicKey"), "pk"));
        const auto signature = Signature::from(test.hex("sig"));
        // A signature of another length does not even have our type.
        if (!signature) return Verdict::refused;
        return verify(*VerifyKey::from(key), test.hex("msg"), *signature) ? Verdict::accepted
                                                                          : Verdict::refused;
      },
      [](const auto&) { return Verdict::refused; });
  EXPECT_EQ(counts.accepted, 88);
  EXPECT_EQ(counts.refused, 63);
}

RC_GTEST_PROP(Ed25519, VerifiesWhatItSignedAndNothingElse, (const std::string& message)) {
  const SigningKey key(secret_from<32>(ByteVector(32, std::byte{42})));
  auto signature = key.sign(as_bytes(message));
  RC_ASSERT(verify(key.verify_key(), as_bytes(message), signature).has_value());
  RC_ASSERT(!verify(key.verify_key(), as_bytes(message + "x"), signature));
  const auto position = *rc::gen::inRange<std::size_t>(0, Signature::size);
  signature.data[position] ^= std::byte{1};
  RC_ASSERT(!verify(key.verify_key(), as_bytes(message), signature));
}

// ---- keys that bind nobody ----------------------------------------------------------------------

/// What OpenSSL says without our test of the key.
bool openssl_verifies(const VerifyKey& key, ByteView message, const Signature& signature) {
  const Pkey pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, chars(key.view()), VerifyKey::size));
  const DigestContext context(EVP_MD_CTX_new());
  require(EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, pkey.get(),
                                  nullptr) == 1);
  return EVP_DigestVerify(context.get(), chars(signature.view()), Signature::size, chars(message),
                          message.size()) == 1;
}

/// R = the neutral element, S = 0: good whenever the hash is a multiple of the order of the key.
Signature signature_of_nobody() {
  Signature signature;
  signature.data[0] = std::byte{1};
  return signature;
}

/// A key of order 8 or less takes that signature for one message in eight at least; for any other
/// key it would be a matter of 2^252 messages.
bool can_be_forged(const VerifyKey& key) {
  for (int i = 0; i < 200; ++i) {
    const auto message = std::to_string(i);
    if (openssl_verifies(key, as_bytes(message), signature_of_nobody())) return true;
  }
  return false;
}

VerifyKey key_of(std::string_view hex) { return *parse_hex<VerifyKey>(hex); }

// y and the sign of x. The points of order 4 have y = 0, those of order 8 the two long ones.
const std::string_view small_order[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
};

TEST(WeakKeys, TheEightPointsCanBeForgedAndAreRefused) {
  for (const auto hex : small_order) {
    const auto key = key_of(hex);
    EXPECT_TRUE(can_be_forged(key)) << hex;
    EXPECT_TRUE(is_weak(key)) << hex;
    for (int i = 0; i < 200; ++i)
      EXPECT_EQ(verify(key, as_bytes(std::to_string(i)), signature_of_nobody()).error(),
                Fault::weak_public_key);
  }
}

TEST(WeakKeys, AreRefusedInTheirOtherSpellings) {
  for (const std::string_view hex : {
           // The sign of x where x is zero: not a point of RFC 8032, yet some decode it.
           "0100000000000000000000000000000000000000000000000000000000000080",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
           // p and p + 1, which stand for 0 and 1, with either sign.
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
           // p + 2 and 2^255 - 1, the last that is not canonical.
           "efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       })
    EXPECT_TRUE(is_weak(key_of(hex))) << hex;
}

TEST(WeakKeys, AreNotTheNeighboursOfTheLimit) {
  for (const std::string_view hex : {
           "0200000000000000000000000000000000000000000000000000000000000000",
           "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7e",
           "edfffffffffffffffffffffffffffffffffffffffffffffffffffffffffeff7f",
       })
    EXPECT_FALSE(is_weak(key_of(hex))) << hex;
  EXPECT_FALSE(can_be_forged(key_of(rfc8032[0].key)));
}

RC_GTEST_PROP(WeakKeys, AreNeverMadeFromASeed, ()) {
  const auto seed =
      *rc::gen::container<std::vector<std::uint8_t>>(32, rc::gen::arbitrary<std::uint8_t>());
  const SigningKey key(secret_from<32>(std::as_bytes(std::span(seed))));
  RC_ASSERT(!is_weak(key.verify_key()));
}

// ---- the handshake's vectors --------------------------------------------------------------------

TEST(Ed25519, SignsAsTheGatewayVectorsDo) {
  const auto vectors = shared_json("vectors/pocketbridge.json");
  SKIP_UNLESS(vectors);
  for (const auto& entry : vectors->at("handshakes").as_array()) {
    const auto expect = [&](std::string_view seed, std::string_view key, const std::string& side) {
      const SigningKey signer(secret_from<32>(hex_at(entry, seed)));
      const auto digest = sha256(as_bytes(text_at(entry, side + "_sig_input_utf8")));
      EXPECT_EQ(print_hex(digest.view()), text_at(entry, side + "_sig_hash"));
      EXPECT_EQ(print_hex(signer.verify_key().view()), text_at(entry, key));
      const auto signature = signer.sign(digest.view());
      EXPECT_EQ(print_hex(signature.view()), text_at(entry, side + "_signature"));
      EXPECT_TRUE(verify(signer.verify_key(), digest.view(), signature));
    };
    expect("server_identity_seed", "server_identity_pub", "server");
    expect("client_identity_seed", "user_id", "client");
  }
}

TEST(Ed25519, RefusesWhatTheGatewayOfOldAccepted) {
  const auto vectors = shared_json("vectors/pocketbridge.json");
  SKIP_UNLESS(vectors);
  const auto& basic = vectors->at("handshakes").at(0);
  const auto& edge = vectors->at("edge");
  const auto digest = hex_at(basic, "client_sig_hash");
  const auto user = key_of(text_at(basic, "user_id"));
  EXPECT_TRUE(verify(user, digest, *Signature::from(hex_at(basic, "client_signature"))));
  const auto malleable = hex_at(edge.at("malleable_signature_S_plus_L"), "signature");
  EXPECT_EQ(verify(user, digest, *Signature::from(malleable)).error(), Fault::not_authentic);

  const auto& nobody = edge.at("small_order_public_key");
  const auto weak = key_of(text_at(nobody, "user_id"));
  const auto forged = *Signature::from(hex_at(nobody, "signature"));
  EXPECT_TRUE(openssl_verifies(weak, digest, forged));
  EXPECT_EQ(verify(weak, digest, forged).error(), Fault::weak_public_key);
}

}  // namespace
}  // namespace culver::crypto
