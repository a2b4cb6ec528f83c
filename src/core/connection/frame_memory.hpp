// Which sealed frames of a peer were taken, so that none is taken twice. None is ever forgotten:
// what cannot be remembered any more is not taken.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_set>
#include <variant>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

namespace culver::connection {

struct NonceHash {
  std::size_t operator()(const Nonce& nonce) const noexcept;
};

/// The frames that were taken under a key which every connection with a peer has: version 1. Lives
/// with whoever owns the connections, longer than any of them, and is kept on the disk.
class SeenFrames {
 public:
  static constexpr std::size_t most = 1 << 20;

  /// Of a key under which nothing was taken before.
  static SeenFrames none() {
    SeenFrames none;
    none.state_ = Known{};
    return none;
  }
  /// What earlier connections have taken. Until then frames have to wait.
  void know(std::span<const Nonce> taken);
  /// What was taken cannot be read, or what is taken can no longer be kept.
  void lose() { state_ = Lost{}; }
  bool is_read() const { return !std::holds_alternative<Unread>(state_); }
  /// Faults: replayed, store_failed where it is not known what was taken, key_worn_out once there
  /// are `most`.
  Result<void> take(const Nonce& nonce);

 private:
  struct Unread {};
  struct Known {
    std::unordered_set<Nonce, NonceHash> taken;
  };
  struct Lost {};

  std::variant<Unread, Known, Lost> state_;
};

/// The frames of one connection with a key of its own. A peer that counts, as Culver does (8 bytes
/// that stay, 4 that count up, little-endian), needs a window alone: what is older than the window
/// counts as taken. Nonces of any other kind are all remembered.
class FrameMemory {
 public:
  static constexpr std::uint32_t window = 4096;

  Result<void> take(const Nonce& nonce);

 private:
  using Prefix = std::array<std::byte, 8>;

  std::optional<Prefix> prefix_;
  std::uint32_t newest_ = 0;
  std::bitset<window> taken_;  ///< of the numbers up to the newest, by number modulo window
  SeenFrames others_ = SeenFrames::none();
};

}  // namespace culver::connection
