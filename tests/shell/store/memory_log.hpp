// The rules of the event log once more, in memory and without a thought for speed: what any other
// implementation has to answer.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "shell/store/ports.hpp"

namespace culver::store {

class MemoryLog {
 public:
  std::vector<std::optional<relay::Answer>> answer(std::span<const relay::Question> batch) {
    std::vector<std::optional<relay::Answer>> answers;
    for (const auto& question : batch)
      answers.push_back(std::visit([this](const auto& q) { return on(q); }, question));
    return answers;
  }

 private:
  using MaybeAnswer = std::optional<relay::Answer>;
  struct Device {
    relay::DeviceRecord record;
    std::optional<Plaintext> asked_name;
    std::uint64_t cursor = 0;
    std::set<std::uint64_t> used;
  };
  struct Event {
    relay::AppendEvent said;
    std::uint64_t cursor, stream_seq;
  };
  struct Account {
    std::uint64_t head = 0;
    std::map<std::string, std::uint64_t> streams;
    std::vector<std::pair<std::uint64_t, DeviceId>> lost;
  };

  // In the order in which they came; few.
  std::vector<Device> devices_;
  std::map<UserId, Account> accounts_;
  std::vector<Event> events_;
  std::vector<relay::StoredDrop> drops_;

  static MaybeAnswer refused(Fault fault, std::optional<WallTime> retry_at = std::nullopt) {
    return tl::expected<relay::Appended, relay::AppendRefused>(
        tl::unexpect, relay::AppendRefused{fault, retry_at});
  }
  template <class T>
  static MaybeAnswer no(Fault fault) {
    return Result<T>(tl::unexpect, fault);
  }

  Device* find(const DeviceId& id) {
    const auto found = std::find_if(devices_.begin(), devices_.end(),
                                    [&](const Device& d) { return d.record.device == id; });
    return found == devices_.end() ? nullptr : &*found;
  }
  std::size_t active(const UserId& user) const {
    return static_cast<std::size_t>(
        std::count_if(devices_.begin(), devices_.end(),
                      [&](const Device& d) { return d.record.user == user && !d.record.revoked; }));
  }
  bool is_taken(const UserId& user, const DeviceId& except, const std::string& name) const {
    return std::any_of(devices_.begin(), devices_.end(), [&](const Device& d) {
      return d.record.user == user && d.record.device != except && !d.record.revoked &&
             d.record.name == Plaintext(name);
    });
  }
  /// Names of these tests are short ASCII; cutting has tests of its own.
  Plaintext unique(const UserId& user, const DeviceId& device, const Plaintext& wanted) const {
    auto name = wanted.expose();
    for (int n = 2; is_taken(user, device, name); ++n)
      name = wanted.expose() + " (" + std::to_string(n) + ")";
    return Plaintext(name);
  }
  relay::Admission admission(const Device& device) {
    return {device.record, device.used.empty() ? 0 : *device.used.rbegin(), device.cursor,
            accounts_[device.record.user].head};
  }

  MaybeAnswer on(const relay::AdmitDevice& q) {
    auto* device = find(q.device);
    if (device && device->record.key != q.key)
      return no<relay::Admission>(Fault::device_of_another);
    if (device && device->record.revoked) return no<relay::Admission>(Fault::device_revoked);
    if (!device) {
      const auto is_shut_out = [&](const Device& d) {
        return d.record.user == q.key && d.record.key == q.key && d.record.revoked;
      };
      if (std::any_of(devices_.begin(), devices_.end(), is_shut_out))
        return no<relay::Admission>(Fault::device_revoked);
      if (active(q.key) >= q.devices_per_user) return no<relay::Admission>(Fault::too_many_devices);
      accounts_[q.key];
      relay::DeviceRecord record{q.key, q.key, q.device, std::nullopt, q.type, q.now, q.now};
      device = &devices_.emplace_back(Device{record, std::nullopt, 0, {}});
    }
    if (q.name && q.name != device->asked_name) {
      device->asked_name = q.name;
      device->record.name = unique(device->record.user, q.device, *q.name);
    }
    if (q.type) device->record.type = q.type;
    device->record.last_seen = q.now;
    return Result<relay::Admission>(admission(*device));
  }

