// Whose turn it is at a terminal. A process in the background is stopped by the kernel when it
// reads there (SIGTTIN) or changes its settings (SIGTTOU), and everything that it does with it.
#pragma once

#include <chrono>

#include <sys/types.h>
#include <unistd.h>

namespace culver::host {

/// No shell tells a job that runs already that it is in the foreground now.
inline constexpr std::chrono::milliseconds foreground_poll{200};

/// A terminal that is not the controlling one stops nobody.
inline bool is_in_background(int terminal) {
  const pid_t front = tcgetpgrp(terminal);
  return front > 0 && front != getpgrp();
}

}  // namespace culver::host
