// Frames on `files` that came before the peer was proven: they may overtake what is on `messages`,
// and wait here, bounded.
#pragma once

#include <vector>

#include "core/base/bytes.hpp"

namespace culver::link {

class EarlyFrames {
 public:
  /// More than this is refused. Each frame counts with what it costs to keep, so that empty ones
  /// are bounded as well.
  static constexpr std::size_t most_bytes = 1 << 20;
  static constexpr std::size_t cost_of_a_frame = 256;

  /// False if there were too many before, and then it is not kept.
  [[nodiscard]] bool keep(ByteVector frame) {
    if (bytes_ > most_bytes) return false;
    bytes_ += frame.size() + cost_of_a_frame;
    frames_.push_back(std::move(frame));
    return true;
  }
  std::vector<ByteVector> take() && { return std::move(frames_); }

 private:
  std::vector<ByteVector> frames_;
  std::size_t bytes_ = 0;
};

}  // namespace culver::link
