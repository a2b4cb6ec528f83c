// Where two peers who know each other look for one another: texts that both can derive and nobody
// else can, to be brought to a server's rendezvous. Source: zajel-peer 1.6.
#pragma once

#include <array>
#include <chrono>
#include <string>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/secret.hpp"

namespace culver::signaling {

using Day = std::chrono::sys_days;                       ///< UTC
using Hour = std::chrono::sys_time<std::chrono::hours>;  ///< UTC

/// "day_" and 22 characters of base64url: SHA-256 of both keys, the smaller one first, and the
/// date. Whoever knows both public keys can derive it.
std::string daily_point(const PublicKey& one, const PublicKey& other, Day day);
/// The same of the date under a secret that only the two have: where two Culvers look for one
/// another.
std::string secret_point(const Secret<32>& secret, Day day);
/// "hr_" and 22 characters of base64url: HMAC-SHA256 of the hour under a secret that only the two
/// have, of an earlier session of theirs.
std::string hourly_token(const Secret<32>& secret, Hour hour);

/// Of yesterday, today and tomorrow: two clocks need not agree on the day.
std::array<std::string, 3> daily_points(const PublicKey& one, const PublicKey& other, WallTime now);
std::array<std::string, 3> secret_points(const Secret<32>& secret, WallTime now);
/// Of the hour before, this one and the next.
std::array<std::string, 3> hourly_tokens(const Secret<32>& secret, WallTime now);

}  // namespace culver::signaling
