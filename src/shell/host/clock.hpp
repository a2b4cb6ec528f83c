// The two clocks: the steady one that machines are driven by, and the one on the wall.
#pragma once

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

/// ISO 8601 in UTC, to the second: 2025-01-31T23:59:59Z. Sorts as text.
inline std::string iso8601(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[sizeof "YYYYY-MM-DDTHH:MM:SSZ"];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

inline std::string utc_now() { return iso8601(std::chrono::system_clock::now()); }

}  // namespace culver::host
