// A seeded generator and the names that the tests of signaling share.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/strong.hpp"

namespace culver::signaling::testing {

class SeededRng {
 public:
  explicit SeededRng(std::uint64_t seed) : engine_(seed), rng_(&fill, &engine_) {}
  SeededRng(const SeededRng&) = delete;
  SeededRng& operator=(const SeededRng&) = delete;
  Rng& rng() { return rng_; }

 private:
  static void fill(void* engine, std::span<std::byte> out) {
    for (auto& byte : out)
      byte = static_cast<std::byte>((*static_cast<std::mt19937_64*>(engine))() & 0xff);
  }
  std::mt19937_64 engine_;
  Rng rng_;
};

inline PairingCode code(std::string_view text) { return PairingCode::parse(text).value(); }
inline const PairingCode ana = code("BBBBBB");
inline const PairingCode bob = code("CCCCCC");

inline PublicKey key_of(std::uint8_t seed) {
  PublicKey key;
  key.data.fill(static_cast<std::byte>(seed));
  return key;
}

/// The alternatives of kind T, in order.
template <class T, class Variant>
std::vector<T> all(const std::vector<Variant>& effects) {
  std::vector<T> found;
  for (const auto& effect : effects)
    if (const auto* one = std::get_if<T>(&effect)) found.push_back(*one);
  return found;
}

}  // namespace culver::signaling::testing