  MaybeAnswer on(const relay::LinkDevice& q) {
    auto* device = find(q.device);
    if (!device || !accounts_.contains(q.to)) return no<relay::Admission>(Fault::device_unknown);
    if (device->record.revoked) return no<relay::Admission>(Fault::device_revoked);
    auto& record = device->record;
    if (record.user == q.to) return Result<relay::Admission>(admission(*device));
    if (active(q.to) >= q.devices_per_user) return no<relay::Admission>(Fault::too_many_devices);
    if (record.name) record.name = unique(q.to, q.device, *record.name);
    record.user = q.to;
    record.last_seen = q.now;
    device->cursor = 0;
    return Result<relay::Admission>(admission(*device));
  }

  MaybeAnswer on(const relay::AppendEvent& q) {
    auto* device = find(q.device);
    if (!device || device->record.user != q.user) return refused(Fault::device_unknown);
    if (device->record.revoked) return refused(Fault::device_revoked);
    for (const auto& event : events_) {
      if (event.said.user != q.user || event.said.event != q.event) continue;
      if (event.said.device != q.device || event.said.device_seq != q.device_seq)
        return refused(Fault::event_id_taken);
      return tl::expected<relay::Appended, relay::AppendRefused>(
          relay::Appended{{event.cursor, event.stream_seq, {}}, true});
    }
    if (q.expires_at && *q.expires_at <= q.now) return refused(Fault::event_expired);
    if (device->used.contains(q.device_seq)) return refused(Fault::device_seq_taken);
    if (auto no_room = make_room(q)) return no_room;
    auto& account = accounts_[q.user];
    if (!account.streams.contains(q.stream) && account.streams.size() >= q.events_per_user)
      return refused(Fault::too_many_stored_events);
    device->used.insert(q.device_seq);
    events_.push_back({q, ++account.head, ++account.streams[q.stream]});
    return tl::expected<relay::Appended, relay::AppendRefused>(
        relay::Appended{{account.head, events_.back().stream_seq, q.body}, false});
  }

  MaybeAnswer make_room(const relay::AppendEvent& q) {
    while (true) {
      std::uint64_t count = 0, bytes = 0;
      auto first = events_.end();
      for (auto event = events_.begin(); event != events_.end(); ++event) {
        if (event->said.user != q.user) continue;
        ++count;
        bytes += event->said.payload_size;
        const auto& expiry = event->said.expires_at;
        if (expiry && (first == events_.end() || *expiry < *first->said.expires_at)) first = event;
      }
      const auto fault = count >= q.events_per_user                  ? Fault::too_many_stored_events
                         : bytes + q.payload_size > q.bytes_per_user ? Fault::too_many_stored_bytes
                                                                     : Fault::internal;
      if (fault == Fault::internal) return std::nullopt;
      if (first == events_.end()) return refused(fault);
      if (*first->said.expires_at > q.now) return refused(fault, first->said.expires_at);
      events_.erase(first);
    }
  }

  MaybeAnswer on(const relay::FetchPage& q) {
    relay::Page page{{}, 0, false, std::nullopt};
    const auto known = accounts_.find(q.user);
    if (known == accounts_.end()) return Result<relay::Page>(page);
    page.cursor = known->second.head;
    std::size_t bytes = 0;
    for (const auto& event : events_) {
      const auto& said = event.said;
      if (said.user != q.user || event.cursor <= q.after || said.device == q.device) continue;
      if (event.cursor > q.skip_after && event.cursor <= q.skip_to) continue;
      if (said.expires_at && *said.expires_at <= q.now) continue;
      bytes += said.body.size();
      if (page.events.size() >= q.limit || (!page.events.empty() && bytes > q.bytes)) {
        page.has_more = true;
        page.cursor = event.cursor - 1;
        break;
      }
      page.events.push_back({event.cursor, event.stream_seq, said.body});
    }
    const auto read = q.skip_after <= q.after ? std::max(q.after, q.skip_to) : q.after;
    for (const auto& [cursor, maker] : known->second.lost)
      if (cursor > read && maker != q.device) page.lost = cursor;
    return Result<relay::Page>(page);
  }

