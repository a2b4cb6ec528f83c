// Points and tokens: Zajel's known answers, and what must hold of any two peers.
#include "core/signaling/rendezvous_points.hpp"

#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/core/vectors_support.hpp"
#include "tests/core/wire/generators_support.hpp"

namespace culver::signaling {
namespace {

using namespace std::chrono_literals;
using culver::testing::hex_at;
using Three = std::array<std::string, 3>;

/// 2026-02-18T23:30:00Z, the time of the vectors.
constexpr auto evening = std::chrono::sys_days(std::chrono::year(2026) / 2 / 18) + 23h + 30min;
constexpr WallTime recorded =
    std::chrono::duration_cast<std::chrono::milliseconds>(evening.time_since_epoch()).count();

Three three_at(const boost::json::value& object, std::string_view key) {
  const auto& list = object.at(key).as_array();
  return {std::string(list.at(0).as_string()), std::string(list.at(1).as_string()),
          std::string(list.at(2).as_string())};
}

TEST(RendezvousPoints, AreThoseOfZajel) {
  const auto vectors = culver::testing::shared_json("vectors/zajel.json");
  SKIP_UNLESS(vectors);
  const auto& keys = vectors->at("keys");
  const auto alice = *PublicKey::from(hex_at(keys.at("alice_identity"), "public"));
  const auto bob = *PublicKey::from(hex_at(keys.at("bob_identity"), "public"));
  const auto& expected = vectors->at("meeting_points");
  EXPECT_EQ(daily_points(alice, bob, recorded), three_at(expected, "daily_from_public_keys"));
  EXPECT_EQ(daily_points(bob, alice, recorded), three_at(expected, "daily_from_public_keys"));
  const auto secret =
      culver::testing::secret_from<32>(hex_at(vectors->at("v1_session"), "session_key"));
  EXPECT_EQ(hourly_tokens(secret, recorded), three_at(expected, "hourly_from_v1_session_key"));
}

/// Without the folder of vectors: computed once with Python's hashlib and hmac.
TEST(RendezvousPoints, OfKnownKeys) {
  PublicKey zeros, ones;
  ones.data.fill(std::byte{1});
  const auto day = std::chrono::sys_days(std::chrono::year(2024) / 2 / 29);
  EXPECT_EQ(daily_point(ones, zeros, day), "day_mKEHqqJK_EzHqGWXeSXnyS");
  const auto secret = culver::testing::secret_from<32>(ones.view());
  EXPECT_EQ(hourly_token(secret, day + 7h), "hr_eccCFydJBxqrUF__xUQPvl");
}

TEST(RendezvousPoints, CrossMidnightAndTheEndOfTheYear) {
  PublicKey one, other;
  other.data.fill(std::byte{7});
  constexpr WallTime second = 1'000, day = 86'400 * second;
  const auto new_year = std::chrono::sys_days(std::chrono::year(2027) / 1 / 1);
  const WallTime midnight =
      std::chrono::duration_cast<std::chrono::milliseconds>(new_year.time_since_epoch()).count();
  const auto before = daily_points(one, other, midnight - 1);
  const auto after = daily_points(one, other, midnight);
  EXPECT_EQ(before[1], daily_point(one, other, new_year - std::chrono::days(1)));
  EXPECT_EQ(after[0], before[1]);
  EXPECT_EQ(after[1], before[2]);
  EXPECT_EQ(daily_points(one, other, midnight + day - 1), after);
  EXPECT_EQ(std::set<std::string>(after.begin(), after.end()).size(), 3u);

  const Secret<32> secret;
  const auto last_hour = hourly_tokens(secret, midnight - 1);
  const auto first_hour = hourly_tokens(secret, midnight);
  EXPECT_EQ(first_hour[0], last_hour[1]);
  EXPECT_EQ(first_hour[1], last_hour[2]);
}

RC_GTEST_PROP(RendezvousPoints, AreTheSameForBothAndFitTheWire, ()) {
  const auto one = *culver::testing::fixed_bytes<PublicKey>();
  const auto other = *culver::testing::fixed_bytes<PublicKey>();
  const auto now = *rc::gen::inRange<WallTime>(0, 4'102'444'800'000);
  const auto points = daily_points(one, other, now);
  RC_ASSERT(points == daily_points(other, one, now));
  const auto tokens = hourly_tokens(culver::testing::secret_from<32>(one.view()), now);
  constexpr std::string_view base64url =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const auto& point : points) {
    RC_ASSERT(point.substr(0, 4) == "day_");
    RC_ASSERT(point.size() == 26U);
    RC_ASSERT(point.find_first_not_of(base64url, 4) == std::string::npos);
  }
  for (const auto& token : tokens) {
    RC_ASSERT(token.substr(0, 3) == "hr_");
    RC_ASSERT(token.size() == 25U);
    RC_ASSERT(token.find_first_not_of(base64url, 3) == std::string::npos);
  }
}

}  // namespace
}  // namespace culver::signaling
