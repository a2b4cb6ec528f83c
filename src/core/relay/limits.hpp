// How much one client, one address and all of them together may ask of the server, and how long
// the server waits for anything. Values with defaults; the tests shorten them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/base/env.hpp"

namespace culver::relay {

/// `count` events in any window of this length; all of them may come at once.
struct Rate {
  std::uint32_t count;
  Duration window;
};

struct Limits {
  std::size_t connections = 10'000;
  std::size_t connections_per_address = 50;
  /// Connections above the limit of their address that are still told so by a close frame; the
  /// ones beyond are cut at the door.
  std::size_t refusals_per_address = 8;

  Rate messages_per_socket{100, std::chrono::seconds(60)};
  Rate messages_per_address{3'000, std::chrono::seconds(60)};
  Rate registers_per_address{120, std::chrono::seconds(60)};
  Rate pair_requests_per_socket{10, std::chrono::seconds(60)};
  Rate pair_requests_per_address{60, std::chrono::seconds(60)};
  /// Addresses remembered at once, so that reconnecting does not reset what they used up.
  std::size_t addresses = 65'536;

  std::size_t pending_per_target = 10;
  std::size_t matches_per_code = 256;

  Duration upgrade = std::chrono::seconds(10);  ///< from accept to the end of the HTTP upgrade
  Duration registration = std::chrono::seconds(15);
  Duration ping_interval = std::chrono::seconds(30);  ///< silent for two: dropped
  Duration pair_expiry = std::chrono::seconds(120);
  Duration pair_warning = std::chrono::seconds(90);
  /// How long a lost socket's code and matches wait for the same key to come back.
  Duration reconnect_grace = std::chrono::seconds(10);
};

/// What is left of a rate: the generic cell rate algorithm, which needs one instant per counter.
class Allowance {
 public:
  bool take(const Rate& rate, TimePoint now) {
    const auto next = std::max(used_until_, now) + rate.window / rate.count;
    if (next - now > rate.window) return false;
    used_until_ = next;
    return true;
  }

 private:
  TimePoint used_until_{};
};

}  // namespace culver::relay
