// Hashing dates and hours.
#include "core/signaling/rendezvous_points.hpp"

#include <algorithm>
#include <string_view>

#include "core/crypto/hash.hpp"
#include "core/wire/base64.hpp"

namespace culver::signaling {
namespace {

using std::chrono::days;
using std::chrono::hours;
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

std::string padded(int number, std::size_t digits) {
  const auto text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

/// YYYY-MM-DD
std::string date(Day day) {
  const std::chrono::year_month_day calendar(day);
  return padded(static_cast<int>(calendar.year()), 4) + "-" +
         padded(static_cast<int>(static_cast<unsigned>(calendar.month())), 2) + "-" +
         padded(static_cast<int>(static_cast<unsigned>(calendar.day())), 2);
}

/// The first 22 characters: 132 bits. RFC 4648 section 5.
std::string shortened(const Digest& digest) {
  auto text = wire::base64::encode(digest.view()).substr(0, 22);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

Instant instant(WallTime wall) { return Instant(std::chrono::milliseconds(wall)); }

}  // namespace

std::string daily_point(const PublicKey& one, const PublicKey& other, Day day) {
  const auto& [first, second] = std::minmax(one, other);
  crypto::Sha256 hash;
  hash.update(first.view());
  hash.update(second.view());
  hash.update(as_bytes("zajel:daily:" + date(day)));
  return "day_" + shortened(std::move(hash).finish());
}

std::string secret_point(const Secret<32>& secret, Day day) {
  return "day_" +
         shortened(crypto::hmac_sha256(secret.expose(), as_bytes("culver:daily:" + date(day))));
}

std::string hourly_token(const Secret<32>& secret, Hour hour) {
  const auto day = std::chrono::floor<days>(hour);
  const auto text =
      "zajel:hourly:" + date(day) + "T" + padded(static_cast<int>((hour - day).count()), 2);
  return "hr_" + shortened(crypto::hmac_sha256(secret.expose(), as_bytes(text)));
}

std::array<std::string, 3> daily_points(const PublicKey& one, const PublicKey& other,
                                        WallTime now) {
  const auto today = std::chrono::floor<days>(instant(now));
  return {daily_point(one, other, today - days(1)), daily_point(one, other, today),
          daily_point(one, other, today + days(1))};
}

std::array<std::string, 3> secret_points(const Secret<32>& secret, WallTime now) {
  const auto today = std::chrono::floor<days>(instant(now));
  return {secret_point(secret, today - days(1)), secret_point(secret, today),
          secret_point(secret, today + days(1))};
}

std::array<std::string, 3> hourly_tokens(const Secret<32>& secret, WallTime now) {
  const auto hour = std::chrono::floor<hours>(instant(now));
  return {hourly_token(secret, hour - hours(1)), hourly_token(secret, hour),
          hourly_token(secret, hour + hours(1))};
}

}  // namespace culver::signaling
