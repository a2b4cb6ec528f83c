// Which key is due when: an ordered index beside the map that holds the things themselves.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/base/env.hpp"

namespace culver {

template <class Key>
class Deadlines {
 public:
  /// Replaces what was set for the key; nullopt means never.
  void set(const Key& key, std::optional<TimePoint> when) {
    const auto old = when_.find(key);
    if (old != when_.end()) {
      if (old->second == when) return;
      order_.erase({old->second, key});
      when_.erase(old);
    }
    if (!when) return;
    when_.emplace(key, *when);
    order_.emplace(*when, key);
  }
  void erase(const Key& key) { set(key, std::nullopt); }

  std::optional<TimePoint> next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }
  /// Removes and returns the earliest key that is due.
  std::optional<Key> take_due(TimePoint now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    const Key key = order_.begin()->second;
    erase(key);
    return key;
  }
  bool contains(const Key& key) const { return when_.contains(key); }
  std::size_t size() const { return when_.size(); }

 private:
  std::map<Key, TimePoint> when_;
  std::set<std::pair<TimePoint, Key>> order_;
};

}  // namespace culver