  MaybeAnswer on(const relay::SaveCursor& q) {
    if (auto* device = find(q.device)) {
      const auto head = accounts_[device->record.user].head;
      device->cursor = std::max(device->cursor, std::min(q.cursor, head));
      device->record.last_seen = q.now;
    }
    return std::nullopt;
  }
  MaybeAnswer on(const relay::ListDevices& q) {
    std::vector<relay::DeviceRecord> list;
    for (const auto& device : devices_)
      if (device.record.user == q.user) list.push_back(device.record);
    return Result<std::vector<relay::DeviceRecord>>(list);
  }
  MaybeAnswer on(const relay::FindDevice& q) {
    const auto* device = find(q.device);
    if (!device) return no<relay::DeviceRecord>(Fault::device_unknown);
    return Result<relay::DeviceRecord>(device->record);
  }
  MaybeAnswer on(const relay::RevokeDevice& q) {
    auto* device = find(q.device);
    if (!device || device->record.user != q.user)
      return no<relay::DeviceRecord>(Fault::device_unknown);
    device->record.revoked = true;
    return Result<relay::DeviceRecord>(device->record);
  }
  MaybeAnswer on(const relay::RenameDevice& q) {
    auto* device = find(q.device);
    if (!device || device->record.user != q.user)
      return no<relay::DeviceRecord>(Fault::device_unknown);
    if (q.name.expose().empty() || is_taken(q.user, q.device, q.name.expose()))
      return no<relay::DeviceRecord>(Fault::device_name_refused);
    device->record.name = q.name;
    return Result<relay::DeviceRecord>(device->record);
  }

  MaybeAnswer on(const relay::KeepDrops& q) {
    for (const auto& drop : q.drops) {
      const auto old = std::find_if(drops_.begin(), drops_.end(), [&](const auto& there) {
        return there.point == drop.point && there.owner == drop.owner;
      });
      if (old == drops_.end())
        drops_.push_back(drop);
      else
        *old = drop;
      std::erase_if(drops_, [&](const auto& there) {
        return there.point == drop.point && there.owner != drop.owner &&
               may_replace(drop.owner, there.owner);
      });
    }
    return Result<relay::DropsKept>(relay::DropsKept{});
  }
  MaybeAnswer on(const relay::ListDrops& q) {
    std::vector<relay::StoredDrop> left;
    for (const auto& drop : drops_)
      if (drop.expires_at > q.now) left.push_back(drop);
    std::stable_sort(left.begin(), left.end(),
                     [](const auto& a, const auto& b) { return a.expires_at < b.expires_at; });
    return Result<std::vector<relay::StoredDrop>>(left);
  }

  MaybeAnswer on(const relay::KeepTime&) { return std::nullopt; }
  // Nobody asks a model for these.
  MaybeAnswer on(const relay::FindEvent&) { return Result<relay::EventFound>(relay::EventFound{}); }
  MaybeAnswer on(const relay::SpendNonce& q) { return on(relay::FindDevice{q.device}); }

  /// The limit is not modelled: properties prune without one.
  MaybeAnswer on(const relay::Prune& q) {
    std::erase_if(drops_, [&](const auto& drop) { return drop.expires_at <= q.now; });
    std::erase_if(events_, [&](const Event& event) {
      return event.said.expires_at && *event.said.expires_at <= q.now;
    });
    std::set<UserId> kept;  // accounts of which an event has stayed: those behind it stay too
    std::erase_if(events_, [&](const Event& event) {
      if (event.said.now >= q.before) kept.insert(event.said.user);
      if (kept.contains(event.said.user)) return false;
      accounts_[event.said.user].lost.emplace_back(event.cursor, event.said.device);
      return true;
    });
    return std::nullopt;
  }
};
static_assert(EventLog<MemoryLog>);

}  // namespace culver::store
