#include "core/crypto/hash.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/ids.hpp"
#include "tests/core/crypto/wycheproof_support.hpp"
#include "tests/core/vectors_support.hpp"

namespace culver::crypto {
namespace {

using culver::testing::from_hex;
using culver::testing::nothing_is_acceptable;
using culver::testing::shared_json;
using culver::testing::Verdict;

std::string hkdf(std::string_view ikm, std::string_view salt, std::string_view info,
                 std::size_t size) {
  ByteVector out(size);
  EXPECT_TRUE(hkdf_sha256(from_hex(ikm), from_hex(salt), from_hex(info), out));
  return print_hex(out);
}

// FIPS 180-4, examples of NIST.
TEST(Sha256, AnswersAsFips180) {
  EXPECT_EQ(print_hex(sha256({}).view()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(print_hex(sha256(as_bytes("abc")).view()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

RC_GTEST_PROP(Sha256, IsTheSameInPieces, (const std::vector<std::string>& pieces)) {
  Sha256 stream;
  std::string whole;
  for (const auto& piece : pieces) {
    stream.update(as_bytes(piece));
    whole += piece;
    RC_ASSERT(stream.so_far() == sha256(as_bytes(whole)));
  }
  RC_ASSERT(std::move(stream).finish() == sha256(as_bytes(whole)));
}

// RFC 4231 test case 2.
TEST(Hmac, AnswersAsRfc4231) {
  EXPECT_EQ(
      print_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")).view()),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Hmac, PassesWycheproof) {
  const auto file = shared_json("vectors/wycheproof/hmac_sha256_test.json");
  SKIP_UNLESS(file);
  const auto counts = culver::testing::run_wycheproof(
      *file,
      [](const auto& test) {
        const Digest mac = hmac_sha256(test.hex("key"), test.hex("msg"));
        // Some groups ask for a shortened tag.
        const auto tag = test.hex("tag");
        return equal_in_constant_time(mac.view().first(tag.size()), tag) ? Verdict::accepted
                                                                         : Verdict::refused;
      },
      nothing_is_acceptable);
  EXPECT_EQ(counts.accepted, 66);
  EXPECT_EQ(counts.refused, 108);
}

// RFC 5869 appendix A.
TEST(Hkdf, AnswersAsRfc5869) {
  EXPECT_EQ(hkdf("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
                 "f0f1f2f3f4f5f6f7f8f9", 42),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(hkdf("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "", 42),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, PassesWycheproof) {
  const auto file = shared_json("vectors/wycheproof/hkdf_sha256_test.json");
  SKIP_UNLESS(file);
  const auto counts = culver::testing::run_wycheproof(
      *file,
      [](const auto& test) {
        ByteVector out(static_cast<std::size_t>(test.test.at("size").as_int64()));
        const auto made = hkdf_sha256(test.hex("ikm"), test.hex("salt"), test.hex("info"), out);
        return made && out == test.hex("okm") ? Verdict::accepted : Verdict::refused;
      },
      nothing_is_acceptable);
  EXPECT_EQ(counts.accepted, 83);
  EXPECT_EQ(counts.refused, 3);  // all ask for more than 255 blocks
}

TEST(Hkdf, MakesAtMost255Blocks) {
  ByteVector out(255 * 32);
  EXPECT_TRUE(hkdf_sha256(as_bytes("k"), {}, {}, out));
  out.push_back({});
  EXPECT_EQ(hkdf_sha256(as_bytes("k"), {}, {}, out).error(), Fault::usage);
  EXPECT_TRUE(hkdf_sha256(as_bytes("k"), {}, {}, {}));
}

TEST(Hkdf, MakesTheSessionKeysOfZajel) {
  const auto vectors = shared_json("vectors/zajel.json");
  SKIP_UNLESS(vectors);
  for (const char* name : {"v1_session", "v2_session"}) {
    const auto& session = vectors->at(name);
    const auto* ikm = session.as_object().if_contains("ikm");
    if (ikm == nullptr) ikm = &session.at("ikm_x25519_shared");
    ByteVector key(32);
    ASSERT_TRUE(hkdf_sha256(from_hex(std::string(ikm->as_string())), {},
                            as_bytes(culver::testing::text_at(session, "hkdf_info_text")), key));
    EXPECT_EQ(key, culver::testing::hex_at(session, "session_key")) << name;
  }
}

TEST(ConstantTime, ComparesLengthAndContent) {
  EXPECT_TRUE(equal_in_constant_time({}, {}));
  EXPECT_TRUE(equal_in_constant_time(as_bytes("same"), as_bytes("same")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("same"), as_bytes("samf")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("same"), as_bytes("sam")));
}

}  // namespace
}  // namespace culver::crypto
