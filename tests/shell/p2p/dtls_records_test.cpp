#include "shell/p2p/dtls_records.hpp"

#include <gtest/gtest.h>

namespace culver::p2p {
namespace {

ByteVector record(unsigned type, unsigned epoch, std::size_t body, std::size_t claimed) {
  ByteVector bytes(13 + body, std::byte{0x5a});
  bytes[0] = static_cast<std::byte>(type);
  bytes[1] = std::byte{0xfe};
  bytes[2] = std::byte{0xfd};
  bytes[3] = static_cast<std::byte>(epoch >> 8);
  bytes[4] = static_cast<std::byte>(epoch);
  bytes[11] = static_cast<std::byte>(claimed >> 8);
  bytes[12] = static_cast<std::byte>(claimed);
  if (type == 20 && body > 0) bytes[13] = std::byte{1};
  return bytes;
}
ByteVector record(unsigned type, unsigned epoch, std::size_t body) {
  return record(type, epoch, body, body);
}

ByteVector operator+(ByteVector a, const ByteVector& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

constexpr RecordRules connecting{false, gcm_overhead}, gcm{true, gcm_overhead},
    chacha{true, chacha_overhead};

ByteVector left_of(const ByteVector& datagram, RecordRules rules) {
  ByteVector room;
  const auto left = admitted(datagram, rules, room);
  return {left.begin(), left.end()};
}
bool passes(const ByteVector& datagram, RecordRules rules) {
  return left_of(datagram, rules) == datagram;
}
bool dropped(const ByteVector& datagram, RecordRules rules) {
  return left_of(datagram, rules).empty();
}

TEST(DtlsRecords, AProtectedOneHoldsNonceAndTag) {
  for (unsigned type : {21u, 22u, 23u}) {
    for (std::size_t body = 0; body < gcm_overhead; ++body) {
      EXPECT_TRUE(dropped(record(type, 1, body), gcm)) << type << ' ' << body;
      EXPECT_TRUE(dropped(record(type, 1, body), connecting)) << type << ' ' << body;
      EXPECT_EQ(dropped(record(type, 1, body), chacha), body < chacha_overhead) << body;
    }
    EXPECT_TRUE(passes(record(type, 1, gcm_overhead), gcm));
    EXPECT_TRUE(passes(record(type, 1, gcm_overhead), connecting));
  }
}

TEST(DtlsRecords, AlertsInTheClearAreNobodys) {
  EXPECT_TRUE(dropped(record(21, 0, 2), connecting));
  EXPECT_TRUE(dropped(record(21, 0, 2), gcm));
  EXPECT_TRUE(dropped(record(21, 0, 200), connecting));
}

TEST(DtlsRecords, InTheClearOnlyTheHandshakePassesAndOnlyWhileItLasts) {
  EXPECT_TRUE(passes(record(22, 0, 60), connecting));
  EXPECT_TRUE(passes(record(20, 0, 1), connecting));
  EXPECT_TRUE(dropped(record(20, 0, 2), connecting));
  EXPECT_TRUE(dropped(record(22, 0, 11), connecting)) << "a handshake has a header";
  EXPECT_TRUE(dropped(record(23, 0, 60), connecting));
  for (unsigned type : {20u, 22u, 23u}) EXPECT_TRUE(dropped(record(type, 0, 60), gcm)) << type;
}

TEST(DtlsRecords, NoOtherKindsEpochsAndVersions) {
  for (unsigned type : {20u, 24u, 25u, 32u, 63u}) EXPECT_TRUE(dropped(record(type, 1, 60), gcm));
  for (unsigned epoch : {2u, 3u, 256u, 65'535u}) EXPECT_TRUE(dropped(record(23, epoch, 60), gcm));
  auto tls = record(23, 1, 60);
  tls[1] = std::byte{3};
  EXPECT_TRUE(dropped(tls, gcm));
}

TEST(DtlsRecords, TheGoodOnesOfADatagramStayInOrder) {
  const auto one = record(23, 1, 40), two = record(22, 1, 50), bad = record(23, 1, 4);
  EXPECT_TRUE(passes(one + two, gcm));
  EXPECT_EQ(left_of(bad + one + bad + two + bad, gcm), one + two);
  EXPECT_EQ(left_of(record(22, 0, 60) + record(21, 0, 2) + record(22, 1, 40), connecting),
            record(22, 0, 60) + record(22, 1, 40));
}

TEST(DtlsRecords, AWrongLengthEndsTheDatagram) {
  const auto one = record(23, 1, 40);
  EXPECT_EQ(left_of(one + record(23, 1, 40, 41), gcm), one);
  EXPECT_EQ(left_of(one + record(23, 1, 40, 65'535) + one, gcm), one);
  for (std::size_t size = 0; size < one.size(); ++size)
    EXPECT_TRUE(
        dropped(ByteVector(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(size)), gcm))
        << size;
  EXPECT_TRUE(dropped(record(23, 1, 18'433), gcm));
  EXPECT_TRUE(passes(record(23, 1, 18'432), gcm));
}

}  // namespace
}  // namespace culver::p2p
