// What the tests of both transfer machines need: a clock and a generator of their own, and short
// ways to look at effects.
#pragma once

#include <algorithm>
#include <random>
#include <variant>
#include <vector>

#include "core/base/env.hpp"
#include "core/transfer/events.hpp"

namespace culver::transfer::test {

inline constexpr std::size_t mib = 1 << 20;

/// A time that the test moves, and seeded randomness.
struct World {
  explicit World(std::uint32_t seed = 1) : generator(seed) {}
  World(const World&) = delete;

  std::mt19937 generator;
  Rng rng{&World::fill, this};
  Env env{TimePoint{} + std::chrono::hours(1), rng};

  void pass(Duration time) { env.now += time; }
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : generator() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  static void fill(void* context, std::span<std::byte> out) {
    auto& self = *static_cast<World*>(context);
    for (auto& byte : out) byte = static_cast<std::byte>(self.generator());
  }
};

inline wire::peer::FileId file_id() {
  std::array<std::byte, 16> random{};
  return wire::peer::FileId::from_random(random);
}

/// Bytes that repeat after 65,537 of them, so that no two chunks are alike.
inline ByteVector content(std::size_t size) {
  static const std::vector<std::byte> pool = [] {
    std::mt19937 generator(7);
    std::vector<std::byte> bytes(65'537);
    for (auto& byte : bytes) byte = static_cast<std::byte>(generator());
    return bytes;
  }();
  ByteVector bytes;
  bytes.reserve(size);
  while (bytes.size() < size) {
    const std::size_t part = std::min(pool.size(), size - bytes.size());
    bytes.insert(bytes.end(), pool.begin(), pool.begin() + static_cast<std::ptrdiff_t>(part));
  }
  return bytes;
}

template <class E>
std::size_t count(const Effects& effects) {
  return static_cast<std::size_t>(
      std::count_if(effects.begin(), effects.end(),
                    [](const Effect& effect) { return std::holds_alternative<E>(effect); }));
}
/// The first effect of this kind, or null.
template <class E>
const E* find(const Effects& effects) {
  for (const auto& effect : effects)
    if (const auto* found = std::get_if<E>(&effect)) return found;
  return nullptr;
}
/// The first envelope of this kind, or null.
template <class E>
const E* envelope(const Effects& effects) {
  for (const auto& effect : effects)
    if (const auto* sent = std::get_if<SendEnvelope>(&effect))
      if (const auto* found = std::get_if<E>(&sent->envelope)) return found;
  return nullptr;
}
inline std::optional<Fault> failure(const Effects& effects) {
  if (const auto* failed = find<Failed>(effects)) return failed->fault;
  return std::nullopt;
}

}  // namespace culver::transfer::test
