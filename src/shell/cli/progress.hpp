// The progress of one file as one line: name, percent, bar, amounts, rate and time left.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/env.hpp"

namespace culver::cli {

class Progress {
 public:
  static constexpr auto stall = std::chrono::seconds(5);

  Progress(std::string name, std::uint64_t total, TimePoint start)
      : name_(std::move(name)), total_(total), moved_(start), mark_(start) {}

  void advance(std::uint64_t done, TimePoint now);
  /// At most `columns` wide, so that it never wraps. On a narrow screen the bar goes first, then
  /// the time, the rate and the amounts.
  std::string line(std::size_t columns, TimePoint now) const;
  /// Nothing has come for so long that it is worth a word.
  bool is_stalled(TimePoint now) const { return now - moved_ >= stall; }

 private:
  std::string name_;  ///< printable
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  double rate_ = 0;  ///< bytes per second, smoothed
  TimePoint moved_;  ///< when more had come
  TimePoint mark_;   ///< when the rate was last taken
  std::uint64_t done_at_mark_ = 0;
};

}  // namespace culver::cli
