// Secret<N> and SecretBytes: key material that is moved, never copied, wiped on move and death, and
// neither compared nor printed. `expose()` is the only way in; grep for it to see every use.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

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

/// The same for a secret whose length is not ours to choose, such as a password.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::span<const std::byte> bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~SecretBytes() {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
  }

  SecretBytes copy() const { return SecretBytes(bytes_); }
  std::span<const std::byte> expose() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;  // never grows, so that no copy is left behind
};

}  // namespace culver
