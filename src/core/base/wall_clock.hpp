// Which time it is, for what two machines have to agree on: the server's, once it has told it, and
// our own until then. It reads no clock.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "core/base/env.hpp"

namespace culver {

/// Since the machine was started, times of sleep included: nobody can set it.
using Uptime = std::chrono::milliseconds;

class WallClock {
 public:
  /// Two clocks that differ by less are both right.
  static constexpr std::chrono::milliseconds tolerance = std::chrono::minutes(5);

  /// The server has just said that it is so late.
  void heard(WallTime server, Uptime now) { server_ = Heard{server, now}; }
  bool is_servers() const { return server_.has_value(); }

  WallTime at(Uptime now, WallTime own) const {
    return server_ ? server_->time + (now - server_->at).count() : own;
  }
  /// How far our own clock is before the server's; negative: behind it. Nothing within tolerance.
  std::optional<std::chrono::milliseconds> ahead(Uptime now, WallTime own) const {
    const std::chrono::milliseconds difference(own - at(now, own));
    if (difference < tolerance && -difference < tolerance) return std::nullopt;
    return difference;
  }
  /// Whether our own clock was set since the last call.
  bool has_stepped(Uptime now, WallTime own) {
    const WallTime started = own - now.count();
    const auto before = std::exchange(started_, started);
    if (!before) return false;
    const std::chrono::milliseconds step(started - *before);
    return step >= tolerance || -step >= tolerance;
  }

 private:
  struct Heard {
    WallTime time;
    Uptime at;
  };
  std::optional<Heard> server_;
  std::optional<WallTime> started_;  ///< when the machine was, by our own clock
};

}  // namespace culver
