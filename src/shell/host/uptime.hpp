// The clock that nobody can set.
#pragma once

#include <chrono>
#include <ctime>

#include "core/base/wall_clock.hpp"

namespace culver::host {

/// Also while the machine sleeps.
inline Uptime uptime() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::duration_cast<Uptime>(std::chrono::seconds(time.tv_sec) +
                                            std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace culver::host
