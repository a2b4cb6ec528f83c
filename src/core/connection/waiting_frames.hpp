// Frames of a connection that wait: those on `files` that came before the peer was proven, which
// may overtake what is on `messages`, and those that cannot be opened before it is known what was
// taken.
#pragma once

#include <vector>

#include "core/connection/events.hpp"

namespace culver::connection {

class WaitingFrames {
 public:
  /// More than this is refused. Each frame counts with what it costs to keep, so that empty ones
  /// are bounded as well.
  static constexpr std::size_t most_bytes = 1 << 20;
  static constexpr std::size_t cost_of_a_frame = 256;

  /// False if there were too many before, and then it is not kept.
  [[nodiscard]] bool keep(ChannelData frame) {
    if (bytes_ > most_bytes) return false;
    bytes_ += frame.bytes.size() + cost_of_a_frame;
    frames_.push_back(std::move(frame));
    return true;
  }
  bool empty() const { return frames_.empty(); }
  std::vector<ChannelData> take() && { return std::move(frames_); }

 private:
  std::vector<ChannelData> frames_;
  std::size_t bytes_ = 0;
};

}  // namespace culver::connection
