// How long to wait before the next try: doubling, capped, with full jitter, so that the clients of
// a server that restarts do not come back all at once.
#pragma once

#include <algorithm>
#include <chrono>

#include "core/base/env.hpp"

namespace culver::signaling {

inline constexpr Duration backoff_base = std::chrono::seconds(1);
inline constexpr Duration backoff_cap = std::chrono::seconds(60);

/// The longest wait after `failures` tries that came to nothing since the last good time.
constexpr Duration backoff_ceiling(unsigned failures) {
  Duration ceiling = backoff_base;
  for (unsigned i = 0; i < failures && ceiling < backoff_cap; ++i) ceiling *= 2;
  return std::min(ceiling, backoff_cap);
}

/// Uniform between nothing and the ceiling.
inline Duration backoff(unsigned failures, Rng& rng) {
  const std::chrono::duration<double> ceiling = backoff_ceiling(failures);
  return std::chrono::duration_cast<Duration>(ceiling * rng.unit());
}

}  // namespace culver::signaling
