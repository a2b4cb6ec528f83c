// Moving forward, never back.
#include "core/relay/position.hpp"

#include <algorithm>

namespace culver::relay {

bool Position::push(std::uint64_t cursor, std::uint64_t device_seq) {
  if (cursor <= sent_) return false;
  sent_ = pushed_ = cursor;
  if (unacknowledged_.size() >= remembered) unacknowledged_.erase(unacknowledged_.begin());
  unacknowledged_.push_back({device_seq, cursor});
  return true;
}

void Position::turn_page(std::uint64_t cursor, bool has_more) {
  sent_ = std::max(sent_, cursor);
  if (has_more) return;
  live_from_ = pushed_ = sent_;
  is_behind_ = false;
}

Result<std::optional<std::uint64_t>> Position::acknowledge(std::uint64_t cursor) {
  if (cursor > std::max(sent_, acknowledged_)) return fail(Fault::bad_cursor);
  std::erase_if(unacknowledged_, [&](const Pushed& pushed) { return pushed.cursor <= cursor; });
  if (cursor <= acknowledged_) return std::nullopt;
  acknowledged_ = cursor;
  return cursor;
}

std::optional<std::uint64_t> Position::acknowledge_event(std::uint64_t device_seq) {
  const auto named = std::find_if(unacknowledged_.begin(), unacknowledged_.end(),
                                  [&](const Pushed& p) { return p.device_seq == device_seq; });
  if (named == unacknowledged_.end()) return std::nullopt;
  const auto cursor = named->cursor;
  unacknowledged_.erase(unacknowledged_.begin(), named + 1);
  if (is_behind_ || cursor <= acknowledged_) return std::nullopt;
  acknowledged_ = cursor;
  return cursor;
}

}  // namespace culver::relay
