// What the server has seen since it started, for whoever measures it. A closed set: nothing that a
// client says can make it grow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/fault.hpp"

namespace culver::relay {

/// One count per fault.
class FaultCounts {
 public:
  void add(Fault fault) { ++counts_[static_cast<std::size_t>(fault)]; }
  std::uint64_t of(Fault fault) const { return counts_[static_cast<std::size_t>(fault)]; }
  std::uint64_t all() const {
    std::uint64_t sum = 0;
    for (const auto count : counts_) sum += count;
    return sum;
  }

 private:
  std::array<std::uint64_t, fault_count> counts_{};
};

struct Counters {
  // Now.
  std::uint64_t connections = 0;
  std::uint64_t handshakes_under_way = 0;
  std::uint64_t sessions = 0;
  std::uint64_t accounts = 0;
  std::uint64_t questions = 0;  ///< that the store has not answered
  std::uint64_t dead_drops = 0;
  std::uint64_t dead_drop_bytes = 0;
  std::uint64_t rendezvous_tokens = 0;

  // Since the start.
  std::uint64_t handshakes = 0;
  std::array<std::uint64_t, 2> established{};  ///< by version, beginning with 1
  FaultCounts handshakes_refused;
  FaultCounts closed;  ///< connections that the server ended
  std::uint64_t sessions_replaced = 0;
  std::uint64_t events_stored = 0;
  std::uint64_t events_duplicate = 0;
  std::uint64_t events_delivered = 0;  ///< live, to one device each
  FaultCounts messages_refused;        ///< answered by an error
  std::uint64_t replays = 0;
  std::uint64_t pages = 0;
  std::uint64_t events_replayed = 0;
  std::uint64_t gaps = 0;              ///< replays that had to tell of lost events
  std::uint64_t frames_waited = 0;     ///< for an answer of the store
  std::uint64_t frames_ignored = 0;    ///< after their connection was told to close
  std::uint64_t rendezvous = 0;        ///< registrations that were answered
  std::uint64_t live_matches = 0;      ///< in those answers
  std::uint64_t dead_drops_given = 0;  ///< in those answers
  std::uint64_t devices_linked = 0;
  std::uint64_t devices_revoked = 0;
  std::uint64_t requests = 0;  ///< signed HTTP requests that were served
  FaultCounts requests_refused;
};

}  // namespace culver::relay
