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
        replayed_(acknowledged),
        live_from_(head),
        pushed_(head),
        sent_(std::max(head, acknowledged)),
        is_behind_(acknowledged < head) {}

  /// An event is to be pushed. False if it was sent already.
  [[nodiscard]] bool push(std::uint64_t cursor, std::uint64_t device_seq);
  /// What one event is called by its own device and by its account.
  struct Sent {
    std::uint64_t device_seq;
    std::uint64_t cursor;
  };
  /// A page that ends at `cursor` was sent. The last one makes the session live again. What is to
  /// be saved, if that is news: all that was pushed ahead of the page may have been read before it.
  std::optional<std::uint64_t> turn_page(std::uint64_t cursor, bool has_more,
                                         const std::vector<Sent>& events = {});

  /// The device says that it has read everything up to here: what is to be saved, if that is news.
  /// bad_cursor beyond what this session was sent.
  Result<std::optional<std::uint64_t>> acknowledge(std::uint64_t cursor);
  /// The device asks for what comes behind: it has read the page that ended here. Its events may
  /// still be acknowledged one by one. What was pushed may be kept until the last page has come,
  /// and be gone with the connection: no page acknowledges it.
  std::optional<std::uint64_t> read_page(std::uint64_t cursor);
  /// The same by the number that an event has from its own device: this one and what was sent to
  /// the session before it, by a push or in a page, has been read. What has not been sent yet lies
  /// unread, and so does what was sent later, whatever its place.
  std::optional<std::uint64_t> acknowledge_event(std::uint64_t device_seq);

  bool may_ask_after(std::uint64_t cursor) const { return cursor <= sent_; }
  std::uint64_t acknowledged() const { return acknowledged_; }
  /// Pushed while live: (skip_after, skip_to]. A replay leaves it out.
  std::uint64_t skip_after() const { return live_from_; }
  std::uint64_t skip_to() const { return pushed_; }

  /// Events whose acknowledgement by device_seq is still understood: a page of the largest.
  static constexpr std::size_t remembered = 1'000;

 private:
  enum class How { pushed, paged };
  struct Awaited {
    Sent sent;
    How how;
  };
  void remember(const Sent& event, How how);
  /// As far as a page may acknowledge that ended at `cursor`.
  std::uint64_t before_pushed(std::uint64_t cursor) const;
  std::optional<std::uint64_t> news();
  /// Everything up to here was sent and is not waited for any more.
  std::uint64_t read_up_to() const;

  std::uint64_t acknowledged_;
  std::uint64_t replayed_;  ///< while it is behind: pages have come as far as this
  std::uint64_t live_from_;
  std::uint64_t pushed_;
  std::uint64_t sent_;
  bool is_behind_;
  std::uint64_t forgotten_ = 0;  ///< the last one pushed that is no longer remembered, if any is
  std::vector<Awaited> unacknowledged_;  ///< in the order in which they were sent
};

}  // namespace culver::relay
