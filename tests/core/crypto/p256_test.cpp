#include "core/crypto/p256.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/wire/base64.hpp"
#include "tests/core/crypto/wycheproof_support.hpp"
#include "tests/core/vectors_support.hpp"

namespace culver::crypto {
namespace {

using culver::testing::from_hex;
using culver::testing::secret_from;
using culver::testing::shared_json;
using culver::testing::Verdict;

/// Scalars are printed with a leading zero byte or without theirs: ours have a fixed width.
ByteVector fixed_width(ByteVector scalar) {
  if (scalar.size() > 32) scalar.erase(scalar.begin(), scalar.end() - 32);
  scalar.insert(scalar.begin(), 32 - scalar.size(), std::byte{0});
  return scalar;
}

TEST(P256, PassesWycheproof) {
  const auto file = shared_json("vectors/wycheproof/ecdh_secp256r1_ecpoint_test.json");
  SKIP_UNLESS(file);
  const auto counts = culver::testing::run_wycheproof(
      *file,
      [](const auto& test) {
        const auto ours = secret_from<32>(fixed_width(test.hex("private")));
        const auto shared = p256_ecdh(ours, test.hex("public"));
        if (!shared) {
          EXPECT_EQ(shared.error(), Fault::bad_public_key);
          return Verdict::refused;
        }
        EXPECT_EQ(ByteVector(shared->expose().begin(), shared->expose().end()), test.hex("shared"));
        return Verdict::accepted;
      },
      // The one acceptable test has a compressed point, an encoding that we do not take.
      [](const auto& test) {
        EXPECT_TRUE(test.has_flag("CompressedPoint"));
        return Verdict::refused;
      });
  EXPECT_EQ(counts.accepted, 330);
  EXPECT_EQ(counts.refused, 25);
}

// RFC 5903 section 8.1.
TEST(P256, AnswersAsRfc5903) {
  const auto initiator =
      secret_from<32>(from_hex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"));
  const auto responder =
      secret_from<32>(from_hex("c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"));
  const auto point = *p256_public_of(initiator);
  EXPECT_EQ(
      wire::base64::hex(point.view()),
      "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1"
      "c456fa3e59ab1f45b33accf5f58389e0577b8990bb3");
  EXPECT_EQ(wire::base64::hex(p256_ecdh(responder, point.view())->expose()),
            "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");
}

TEST(P256, RefusesScalarsOutsideTheGroup) {
  const auto order = from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  EXPECT_EQ(p256_public_of(secret_from<32>(ByteVector(32))).error(), Fault::usage);
  EXPECT_EQ(p256_public_of(secret_from<32>(order)).error(), Fault::usage);
  auto largest = order;
  largest.back() ^= std::byte{1};
  EXPECT_TRUE(p256_public_of(secret_from<32>(largest)));
}

TEST(P256, RefusesWhatIsNotAnUncompressedPoint) {
  const auto ours = secret_from<32>(ByteVector(32, std::byte{1}));
  const auto encoded = *p256_public_of(ours);
  ByteVector point(encoded.data.begin(), encoded.data.end());
  EXPECT_TRUE(p256_ecdh(ours, point));
  EXPECT_FALSE(p256_ecdh(ours, ByteView(point).first(64)));
  EXPECT_FALSE(p256_ecdh(ours, ByteVector(1)));  // the point at infinity
  EXPECT_FALSE(p256_ecdh(ours, {}));
  point.back() ^= std::byte{1};
  EXPECT_EQ(p256_ecdh(ours, point).error(), Fault::bad_public_key);
  point[0] = std::byte{6};  // hybrid encoding
  EXPECT_FALSE(p256_ecdh(ours, point));
}

TEST(P256, GeneratesFromTheGivenRandomnessAndSkipsBadDraws) {
  int draws = 0;
  Rng rng(
      [](void* context, std::span<std::byte> out) {
        const bool first = (*static_cast<int*>(context))++ == 0;
        std::fill(out.begin(), out.end(), first ? std::byte{255} : std::byte{3});
      },
      &draws);
  EXPECT_EQ(p256_generate(rng).expose()[0], std::byte{3});
  EXPECT_EQ(draws, 2);
}

}  // namespace
}  // namespace culver::crypto
