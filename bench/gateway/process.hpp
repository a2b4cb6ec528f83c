// The server under load: where it is, and what its process has used.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "bench/gateway/device.hpp"
#include "core/wire/gateway.hpp"
#include "shell/host/clock.hpp"

namespace culver::bench {

struct Target {
  tcp::endpoint server;
  int pid = 0;
  unsigned version = wire::gateway::newest_version;
};

/// Connections, or handshakes, that are begun before the first of them is done.
inline constexpr std::size_t at_once = 64;

/// What all threads of the process have run, in seconds. The scheduler's own sum: the ticks of
/// /proc/PID/stat are too coarse for a thousand handshakes.
inline double cpu_of(int pid) {
  double sum = 0;
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream file(thread.path() / "schedstat");
    double nanoseconds = 0;
    file >> nanoseconds;
    sum += nanoseconds;
  }
  return sum / 1e9;
}

inline double resident_bytes(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

class Stopwatch {
 public:
  explicit Stopwatch(int pid) : pid_(pid), cpu_(cpu_of(pid)) {}
  double seconds() const { return std::chrono::duration<double>(host::now() - start_).count(); }
  double server_cpu() const { return cpu_of(pid_) - cpu_; }

 private:
  int pid_;
  double cpu_;
  TimePoint start_ = host::now();
};

}  // namespace culver::bench
