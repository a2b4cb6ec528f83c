// Notes that holders have left at places: at each place one note per holder, until its time comes.
// A value, bounded as a whole, per holder, per address and per place.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/relay/deadlines.hpp"
#include "core/relay/events.hpp"
#include "core/relay/limits.hpp"

namespace culver::relay {

template <class Holder, class Note>
class Board {
 public:
  struct Kept {
    Note note;
    Address address;    ///< whose room it takes; empty: nobody's
    std::size_t bytes;  ///< for which it counts
    TimePoint expires;
  };
  using Place = std::map<Holder, Kept>;

  explicit Board(const BoardLimits& limits) : limits_(limits) {}

  /// In place of what the holder has left there before. False, and nothing has changed, if there is
  /// no room for it.
  [[nodiscard]] bool leave(const std::string& place, const Holder& holder, Kept kept) {
    const auto* old = find(place, holder);
    if (!has_room(place, holder, kept, old)) return false;
    if (old) erase(place, holder);
    due_.set({place, holder}, kept.expires);
    places_by_holder_[holder].insert(place);
    auto& used = used_[kept.address];
    used.notes += 1;
    used.bytes += kept.bytes;
    bytes_ += kept.bytes;
    places_[place].emplace(holder, std::move(kept));
    return true;
  }

  const Place& at(const std::string& place) const {
    static const Place nothing;
    const auto found = places_.find(place);
    return found == places_.end() ? nothing : found->second;
  }

  /// Takes back what the holder has left there, if anything.
  void take_back(const std::string& place, const Holder& holder) {
    if (find(place, holder)) erase(place, holder);
  }

  /// Takes back all that the holder has left.
  void withdraw(const Holder& holder) {
    const auto found = places_by_holder_.find(holder);
    if (found == places_by_holder_.end()) return;
    for (const auto& place : std::set<std::string>(found->second)) erase(place, holder);
  }

  /// Forgets what is over.
  void sweep(TimePoint now) {
    while (const auto due = due_.take_due(now)) erase(due->first, due->second);
  }
  std::optional<TimePoint> deadline() const { return due_.next(); }

  std::size_t size() const { return due_.size(); }
  std::size_t bytes() const { return bytes_; }
  const std::map<std::string, Place>& places() const { return places_; }
  std::size_t notes_of(const Address& address) const { return used_by(address).notes; }

 private:
  struct Used {
    std::size_t notes = 0;
    std::size_t bytes = 0;
  };

  Used used_by(const Address& address) const {
    const auto found = used_.find(address);
    return found == used_.end() ? Used{} : found->second;
  }
  const Kept* find(const std::string& place, const Holder& holder) const {
    const auto& there = at(place);
    const auto found = there.find(holder);
    return found == there.end() ? nullptr : &found->second;
  }
  std::size_t places_of(const Holder& holder) const {
    const auto found = places_by_holder_.find(holder);
    return found == places_by_holder_.end() ? 0 : found->second.size();
  }

  /// `old` is what would make way for it.
  bool has_room(const std::string& place, const Holder& holder, const Kept& kept,
                const Kept* old) const {
    const std::size_t going = old ? 1 : 0;
    const std::size_t going_bytes = old ? old->bytes : 0;
    if (size() - going >= limits_.notes || bytes_ - going_bytes + kept.bytes > limits_.bytes)
      return false;
    if (places_of(holder) - going >= limits_.notes_per_holder) return false;
    if (at(place).size() - going >= limits_.holders_per_place) return false;
    return kept.address.empty() || address_has_room(place, holder, kept, old);
  }
  bool address_has_room(const std::string& place, const Holder& holder, const Kept& kept,
                        const Kept* old) const {
    auto used = used_by(kept.address);
    if (old && old->address == kept.address) {
      used.notes -= 1;
      used.bytes -= old->bytes;
    }
    std::size_t there = 0;
    for (const auto& [other, note] : at(place))
      if (other != holder && note.address == kept.address) ++there;
    return used.notes < limits_.notes_per_address &&
           used.bytes + kept.bytes <= limits_.bytes_per_address &&
           there < limits_.holders_per_place_and_address;
  }

  void erase(const std::string& place, const Holder& holder) {
    const auto there = places_.find(place);
    const auto note = there->second.find(holder);
    const auto used = used_.find(note->second.address);
    used->second.notes -= 1;
    used->second.bytes -= note->second.bytes;
    if (used->second.notes == 0) used_.erase(used);
    bytes_ -= note->second.bytes;
    const auto mine = places_by_holder_.find(holder);
    mine->second.erase(place);
    if (mine->second.empty()) places_by_holder_.erase(mine);
    due_.erase({place, holder});
    there->second.erase(note);
    if (there->second.empty()) places_.erase(there);
  }

  BoardLimits limits_;
  std::map<std::string, Place> places_;
  std::map<Holder, std::set<std::string>> places_by_holder_;
  std::map<Address, Used> used_;
  std::size_t bytes_ = 0;
  Deadlines<std::pair<std::string, Holder>> due_;
};

}  // namespace culver::relay
