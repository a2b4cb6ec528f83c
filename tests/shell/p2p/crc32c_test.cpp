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

/// Bit by bit, as the polynomial says.
std::uint32_t slowly(ByteView bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const auto byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

TEST(Crc32c, IsThatOfThePolynomialForEveryLength) {
  if (!has_crc32c_instruction()) GTEST_SKIP() << "this CPU has no CRC-32C instruction";
  ByteVector bytes(4'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 131 + i / 7);
  for (std::size_t size = 0; size < bytes.size(); size += size < 1'100 || size > 1'200 ? 13 : 1) {
    const auto part = ByteView(bytes).subspan(bytes.size() - size);
    ASSERT_EQ(crc32c(part), slowly(part)) << size;
  }
}

}  // namespace
}  // namespace culver::p2p
