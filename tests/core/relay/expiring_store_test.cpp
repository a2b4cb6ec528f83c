// The store alone: replacing, withdrawing, expiring, and every bound.
#include "core/relay/expiring_store.hpp"

#include <random>

#include <gtest/gtest.h>

#include "tests/core/relay/parts_support.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using Words = ExpiringStore<int, std::string>;
constexpr ExpiringStoreLimits wide{1'000, 1'000'000, 1'000, 1'000, 1'000'000, 1'000, 1'000};

bool put(Words& store, const std::string& key, int owner, Address address = "home",
         std::size_t bytes = 1, TimePoint expires = start + 1h) {
  return store.put(key, owner, {"word", std::move(address), bytes, expires});
}

ExpiringStoreLimits with(std::size_t ExpiringStoreLimits::*limit, std::size_t value) {
  auto limits = wide;
  limits.*limit = value;
  return limits;
}

TEST(ExpiringStore, AnOwnerHasOneValueUnderAKey) {
  Words store(wide);
  ASSERT_TRUE(store.put("p", 1, {"first", "home", 5, start + 1h}));
  ASSERT_TRUE(store.put("p", 1, {"second", "away", 7, start + 2h}));
  ASSERT_EQ(store.at("p").size(), 1u);
  EXPECT_EQ(store.at("p").at(1).value, "second");
  EXPECT_EQ(store.bytes(), 7u);
  EXPECT_EQ(store.values_of("home"), 0u);
  EXPECT_EQ(store.values_of("away"), 1u);
  EXPECT_EQ(store.deadline(), start + 2h);
  EXPECT_TRUE(store.at("q").empty());
}

TEST(ExpiringStore, WithdrawTakesAllOfOneOwner) {
  Words store(wide);
  for (const auto* key : {"p", "q"})
    for (const int owner : {1, 2}) ASSERT_TRUE(put(store, key, owner));
  store.withdraw(1);
  store.withdraw(7);
  EXPECT_EQ(store.size(), 2u);
  EXPECT_FALSE(store.at("p").contains(1));
  EXPECT_TRUE(store.at("q").contains(2));
}

TEST(ExpiringStore, ForgetsWhatIsOver) {
  Words store(wide);
  ASSERT_TRUE(put(store, "p", 1, "home", 1, start + 1h));
  ASSERT_TRUE(put(store, "p", 2, "home", 1, start + 2h));
  store.sweep(start + 59min);
  EXPECT_EQ(store.size(), 2u);
  store.sweep(start + 1h);
  EXPECT_EQ(store.size(), 1u);
  EXPECT_EQ(store.deadline(), start + 2h);
  store.sweep(start + 2h);
  EXPECT_TRUE(store.entries().empty());
  EXPECT_EQ(store.bytes(), 0u);
  EXPECT_EQ(store.deadline(), std::nullopt);
}

TEST(ExpiringStore, IsBoundedInAll) {
  Words few(with(&ExpiringStoreLimits::values, 2));
  ASSERT_TRUE(put(few, "p", 1));
  ASSERT_TRUE(put(few, "q", 2));
  EXPECT_FALSE(put(few, "r", 3));
  EXPECT_TRUE(put(few, "q", 2)) << "replacing needs no more room";
  Words small(with(&ExpiringStoreLimits::bytes, 10));
  ASSERT_TRUE(put(small, "p", 1, "home", 6));
  EXPECT_FALSE(put(small, "q", 1, "away", 5));
  EXPECT_TRUE(put(small, "q", 1, "away", 4));
  EXPECT_FALSE(put(small, "p", 1, "home", 7));
  EXPECT_EQ(small.at("p").at(1).bytes, 6u) << "what did not fit has replaced nothing";
}

TEST(ExpiringStore, IsBoundedPerHolder) {
  Words store(with(&ExpiringStoreLimits::values_per_owner, 2));
  ASSERT_TRUE(put(store, "p", 1));
  ASSERT_TRUE(put(store, "q", 1));
  EXPECT_FALSE(put(store, "r", 1));
  EXPECT_TRUE(put(store, "p", 1));
  EXPECT_TRUE(put(store, "r", 2));
}

TEST(ExpiringStore, IsBoundedPerAddress) {
  Words few(with(&ExpiringStoreLimits::values_per_address, 2));
  ASSERT_TRUE(put(few, "p", 1));
  ASSERT_TRUE(put(few, "q", 2));
  EXPECT_FALSE(put(few, "r", 3));
  EXPECT_TRUE(put(few, "r", 3, "away"));
  EXPECT_TRUE(put(few, "p", 1));
  EXPECT_FALSE(put(few, "r", 3, "home")) << "it would come to an address that is full";
  EXPECT_TRUE(put(few, "s", 4, "")) << "nobody's";
  Words small(with(&ExpiringStoreLimits::bytes_per_address, 10));
  ASSERT_TRUE(put(small, "p", 1, "home", 8));
  EXPECT_FALSE(put(small, "q", 1, "home", 3));
  EXPECT_TRUE(put(small, "q", 1, "away", 3));
  EXPECT_TRUE(put(small, "p", 1, "home", 10)) << "what it replaces does not count";
}

TEST(ExpiringStore, IsBoundedPerPlace) {
  auto limits = wide;
  limits.owners_per_key = 3;
  limits.owners_per_key_and_address = 2;
  Words store(limits);
  ASSERT_TRUE(put(store, "p", 1));
  ASSERT_TRUE(put(store, "p", 2));
  EXPECT_FALSE(put(store, "p", 3));
  EXPECT_TRUE(put(store, "p", 2));
  EXPECT_TRUE(put(store, "p", 3, "away"));
  EXPECT_FALSE(put(store, "p", 4, "elsewhere"));
  EXPECT_TRUE(put(store, "q", 4, "elsewhere"));
}

TEST(ExpiringStore, CountsRightWhateverHappens) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](unsigned limit) { return static_cast<int>(random() % limit); };
    const ExpiringStoreLimits limits{12, 60, 4, 8, 40, 3, 2};
    Words store(limits);
    auto now = start;
    for (int i = 0; i < 300; ++i) {
      const auto key = std::string(1, static_cast<char>('a' + below(6)));
      const auto address = std::string(1, static_cast<char>('x' + below(3)));
      if (const auto what = below(10); what == 0)
        store.withdraw(below(6));
      else if (what == 1)
        store.sweep(now += std::chrono::minutes(below(20)));
      else
        std::ignore = put(store, key, below(6), address, static_cast<std::size_t>(below(12)),
                          now + std::chrono::minutes(below(60)));
      std::size_t values = 0, bytes = 0;
      std::map<Address, std::size_t> of_address;
      std::map<int, std::size_t> of_holder;
      for (const auto& [name, there] : store.entries()) {
        ASSERT_FALSE(there.empty()) << "seed " << seed << " step " << i;
        ASSERT_LE(there.size(), limits.owners_per_key) << "seed " << seed << " step " << i;
        for (const auto& [owner, kept] : there) {
          ++values;
          bytes += kept.bytes;
          ++of_address[kept.address];
          ++of_holder[owner];
        }
      }
      ASSERT_EQ(store.size(), values) << "seed " << seed << " step " << i;
      ASSERT_EQ(store.bytes(), bytes) << "seed " << seed << " step " << i;
      ASSERT_LE(values, limits.values) << "seed " << seed << " step " << i;
      ASSERT_LE(bytes, limits.bytes) << "seed " << seed << " step " << i;
      for (const auto& [which, count] : of_address) {
        ASSERT_EQ(store.values_of(which), count) << "seed " << seed << " step " << i;
        ASSERT_LE(count, limits.values_per_address) << "seed " << seed << " step " << i;
      }
      for (const auto& [which, count] : of_holder)
        ASSERT_LE(count, limits.values_per_owner) << "seed " << seed << " step " << i;
    }
  }
}

}  // namespace
}  // namespace culver::relay
