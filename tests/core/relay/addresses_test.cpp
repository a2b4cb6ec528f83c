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

/// What one address may ask in a while, and which limit says how often.
struct Kind {
  const char* name;
  Rate Limits::*rate;
  bool (Addresses::*take)(const Address&, TimePoint);
};
constexpr Kind kinds[] = {
    {"messages", &Limits::messages_per_address, &Addresses::take_message},
    {"registers", &Limits::registers_per_address, &Addresses::take_register},
    {"pair requests", &Limits::pair_requests_per_address, &Addresses::take_pair_request},
    {"handshakes", &Limits::handshakes_per_address, &Addresses::take_handshake},
    {"link tries", &Limits::link_tries, &Addresses::take_link_try},
    {"admin requests", &Limits::admin_requests_per_address, &Addresses::take_admin_request},
};

TEST(Addresses, EachKindOfRequestHasItsOwnAllowance) {
  for (const auto& kind : kinds) {
    SCOPED_TRACE(kind.name);
    Limits limits;
    for (const auto& any : kinds) limits.*any.rate = {100, 10s};
    limits.*kind.rate = {3, 10s};
    Addresses addresses{limits};
    addresses.open("a", start);
    addresses.open("b", start);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE((addresses.*kind.take)("a", start));
    EXPECT_FALSE((addresses.*kind.take)("a", start));
    EXPECT_TRUE((addresses.*kind.take)("b", start)) << "another address pays";
    for (const auto& other : kinds)
      EXPECT_EQ((addresses.*other.take)("a", start), other.take != kind.take) << other.name;
    EXPECT_TRUE((addresses.*kind.take)("a", start + 10s));
  }
}

TEST(Addresses, WhoHasNoSocketIsGrantedNothing) {
  Addresses addresses{Limits{}};
  for (const auto& kind : kinds) EXPECT_FALSE((addresses.*kind.take)("a", start)) << kind.name;
  EXPECT_EQ(addresses.size(), 0u);
}

/// An entry is dropped only when none of its allowances would be any less whole for it.
TEST(Addresses, RemembersForTheLongestOfItsWindows) {
  for (const auto& kind : kinds) {
    SCOPED_TRACE(kind.name);
    Limits limits;
    for (const auto& any : kinds) limits.*any.rate = {1, 1s};
    limits.*kind.rate = {1, 100s};
    Addresses addresses{limits};
    addresses.open("a", start);
    EXPECT_TRUE((addresses.*kind.take)("a", start));
    addresses.close("a", start);
    addresses.sweep(start + 99s);
    addresses.open("a", start + 99s);
    EXPECT_FALSE((addresses.*kind.take)("a", start + 99s)) << "reconnecting made it whole";
  }
}

TEST(Addresses, ClosingMoreThanWasOpenedChangesNothing) {
  Addresses addresses{Limits{}};
  addresses.close("a", start);
  addresses.open("a", start);
  addresses.close("a", start);
  addresses.close("a", start);
  EXPECT_EQ(addresses.sockets("a"), 0u);
  addresses.open("a", start);
  EXPECT_EQ(addresses.sockets("a"), 1u);
}

TEST(Addresses, ThoseWithSocketsAreNeverForgotten) {
  Limits limits;
  limits.addresses = 1;
  limits.handshakes_per_address = {1, 60s};
  Addresses addresses{limits};
  for (const auto* address : {"a", "b", "c"}) addresses.open(address, start);
  EXPECT_TRUE(addresses.take_handshake("a", start));
  addresses.sweep(start + 1h);
  EXPECT_EQ(addresses.size(), 3u);
  EXPECT_FALSE(addresses.take_handshake("a", start));
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
