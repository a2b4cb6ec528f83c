#include "shell/p2p/crc32c.hpp"

#include <gtest/gtest.h>

namespace culver::p2p {
namespace {

TEST(Crc32c, MatchesTheKnownAnswers) {
  if (!has_crc32c_instruction()) GTEST_SKIP() << "this CPU has no CRC-32C instruction";
  EXPECT_EQ(crc32c({}), 0u);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
  // RFC 3720 section B.4: 32 bytes of zeros, of ones.
  EXPECT_EQ(crc32c(ByteVector(32, std::byte{0})), 0x8a9136aau);
  EXPECT_EQ(crc32c(ByteVector(32, std::byte{0xff})), 0x62a8ab43u);
}

}  // namespace
}  // namespace culver::p2p
