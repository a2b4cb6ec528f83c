#include "core/ice/priority.hpp"

#include <gtest/gtest.h>

#include "tests/core/ice/endpoint_support.hpp"

namespace culver::ice {
namespace {

using wire::sdp::CandidateType;

TEST(Priority, IsThatOfTheExampleInRfc8445) {
  EXPECT_EQ(candidate_priority(CandidateType::host, 65535), 2130706431U);
  EXPECT_EQ(candidate_priority(CandidateType::server_reflexive, 65535), 1694498815U);
  EXPECT_EQ(candidate_priority(CandidateType::peer_reflexive, 65535), 1862270975U);
  EXPECT_EQ(candidate_priority(CandidateType::relayed, 65535), 16777215U);
}

TEST(Priority, OfAPairUsesAll64Bits) {
  // 2^32 * 1694498815 + 2 * 2130706431, and one more if the controlling agent's is the larger.
  EXPECT_EQ(pair_priority(1694498815, 2130706431), 7277816997797167102U);
  EXPECT_EQ(pair_priority(2130706431, 1694498815), 7277816997797167103U);
  EXPECT_EQ(pair_priority(5, 5), (std::uint64_t{5} << 32) + 10);
}

TEST(LocalPreferences, TakeTheFamiliesInTurnAndLoopbackLast) {
  LocalPreferences preferences;
  const auto v4 = preferences.next(at("192.0.2.1"));
  const auto loopback = preferences.next(at("127.0.0.1"));
  const auto v6 = preferences.next(at("2001:db8::1"));
  const auto second_v4 = preferences.next(at("192.0.2.2"));
  const auto second_v6 = preferences.next(at("2001:db8::2"));
  EXPECT_EQ(v6, 65535);
  EXPECT_GT(v6, v4);
  EXPECT_GT(v4, second_v6);
  EXPECT_GT(second_v6, second_v4);
  EXPECT_GT(second_v4, loopback);
}

TEST(LocalPreferences, NeverWrap) {
  LocalPreferences preferences;
  auto last = preferences.next(at("192.0.2.1"));
  for (int i = 0; i < 40'000; ++i) {
    const auto next = preferences.next(at("192.0.2.1"));
    ASSERT_LE(next, last);
    last = next;
  }
}

}  // namespace
}  // namespace culver::ice
