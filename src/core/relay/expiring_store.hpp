// Values that owners have put under keys: under each key one value per owner, until its time comes.
// A value, bounded as a whole, per owner, per address and per key.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/base/deadlines.hpp"
#include "core/relay/events.hpp"
#include "core/relay/limits.hpp"

namespace culver::relay {

template <class Owner, class Value>
class ExpiringStore {
 public:
  struct Entry {
    Value value;
    Address address;    ///< whose room it takes; empty: nobody's
    std::size_t bytes;  ///< for which it counts
    TimePoint expires;
  };
  using Owners = std::map<Owner, Entry>;

  explicit ExpiringStore(const ExpiringStoreLimits& limits) : limits_(limits) {}

  /// In place of what the owner has left there before. False, and nothing has changed, if there is
  /// no room for it.
  [[nodiscard]] bool put(const std::string& key, const Owner& owner, Entry entry) {
    const auto* old = find(key, owner);
    if (!has_room(key, owner, entry, old)) return false;
    if (old) erase(key, owner);
    due_.set({key, owner}, entry.expires);
    keys_by_owner_[owner].insert(key);
    auto& used = used_[entry.address];
    used.values += 1;
    used.bytes += entry.bytes;
    bytes_ += entry.bytes;
    entries_[key].emplace(owner, std::move(entry));
    return true;
  }

  const Owners& at(const std::string& key) const {
    static const Owners nothing;
    const auto found = entries_.find(key);
    return found == entries_.end() ? nothing : found->second;
  }

  /// Takes back what the owner has left there, if anything.
  void erase_one(const std::string& key, const Owner& owner) {
    if (find(key, owner)) erase(key, owner);
  }

  /// Takes back all that the owner has left.
  void withdraw(const Owner& owner) {
    const auto found = keys_by_owner_.find(owner);
    if (found == keys_by_owner_.end()) return;
    for (const auto& key : std::set<std::string>(found->second)) erase(key, owner);
  }

  /// Forgets what is over.
  void sweep(TimePoint now) {
    while (const auto due = due_.take_due(now)) erase(due->first, due->second);
  }
  std::optional<TimePoint> deadline() const { return due_.next(); }

  std::size_t size() const { return due_.size(); }
  std::size_t bytes() const { return bytes_; }
  const std::map<std::string, Owners>& entries() const { return entries_; }
  std::size_t values_of(const Address& address) const { return used_by(address).values; }

 private:
  struct Used {
    std::size_t values = 0;
    std::size_t bytes = 0;
  };

  Used used_by(const Address& address) const {
    const auto found = used_.find(address);
    return found == used_.end() ? Used{} : found->second;
  }
  const Entry* find(const std::string& key, const Owner& owner) const {
    const auto& there = at(key);
    const auto found = there.find(owner);
    return found == there.end() ? nullptr : &found->second;
  }
  std::size_t keys_of(const Owner& owner) const {
    const auto found = keys_by_owner_.find(owner);
    return found == keys_by_owner_.end() ? 0 : found->second.size();
  }

  /// `old` is what would make way for it.
  bool has_room(const std::string& key, const Owner& owner, const Entry& entry,
                const Entry* old) const {
    const std::size_t going = old ? 1 : 0;
    const std::size_t going_bytes = old ? old->bytes : 0;
    if (size() - going >= limits_.values || bytes_ - going_bytes + entry.bytes > limits_.bytes)
      return false;
    if (keys_of(owner) - going >= limits_.values_per_owner) return false;
    if (at(key).size() - going >= limits_.owners_per_key) return false;
    return entry.address.empty() || address_has_room(key, owner, entry, old);
  }
  bool address_has_room(const std::string& key, const Owner& owner, const Entry& entry,
                        const Entry* old) const {
    auto used = used_by(entry.address);
    if (old && old->address == entry.address) {
      used.values -= 1;
      used.bytes -= old->bytes;
    }
    std::size_t there = 0;
    for (const auto& [other, value] : at(key))
      if (other != owner && value.address == entry.address) ++there;
    return used.values < limits_.values_per_address &&
           used.bytes + entry.bytes <= limits_.bytes_per_address &&
           there < limits_.owners_per_key_and_address;
  }

  void erase(const std::string& key, const Owner& owner) {
    const auto there = entries_.find(key);
    const auto value = there->second.find(owner);
    const auto used = used_.find(value->second.address);
    used->second.values -= 1;
    used->second.bytes -= value->second.bytes;
    if (used->second.values == 0) used_.erase(used);
    bytes_ -= value->second.bytes;
    const auto mine = keys_by_owner_.find(owner);
    mine->second.erase(key);
    if (mine->second.empty()) keys_by_owner_.erase(mine);
    due_.erase({key, owner});
    there->second.erase(value);
    if (there->second.empty()) entries_.erase(there);
  }

  ExpiringStoreLimits limits_;
  std::map<std::string, Owners> entries_;
  std::map<Owner, std::set<std::string>> keys_by_owner_;
  std::map<Address, Used> used_;
  std::size_t bytes_ = 0;
  Deadlines<std::pair<std::string, Owner>> due_;
};

}  // namespace culver::relay
