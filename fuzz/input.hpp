// What every fuzz target has: its bytes, taken one after the other, and a condition that has to
// hold.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/base/bytes.hpp"

namespace culver::fuzz {

inline void require(bool condition) {
  if (!condition) std::abort();
}

struct Input {
  const std::uint8_t* at;
  const std::uint8_t* end;

  bool empty() const { return at == end; }
  /// 0 behind the end.
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : *at++; }
  std::size_t left(std::size_t most) const {
    return std::min(most, static_cast<std::size_t>(end - at));
  }
  ByteVector bytes(std::size_t most) {
    const auto size = left(most);
    const auto* first = reinterpret_cast<const std::byte*>(at);
    at += size;
    return {first, first + size};
  }
  /// As long as its first byte says.
  std::string text() {
    const auto size = left(byte());
    std::string taken(reinterpret_cast<const char*>(at), size);
    at += size;
    return taken;
  }
};

}  // namespace culver::fuzz
