// Time as this process has lived it. While it is stopped, or gets no processor, what others sent
// lies unread; by the steady clock all its deadlines would pass in that moment, and everybody would
// be dismissed for a silence that was its own.
#pragma once

#include "core/base/env.hpp"
#include "shell/host/clock.hpp"

namespace culver::host {

class LivedClock {
 public:
  /// A loop that wakes later than this after its deadline has not run in between.
  static constexpr Duration late = std::chrono::seconds(1);
  /// What is left of every deadline then, at least: enough to read what has come meanwhile.
  static constexpr Duration chance = std::chrono::seconds(2);

  /// The time at `steady`; `due` is the earliest deadline of the loop, in lived time.
  TimePoint at(TimePoint steady, TimePoint due) {
    const auto now = steady - not_lived_;
    if (due == TimePoint::max() || now - due <= late) return now;
    // A chance once for each: also where every turn of the loop is late, time goes on.
    const auto resumed = due - (extended_ == due ? Duration{} : chance);
    extended_ = due;
    not_lived_ += now - resumed;
    return resumed;
  }
  TimePoint now(TimePoint due) { return at(host::now(), due); }
  /// For timers.
  TimePoint steady(TimePoint lived) const {
    return lived == TimePoint::max() ? lived : lived + not_lived_;
  }
  /// How much was not lived, in all.
  Duration not_lived() const { return not_lived_; }

 private:
  Duration not_lived_{};
  TimePoint extended_{};  ///< the deadline that was given its chance last
};

}  // namespace culver::host
