// How far one session has come in the events of its account: what was sent to it, what it has
// acknowledged, and whether something before lies unsent. Cursors only, no events.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.hpp"

namespace culver::relay {

class Position {
 public:
  /// The device has acknowledged up to `acknowledged`; everything after `head` will be pushed.
  Position(std::uint64_t acknowledged, std::uint64_t head)
      : acknowledged_(acknowledged),
        live_from_(head),
        pushed_(head),
        sent_(std::max(head, acknowledged)),
        is_behind_(acknowledged < head) {}

  /// An event is to be pushed. False if it was sent already.
  [[nodiscard]] bool push(std::uint64_t cursor, std::uint64_t device_seq);
  /// A page that ends at `cursor` was sent. The last one makes the session live again.
  void turn_page(std::uint64_t cursor, bool has_more);

  /// The device says that it has read everything up to here: what is to be saved, if that is news.
  /// bad_cursor beyond what this session was sent.
  Result<std::optional<std::uint64_t>> acknowledge(std::uint64_t cursor);
  /// The same by the number that an event has from its own device. That says nothing of what came
  /// before the session, so nothing is news while something from then lies unsent.
  std::optional<std::uint64_t> acknowledge_event(std::uint64_t device_seq);

  bool may_ask_after(std::uint64_t cursor) const { return cursor <= sent_; }
  std::uint64_t acknowledged() const { return acknowledged_; }
  /// Pushed while live: (skip_after, skip_to]. A replay leaves it out.
  std::uint64_t skip_after() const { return live_from_; }
  std::uint64_t skip_to() const { return pushed_; }

  /// Events whose acknowledgement by device_seq is still understood.
  static constexpr std::size_t remembered = 64;

 private:
  struct Pushed {
    std::uint64_t device_seq;
    std::uint64_t cursor;
  };
  std::uint64_t acknowledged_;
  std::uint64_t live_from_;
  std::uint64_t pushed_;
  std::uint64_t sent_;
  bool is_behind_;
  std::vector<Pushed> unacknowledged_;
};

}  // namespace culver::relay
