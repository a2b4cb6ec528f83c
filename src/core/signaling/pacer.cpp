// Windows, promises, and who goes first.
#include "core/signaling/pacer.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace culver::signaling {

using wire::signaling::RelayKind;

void Pacer::limit(std::size_t per_minute) {
  constexpr std::size_t least = 4;
  if (per_minute < least) return;
  most_ = per_minute - std::min(messages_aside, per_minute / 2);
}

void Pacer::note(TimePoint now) {
  forget(now);
  spent_.push_back(now);
}

bool Pacer::push(Relay signal, TimePoint now) {
  forget(now);
  if (waiting() >= signals_waiting) return false;
  auto& queue = signal.kind == RelayKind::ice_candidate ? candidates_ : descriptions_;
  queue.push_back(std::move(signal));
  return true;
}

std::vector<Pacer::Relay> Pacer::take(TimePoint now) {
  forget(now);
  std::vector<Relay> out;
  take_from(descriptions_, now, out);
  take_from(candidates_, now, out);
  return out;
}

/// Whoever something was kept for may pass those for whom nothing was. Of one peer nothing passes
/// anything: its first signal that has to wait holds up the others.
void Pacer::take_from(Queue& queue, TimePoint now, std::vector<Relay>& out) {
  std::set<PairingCode> held;
  for (const auto& waits : descriptions_) held.insert(waits.target);
  const bool is_first = &queue == &descriptions_;
  Queue rest;
  bool is_over = spent_.size() >= most_;
  for (auto& signal : queue) {
    const bool goes =
        !is_over && (is_first || !held.contains(signal.target)) && take_for(signal.target, now);
    if (goes) {
      out.push_back(std::move(signal));
      is_over = spent_.size() >= most_;
    } else {
      if (!is_first) held.insert(signal.target);
      rest.push_back(std::move(signal));
    }
  }
  queue = std::move(rest);
}

bool Pacer::take_for(const PairingCode& peer, TimePoint now) {
  if (const auto kept = promises_.find(peer); kept != promises_.end()) {
    if (--kept->second.left == 0) promises_.erase(kept);
  } else if (!has_room()) {
    return false;
  }
  spent_.push_back(now);
  return true;
}

bool Pacer::admit(const PairingCode& peer, TimePoint now) {
  forget(now);
  // Under a limit that is smaller than a connection's signals they come one after the other.
  const auto needs = std::min(1 + signals_per_connection, most_);
  if (waiting() > 0 || spent_.size() + promised() + needs > most_) return false;
  if (needs > 1) promises_.insert_or_assign(peer, Promise{needs - 1, now + promise_time});
  return true;
}

void Pacer::drop(const PairingCode& peer) {
  promises_.erase(peer);
  const auto is_for = [&](const Relay& signal) { return signal.target == peer; };
  std::erase_if(descriptions_, is_for);
  std::erase_if(candidates_, is_for);
}

std::vector<Pacer::Relay> Pacer::clear() {
  std::vector<Relay> all(std::make_move_iterator(descriptions_.begin()),
                         std::make_move_iterator(descriptions_.end()));
  all.insert(all.end(), std::make_move_iterator(candidates_.begin()),
             std::make_move_iterator(candidates_.end()));
  *this = Pacer{};
  return all;
}

std::optional<TimePoint> Pacer::room_at() const {
  std::optional<TimePoint> first;
  if (!spent_.empty()) first = spent_.front() + pacing_window;
  for (const auto& [peer, promise] : promises_)
    first = first ? std::min(*first, promise.until) : promise.until;
  return first;
}

void Pacer::forget(TimePoint now) {
  while (!spent_.empty() && spent_.front() + pacing_window <= now) spent_.pop_front();
  std::erase_if(promises_, [&](const auto& promise) { return promise.second.until <= now; });
}

std::size_t Pacer::promised() const {
  std::size_t sum = 0;
  for (const auto& [peer, promise] : promises_) sum += promise.left;
  return sum;
}

}  // namespace culver::signaling
