// Counting by address stays bounded, and outlives the sockets.
#include "core/relay/addresses.hpp"

#include <gtest/gtest.h>

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint start{std::chrono::hours(1)};

TEST(Addresses, CountsSockets) {
  Addresses addresses{Limits{}};
  addresses.open("a", start);
  addresses.open("a", start);
  addresses.close("a", start);
  EXPECT_EQ(addresses.sockets("a"), 1u);
  EXPECT_EQ(addresses.sockets("b"), 0u);
}

TEST(Addresses, RemembersWhatWasUsedUntilItIsWholeAgain) {
  Limits limits;
  limits.registers_per_address = {1, 60s};
  Addresses addresses{limits};
  addresses.open("a", start);
  EXPECT_TRUE(addresses.take_register("a", start));
  addresses.close("a", start);
  addresses.open("a", start + 59s);
  EXPECT_FALSE(addresses.take_register("a", start + 59s));
  EXPECT_TRUE(addresses.take_register("a", start + 60s));
  addresses.close("a", start + 60s);
  addresses.sweep(start + 119s);
  EXPECT_EQ(addresses.size(), 1u);
  addresses.sweep(start + 120s);
  EXPECT_EQ(addresses.size(), 0u);
}

TEST(Addresses, ForgetsTheLongestIdleWhenThereAreTooMany) {
  Limits limits;
  limits.addresses = 2;
  Addresses addresses{limits};
  for (const auto* address : {"a", "b", "c", "d"}) {
    addresses.open(address, start);
    addresses.close(address, start);
    EXPECT_LE(addresses.size(), 3u);
  }
  addresses.open("e", start);
  EXPECT_LE(addresses.size(), 3u);
  EXPECT_EQ(addresses.sockets("e"), 1u);
}

TEST(Allowance, GivesTheWholeRateAtOnceAndThenAsItRefills) {
  const Rate rate{10, 10s};
  Allowance allowance;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(allowance.take(rate, start));
  EXPECT_FALSE(allowance.take(rate, start));
  EXPECT_FALSE(allowance.take(rate, start + 999ms));
  EXPECT_TRUE(allowance.take(rate, start + 1s));
  EXPECT_FALSE(allowance.take(rate, start + 1s));
}

}  // namespace
}  // namespace culver::relay
