// The progress of one file as one line: name, percent, bar, amounts, rate and time left.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "core/base/env.hpp"

namespace culver::cli {

class Progress {
 public:
  static constexpr auto stall = std::chrono::seconds(5);

  Progress(std::string name, std::uint64_t total, TimePoint start)
      : name_(std::move(name)), total_(total), moved_(start), marks_{{start, 0}} {}

  void advance(std::uint64_t done, TimePoint now);
  /// At most `columns` wide, so that it never wraps. On a narrow screen the bar goes first, then
  /// the time, the rate and the amounts.
  std::string line(std::size_t columns, TimePoint now) const;
  /// Nothing has come for so long that it is worth a word.
  bool is_stalled(TimePoint now) const { return now - moved_ >= stall; }

 private:
  double rate(TimePoint now) const;  ///< bytes per second

  std::string name_;  ///< printable
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  TimePoint moved_;  ///< when more had come
  struct Mark {
    TimePoint at;
    std::uint64_t done;
  };
  std::deque<Mark> marks_;  ///< of the last seconds: the rate is that of this time alone
};

}  // namespace culver::cli
