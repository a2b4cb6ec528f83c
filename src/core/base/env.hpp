// What a step of a machine is given from the world: the time and randomness.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/secret.hpp"

namespace culver {

/// Monotonic time as the shell read it; core never reads a clock.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
/// Milliseconds since 1970, UTC, as the shell read them. For people, and for what must expire also
/// while no process runs; every wait is measured by TimePoint.
using WallTime = std::int64_t;

/// Randomness handed in by the owner of the machine: the system's generator in the product, a
/// seeded one in tests. It must outlive the call only.
class Rng {
 public:
  using Fill = void (*)(void* context, std::span<std::byte> out);
  Rng(Fill filler, void* context) : fill_(filler), context_(context) {}

  void fill(std::span<std::byte> out) { fill_(context_, out); }

  template <std::size_t N>
  std::array<std::byte, N> bytes() {
    std::array<std::byte, N> out{};
    fill(out);
    return out;
  }
  template <std::size_t N>
  Secret<N> secret() {
    Secret<N> out;
    fill(out.expose_to_fill());
    return out;
  }
  /// Uniform in [0, 1).
  double unit() {
    const auto random = bytes<4>();
    std::uint32_t value = 0;
    for (auto byte : random) value = value << 8 | std::to_integer<std::uint32_t>(byte);
    return value / 4294967296.0;
  }

 private:
  Fill fill_;
  void* context_;
};

struct Env {
  TimePoint now;
  Rng& rng;
  WallTime wall = 0;  ///< for whom dates matter
};

}  // namespace culver
