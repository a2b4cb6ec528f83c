// How long the server has run, and whether the clock on the wall went along. What is removed by its
// age is removed by the first: nobody sets it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/base/env.hpp"

namespace culver::relay {

/// Milliseconds that a server has run with its store, over all of its processes. It stands still
/// while none runs.
using RunTime = std::int64_t;

class RunClock {
 public:
  /// Before the first look: what earlier processes have run.
  void resume(RunTime before) { before_ = before; }

  RunTime ran(TimePoint now) {
    if (!began_) began_ = now;
    return before_ + in_milliseconds(now - *began_);
  }

  /// By how much the clock on the wall was set since the last look; none if it went along.
  std::optional<std::chrono::milliseconds> look(TimePoint now, WallTime wall) {
    const auto ahead = wall - in_milliseconds(now.time_since_epoch());
    const auto before = ahead_.value_or(ahead);
    ahead_ = ahead;
    const std::chrono::milliseconds step(ahead - before);
    if (step < smallest_step && -step < smallest_step) return std::nullopt;
    return step;
  }

  /// Less is what keeping the time right takes.
  static constexpr std::chrono::milliseconds smallest_step{500};

 private:
  static std::int64_t in_milliseconds(Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  }

  RunTime before_ = 0;
  std::optional<TimePoint> began_;
  std::optional<std::int64_t> ahead_;  ///< of the wall to the time that nobody sets
};

}  // namespace culver::relay
