// How often progress is told: every MiB or every hundredth of the file, whichever is rarer, and at
// the end.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/transfer/events.hpp"

namespace culver::transfer {

class ProgressMeter {
 public:
  /// `from`: what an earlier attempt has brought, and nobody needs to be told of.
  explicit ProgressMeter(std::uint64_t size, std::uint64_t from = 0)
      : step_(std::max<std::uint64_t>(std::uint64_t{1} << 20, size / 100)), next_(from + step_) {}

  void advance(std::uint64_t bytes, Effects& effects) {
    if (bytes < next_) return;
    effects.push_back(Progress{bytes});
    told_ = bytes;
    next_ = bytes + step_;
  }
  /// The same, for whoever tells it otherwise.
  bool is_due(std::uint64_t bytes) {
    if (bytes < next_) return false;
    next_ = bytes + step_;
    return true;
  }
  void end(std::uint64_t bytes, Effects& effects) {
    if (bytes > 0 && told_ == bytes) return;
    effects.push_back(Progress{bytes});
    told_ = bytes;
  }

 private:
  std::uint64_t step_;
  std::uint64_t next_;
  std::uint64_t told_ = 0;
};

}  // namespace culver::transfer
