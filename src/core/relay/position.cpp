// Moving forward, never back.
#include "core/relay/position.hpp"

#include <algorithm>

namespace culver::relay {

bool Position::push(std::uint64_t cursor, std::uint64_t device_seq) {
  if (cursor <= sent_) return false;
  sent_ = pushed_ = cursor;
  remember({device_seq, cursor}, How::pushed);
  return true;
}

std::optional<std::uint64_t> Position::turn_page(std::uint64_t cursor, bool has_more,
                                                 const std::vector<Sent>& events) {
  // One that is sent again is acknowledged again, so it stands here as often as it was sent: else
  // the second acknowledgement would be taken for that of another device's event of the same
  // number.
  for (const auto& event : events) remember(event, How::paged);
  replayed_ = std::max(replayed_, cursor);
  sent_ = std::max(sent_, cursor);
  if (has_more) return std::nullopt;
  live_from_ = pushed_ = sent_;
  is_behind_ = false;
  if (!unacknowledged_.empty()) return std::nullopt;
  return news();
}

Result<std::optional<std::uint64_t>> Position::acknowledge(std::uint64_t cursor) {
  if (cursor > std::max(sent_, acknowledged_)) return fail(Fault::bad_cursor);
  std::erase_if(unacknowledged_,
                [&](const Awaited& awaited) { return awaited.sent.cursor <= cursor; });
  if (forgotten_ <= cursor) forgotten_ = 0;
  if (cursor <= acknowledged_) return std::nullopt;
  acknowledged_ = cursor;
  return cursor;
}

std::optional<std::uint64_t> Position::read_page(std::uint64_t cursor) {
  cursor = before_pushed(cursor);
  if (cursor <= acknowledged_) return std::nullopt;
  acknowledged_ = cursor;
  return cursor;
}

std::optional<std::uint64_t> Position::acknowledge_event(std::uint64_t device_seq) {
  const auto named =
      std::find_if(unacknowledged_.begin(), unacknowledged_.end(),
                   [&](const Awaited& awaited) { return awaited.sent.device_seq == device_seq; });
  if (named == unacknowledged_.end()) return std::nullopt;
  unacknowledged_.erase(unacknowledged_.begin(), named + 1);
  forgotten_ = 0;  // it was sent before
  return news();
}

std::optional<std::uint64_t> Position::news() {
  const auto cursor = read_up_to();
  if (cursor <= acknowledged_) return std::nullopt;
  acknowledged_ = cursor;
  return cursor;
}

void Position::remember(const Sent& event, How how) {
  if (unacknowledged_.size() >= remembered) {
    const auto& oldest = unacknowledged_.front();
    if (oldest.how == How::pushed) forgotten_ = oldest.sent.cursor;
    unacknowledged_.erase(unacknowledged_.begin());
  }
  unacknowledged_.push_back({event, how});
}

std::uint64_t Position::before_pushed(std::uint64_t cursor) const {
  if (forgotten_ != 0) return acknowledged_;
  for (const auto& [sent, how] : unacknowledged_)
    if (how == How::pushed) cursor = std::min(cursor, sent.cursor - 1);
  return cursor;
}

std::uint64_t Position::read_up_to() const {
  auto up_to = is_behind_ ? replayed_ : sent_;
  for (const auto& awaited : unacknowledged_) up_to = std::min(up_to, awaited.sent.cursor - 1);
  return up_to;
}

}  // namespace culver::relay
