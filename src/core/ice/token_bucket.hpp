// How much is sent to those who have not shown that they want it: a peer that names addresses of
// others must not make a tool of us, however often it begins anew. What is used up comes back
// slowly, so that a connection of days can restart.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/base/env.hpp"

namespace culver::ice {

class TokenBucket {
 public:
  struct Terms {
    std::size_t datagrams;   ///< at most at once
    std::size_t bytes_each;  ///< on average
    Duration interval;       ///< after which there is one more
  };
  constexpr explicit TokenBucket(Terms terms)
      : terms_(terms), datagrams_(terms.datagrams), bytes_(terms.datagrams * terms.bytes_each) {}

  /// False: it must not be sent.
  bool spend(std::size_t bytes, TimePoint now) {
    refill(now);
    if (datagrams_ == 0 || bytes_ < bytes) return false;
    --datagrams_;
    bytes_ -= bytes;
    return true;
  }

 private:
  void refill(TimePoint now) {
    if (now < since_ + terms_.interval) return;
    const auto passed = static_cast<std::size_t>((now - since_) / terms_.interval);
    const auto more = std::min(passed, terms_.datagrams);
    datagrams_ = std::min(datagrams_ + more, terms_.datagrams);
    bytes_ = std::min(bytes_ + more * terms_.bytes_each, terms_.datagrams * terms_.bytes_each);
    since_ += terms_.interval * static_cast<Duration::rep>(passed);
  }

  Terms terms_;
  std::size_t datagrams_, bytes_;
  TimePoint since_{};
};

}  // namespace culver::ice
