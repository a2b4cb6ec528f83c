#include "core/crypto/p256.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/base/ids.hpp"
#include "core/crypto/hash.hpp"
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
      print_hex(point.view()),
      "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1"
      "c456fa3e59ab1f45b33accf5f58389e0577b8990bb3");
  EXPECT_EQ(print_hex(p256_ecdh(responder, point.view())->expose()),
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

TEST(P256, RefusesCoordinatesThatAreNotBelowTheFieldsPrime) {
  // The point with x = 5 written with x = p + 5, which is below 2^256 but a second name.
  const auto ours = secret_from<32>(ByteVector(32, std::byte{1}));
  const std::string y = "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
  EXPECT_TRUE(
      p256_ecdh(ours, from_hex("04"
                               "0000000000000000000000000000000000000000000000000000000000000005" +
                               y)));
  EXPECT_EQ(
      p256_ecdh(ours, from_hex("04"
                               "ffffffff00000001000000000000000000000001000000000000000000000004" +
                               y))
          .error(),
      Fault::bad_public_key);
  EXPECT_EQ(p256_ecdh(ours, from_hex("04" + std::string(128, '0'))).error(), Fault::bad_public_key);
}

/// Secret, salt, PRK and both keys of version 1, which nobody uses but everybody agrees on.
TEST(P256, AgreesAsTheGatewayVectorsDo) {
  const auto vectors = shared_json("vectors/pocketbridge.json");
  SKIP_UNLESS(vectors);
  for (const auto& entry : vectors->at("handshakes").as_array()) {
    const auto client = secret_from<32>(hex_at(entry, "client_ephemeral_priv"));
    const auto server = secret_from<32>(hex_at(entry, "server_ephemeral_priv"));
    const auto client_point = hex_at(entry, "client_ephemeral_pub");
    const auto server_point = hex_at(entry, "server_ephemeral_pub");
    EXPECT_EQ(P256Public::from(client_point), *p256_public_of(client));
    EXPECT_EQ(P256Public::from(server_point), *p256_public_of(server));
    const auto secret = p256_ecdh(server, client_point);
    ASSERT_TRUE(secret);
    EXPECT_EQ(print_hex(secret->expose()), text_at(entry, "ecdh_shared_secret"));
    EXPECT_EQ(print_hex(p256_ecdh(client, server_point)->expose()),
              text_at(entry, "ecdh_shared_secret"));

    auto both = client_point;
    both.insert(both.end(), server_point.begin(), server_point.end());
    const auto salt = sha256(both);
    EXPECT_EQ(print_hex(salt.view()), text_at(entry, "hkdf_salt"));
    EXPECT_EQ(print_hex(hmac_sha256(salt.view(), secret->expose()).view()),
              text_at(entry, "hkdf_prk"));
    const auto key = [&](std::string_view label) {
      std::array<std::byte, 32> out;
      EXPECT_TRUE(hkdf_sha256(secret->expose(), salt.view(), as_bytes(label), out));
      return print_hex(out);
    };
    EXPECT_EQ(key("pocketbridge_client_to_server_v1"), text_at(entry, "client_to_server_key"));
    EXPECT_EQ(key("pocketbridge_server_to_client_v1"), text_at(entry, "server_to_client_key"));
  }
}

TEST(P256, RefusesTheBadPointsOfTheGatewayVectors) {
  const auto vectors = shared_json("vectors/pocketbridge.json");
  SKIP_UNLESS(vectors);
  const auto& basic = vectors->at("handshakes").at(0);
  const auto ours = secret_from<32>(hex_at(basic, "server_ephemeral_priv"));
  const auto good = hex_at(basic, "client_ephemeral_pub");
  const auto is_refused = [&](const ByteVector& point) {
    const auto shared = p256_ecdh(ours, point);
    return !shared && shared.error() == Fault::bad_public_key;
  };
  EXPECT_FALSE(is_refused(good));
  auto compressed = good, off_curve = good;
  compressed[0] = std::byte{2};
  off_curve.back() ^= std::byte{1};
  EXPECT_TRUE(is_refused(compressed));
  EXPECT_TRUE(is_refused(off_curve));
  EXPECT_TRUE(is_refused({std::byte{4}}));
}

}  // namespace
}  // namespace culver::crypto
