#include "core/crypto/legacy_hash.hpp"

#include <gtest/gtest.h>

#include "core/base/ids.hpp"

namespace culver::crypto {
namespace {

// RFC 2202 section 3.
TEST(HmacSha1, AnswersAsRfc2202) {
  EXPECT_EQ(print_hex(hmac_sha1(ByteVector(20, std::byte{0x0b}), {as_bytes("Hi There")}).view()),
            "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(print_hex(hmac_sha1(as_bytes("Jefe"),
                                {as_bytes("what do ya want "), as_bytes("for nothing?")})
                          .view()),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(
      print_hex(hmac_sha1(ByteVector(80, std::byte{0xaa}),
                          {as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")})
                    .view()),
      "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

TEST(HmacSha1, TakesNothing) {
  EXPECT_EQ(print_hex(hmac_sha1({}, {}).view()), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
  EXPECT_EQ(hmac_sha1({}, {ByteView{}, ByteView{}}), hmac_sha1({}, {}));
}

// RFC 1321 appendix A.5.
TEST(Md5, AnswersAsRfc1321) {
  EXPECT_EQ(print_hex(md5({}).expose()), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(print_hex(md5({as_bytes("message"), as_bytes(" "), as_bytes("digest")}).expose()),
            "f96b697d7cb7938d525a2f31aaf161d0");
}

}  // namespace
}  // namespace culver::crypto
