// Frames of version 1 that the store has not answered for: another process of this data folder may
// have taken them. What came of one waits, and what comes behind it.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/connection/words.hpp"

namespace culver::engine {

class UnkeptFrames {
 public:
  /// No more is read above the first, and again below the second.
  static constexpr std::size_t high = 64;
  static constexpr std::size_t low = 16;

  bool empty() const { return frames_.empty(); }
  bool is_high() const { return frames_.size() > high; }
  bool is_low() const { return frames_.size() < low; }
  /// Until when the store has to answer for the first.
  std::optional<TimePoint> deadline() const {
    return frames_.empty() ? std::nullopt : std::optional(until_);
  }

  void add(const Nonce& nonce, TimePoint until) {
    if (frames_.empty()) until_ = until;
    frames_.push_back({nonce, false, {}});
  }
  /// Comes behind what was added last.
  void wait(connection::Effect effect) { frames_.back().then.push_back(std::move(effect)); }
  /// Whether it was waited for.
  [[nodiscard]] bool keep(const Nonce& nonce) {
    const auto frame = std::ranges::find(frames_, nonce, &Frame::nonce);
    if (frame != frames_.end()) frame->is_kept = true;
    return frame != frames_.end();
  }
  /// What waited for the first, if the store has that. The next is to be answered for by `until`.
  [[nodiscard]] std::optional<connection::Effects> take(TimePoint until) {
    if (frames_.empty() || !frames_.front().is_kept) return std::nullopt;
    auto then = std::move(frames_.front().then);
    frames_.pop_front();
    until_ = until;
    return then;
  }
  void clear() { frames_.clear(); }

 private:
  struct Frame {
    Nonce nonce;
    bool is_kept;
    connection::Effects then;
  };
  std::deque<Frame> frames_;
  TimePoint until_{};
};

}  // namespace culver::engine
