#include "core/crypto/sign.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/ids.hpp"
#include "tests/core/crypto/wycheproof_support.hpp"
#include "tests/core/vectors_support.hpp"

namespace culver::crypto {
namespace {

using culver::testing::from_hex;
using culver::testing::secret_from;
using culver::testing::shared_json;
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

}  // namespace
}  // namespace culver::crypto
