// The two clocks: the steady one that machines are driven by, and the one on the wall.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>

#include "core/base/env.hpp"

namespace culver::host {

inline TimePoint now() { return std::chrono::steady_clock::now(); }

inline WallTime wall_now() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

/// ISO 8601 in UTC, to the second: 2025-01-31T23:59:59Z. Sorts as text, so a year has four digits:
/// a time beyond 9999 is shown as the last second of that year, one before 1970 as its first. Times
/// come from other people's clocks, and the system's clock counts nanoseconds, as far as 2262 only.
inline std::string iso8601(WallTime time) {
  constexpr WallTime last = 253'402'300'799'999;
  const std::time_t seconds = std::clamp<WallTime>(time, 0, last) / 1'000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[sizeof "YYYY-MM-DDTHH:MM:SSZ"];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

/// What iso8601() has written, to the second; 0 for anything else.
inline WallTime time_of(const std::string& iso8601) {
  std::tm utc{};
  const char* end = strptime(iso8601.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return end && *end == '\0' ? WallTime{timegm(&utc)} * 1'000 : 0;
}

inline std::string utc_now() { return iso8601(wall_now()); }

}  // namespace culver::host
