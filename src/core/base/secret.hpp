// Secret<N>: key material that is moved, never copied, wiped on move and death, and neither
// compared nor printed. `expose()` is the only way in; grep for it to see every use.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include <string.h>  // explicit_bzero

namespace culver {

template <std::size_t N>
class Secret {
 public:
  static constexpr std::size_t size = N;

  Secret() = default;
  explicit Secret(std::span<const std::byte, N> bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  std::span<const std::byte, N> expose() const { return bytes_; }
  std::span<std::byte, N> expose_to_fill() { return bytes_; }

 private:
  void wipe() noexcept { explicit_bzero(bytes_.data(), N); }
  std::array<std::byte, N> bytes_{};
};

}  // namespace culver
