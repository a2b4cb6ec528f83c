// The ways along which the peer has answered a check: whatever else comes there may be its data.
// They outlive their pairs, since a peer may go on along one that we have left.
#pragma once

#include <algorithm>
#include <deque>

#include "core/ice/events.hpp"

namespace culver::ice {

class ValidWays {
 public:
  /// Only the peer can make more of them. The oldest goes.
  static constexpr std::size_t most = 64;

  void add(const Way& way) {
    if (has(way)) return;
    if (ways_.size() >= most) ways_.pop_front();
    ways_.push_back(way);
  }
  bool has(const Way& way) const {
    return std::find(ways_.begin(), ways_.end(), way) != ways_.end();
  }
  /// The peer was there, whichever of our bases asked.
  bool leads_to(const Endpoint& there) const {
    return std::any_of(ways_.begin(), ways_.end(), [&](auto& way) { return way.from == there; });
  }
  template <class Matches>
  bool any(Matches matches) const {
    return std::any_of(ways_.begin(), ways_.end(), matches);
  }
  void remove(BaseId base) {
    std::erase_if(ways_, [&](const Way& way) { return way.base == base; });
  }

 private:
  std::deque<Way> ways_;
};

}  // namespace culver::ice
