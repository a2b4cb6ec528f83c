// Codes of six digits: fair, unique, bounded, spent once, gone in time.
#include "core/relay/link_codes.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/core/relay/parts_support.hpp"
#include "tests/support/seeded.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;

LinkCodes::Offer offer_of(int number) {
  LinkCodes::Offer offer{};
  offer.user.data[0] = static_cast<std::byte>(number);
  offer.user.data[1] = static_cast<std::byte>(number >> 8);
  offer.device.data[0] = static_cast<std::byte>(number);
  return offer;
}

/// Always the same draw.
void stuck(void*, std::span<std::byte> out) {
  for (auto& byte : out) byte = std::byte{0};
}

TEST(LinkCodes, AreSixDigitsAndOpenOneAccountOnce) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(1);
  const auto code = codes.offer(offer_of(1), start, random.rng());
  ASSERT_TRUE(code);
  EXPECT_EQ(code->size(), 6u);
  EXPECT_EQ(code->find_first_not_of("0123456789"), std::string::npos);
  const auto taken = codes.take(*code, start);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->user, offer_of(1).user);
  EXPECT_FALSE(codes.take(*code, start));
  EXPECT_EQ(codes.deadline(), std::nullopt);
}

TEST(LinkCodes, ACollisionNeverOverwrites_S7) {
  LinkCodes codes{Limits{}};
  Rng rng(&stuck, nullptr);
  const auto first = codes.offer(offer_of(1), start, rng);
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, "000000");
  EXPECT_EQ(codes.offer(offer_of(2), start, rng).error(), Fault::too_many_link_codes);
  EXPECT_EQ(codes.take("000000", start)->user, offer_of(1).user);
}

TEST(LinkCodes, AreBoundedByAccountAndInAll) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(2);
  std::set<std::string> all;
  for (int i = 0; i < 3; ++i) all.insert(*codes.offer(offer_of(0), start, random.rng()));
  EXPECT_EQ(codes.offer(offer_of(0), start, random.rng()).error(), Fault::too_many_link_codes);
  for (int i = 3; i < 1'000; ++i) all.insert(*codes.offer(offer_of(i), start, random.rng()));
  EXPECT_EQ(all.size(), 1'000u);
  EXPECT_EQ(codes.offer(offer_of(5'000), start, random.rng()).error(), Fault::too_many_link_codes);
  codes.sweep(start + 300s);
  EXPECT_EQ(codes.size(), 0u);
}

TEST(LinkCodes, LiveForFiveMinutes) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(3);
  const auto code = *codes.offer(offer_of(1), start, random.rng());
  EXPECT_EQ(codes.deadline(), start + 300s);
  EXPECT_FALSE(codes.take(code, start + 300s));
  const auto other = *codes.offer(offer_of(1), start, random.rng());
  EXPECT_TRUE(codes.take(other, start + 300s - 1ns));
}

TEST(LinkCodes, GoWithTheDeviceThatOfferedThem) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(4);
  const auto mine = *codes.offer(offer_of(1), start, random.rng());
  const auto other = *codes.offer(offer_of(2), start, random.rng());
  codes.withdraw(offer_of(1).device);
  EXPECT_FALSE(codes.take(mine, start));
  EXPECT_TRUE(codes.take(other, start));
}

}  // namespace
}  // namespace culver::relay
