// Records that came by a way on which the peer has not answered yet: a browser's first flight may
// overtake the answer to our check. They wait, bounded, and are data once the way is known to lead
// to the peer.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "core/base/env.hpp"
#include "core/ice/events.hpp"
#include "shell/p2p/path.hpp"

namespace culver::p2p {

class EarlyData {
 public:
  static constexpr std::size_t most_ways = 16;
  static constexpr std::size_t most_of_a_way = 8;                 ///< datagrams: a flight has fewer
  static constexpr std::size_t most_bytes = 1'500;                ///< of a datagram
  static constexpr Duration lifetime = std::chrono::seconds(10);  ///< of a way

  /// A way too many takes the place of the oldest: a stranger who speaks from many must not keep
  /// the peer out.
  void keep(const ice::Way& way, Datagram datagram, TimePoint now);
  bool empty() const { return ways_.empty(); }
  /// Takes out what came by the ways that lead to the peer, in order, and forgets what is too old.
  std::vector<ByteVector> take(const std::function<bool(const ice::Way&)>& leads_to_peer,
                               TimePoint now);

 private:
  struct Waiting {
    ice::Way way;
    TimePoint since;
    std::vector<ByteVector> datagrams;
  };
  std::deque<Waiting> ways_;  // by the time of the first datagram
};

}  // namespace culver::p2p
