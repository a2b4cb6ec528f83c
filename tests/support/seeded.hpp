// Randomness and time for tests: the same seed gives the same run.
#pragma once

#include <random>

#include "core/base/env.hpp"

namespace culver::test {

class SeededRng {
 public:
  explicit SeededRng(std::uint64_t seed) : engine_(seed), rng_(&fill, this) {}
  Rng& rng() { return rng_; }
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool chance(double probability) {
    return std::uniform_real_distribution<double>(0, 1)(engine_) < probability;
  }

 private:
  static void fill(void* self, std::span<std::byte> out) {
    for (auto& byte : out) byte = static_cast<std::byte>(static_cast<SeededRng*>(self)->engine_());
  }
  std::mt19937_64 engine_;
  Rng rng_;
};

}  // namespace culver::test
