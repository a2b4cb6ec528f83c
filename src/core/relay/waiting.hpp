// Frames of one connection that came while it could not be served: kept in order, within bounds.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/relay/limits.hpp"

namespace culver::relay {

class Waiting {
 public:
  /// False if there is no room; neither this frame nor any behind it is taken then.
  [[nodiscard]] bool push(std::string frame, const Limits& limits) {
    if (frames_.size() >= limits.waiting_frames || bytes_ + frame.size() > limits.waiting_bytes)
      is_over_ = true;
    if (is_over_) return false;
    bytes_ += frame.size();
    frames_.push_back(std::move(frame));
    return true;
  }
  std::vector<std::string> take() {
    bytes_ = 0;
    is_over_ = false;
    return std::exchange(frames_, {});
  }
  bool empty() const { return frames_.empty(); }

 private:
  std::vector<std::string> frames_;
  std::size_t bytes_ = 0;
  bool is_over_ = false;
};

}  // namespace culver::relay
