#include "tests/core/relay/memory_store_support.hpp"

#include <algorithm>

namespace culver::relay {
namespace {

using Stored = tl::expected<Appended, AppendRefused>;

Answer refuse_append(Fault fault, std::optional<WallTime> retry_at = std::nullopt) {
  return Stored(tl::unexpected(AppendRefused{fault, retry_at}));
}

/// The answer of a store that cannot: of the type that the question wants.
std::optional<Answer> failed(const Question& question) {
  constexpr auto fault = Fault::store_failed;
  switch (question.index()) {
    case 0:
    case 8:
      return Result<Admission>(fail(fault));
    case 1:
      return refuse_append(fault);
    case 2:
      return Result<Page>(fail(fault));
    case 4:
      return Result<std::vector<DeviceRecord>>(fail(fault));
    case 5:
    case 6:
    case 7:
    case 14:
      return Result<DeviceRecord>(fail(fault));
    case 10:
      return Result<DropsKept>(fail(fault));
    case 11:
      return Result<std::vector<StoredDrop>>(fail(fault));
    case 12:
      return Result<EventFound>(fail(fault));
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Answered> MemoryStore::answer() {
  auto [number, question] = std::move(asked_.front());
  asked_.pop_front();
  auto told =
      is_failing ? failed(question) : std::visit([&](const auto& q) { return on(q); }, question);
  if (!told) return std::nullopt;
  return Answered{number, std::move(*told)};
}

Admission MemoryStore::admission_of(const Known& known) const {
  std::uint64_t head = 0;
  for (const auto& row : events)
    if (row.user == known.record.user) head = row.stored_event.cursor;
  return {known.record, known.last_device_seq, known.cursor, head};
}

std::size_t MemoryStore::devices_of(const UserId& user) const {
  return static_cast<std::size_t>(std::count_if(devices.begin(), devices.end(), [&](const auto& d) {
    return d.second.record.user == user && !d.second.record.revoked;
  }));
}

MemoryStore::Told MemoryStore::on(const AdmitDevice& q) {
  using Said = Result<Admission>;
  auto found = devices.find(q.device);
  if (found == devices.end()) {
    for (const auto& [id, other] : devices)
      if (other.record.user == q.key && other.record.key == q.key && other.record.revoked)
        return Said(fail(Fault::device_revoked));
    if (devices_of(q.key) >= q.devices_per_user) return Said(fail(Fault::too_many_devices));
    const DeviceRecord record{q.key, q.key, q.device, q.name, q.type, q.now, q.now, false};
    found = devices.emplace(q.device, Known{record, 0, 0}).first;
  }
  auto& known = found->second;
  if (known.record.key != q.key) return Said(fail(Fault::device_of_another));
  if (known.record.revoked) return Said(fail(Fault::device_revoked));
  known.record.last_seen = q.now;
  return Said(admission_of(known));
}

MemoryStore::Told MemoryStore::on(const AppendEvent& q) {
  auto& known = devices.at(q.device);
  if (known.record.revoked) return refuse_append(Fault::device_revoked);
  std::uint64_t stream_seq = 1, stored = 0;
  for (const auto& row : events) {
    const bool is_same = row.device == q.device && row.device_seq == q.device_seq;
    if (row.event == q.event) {
      if (!is_same) return refuse_append(Fault::event_id_taken);
      auto event = row.stored_event;
      event.body.clear();
      return Stored(Appended{event, true});
    }
    if (is_same) return refuse_append(Fault::device_seq_taken);
    if (row.user != q.user) continue;
    ++stored;
    if (row.stream == q.stream) ++stream_seq;
  }
  if (stored >= q.events_per_user)
    return refuse_append(Fault::too_many_stored_events, q.now + 60'000);
  events.push_back({q.user,
                    q.device,
                    q.event,
                    q.device_seq,
                    q.expires_at,
                    q.now,
                    {++last_cursor_, stream_seq, q.body, q.device_seq},
                    q.stream});
  known.last_device_seq = std::max(known.last_device_seq, q.device_seq);
  return Stored(Appended{events.back().stored_event, false});
}

MemoryStore::Told MemoryStore::on(const FetchPage& q) {
  Page page{{}, q.after, false, std::nullopt};
  if (const auto lost = lost_.find(q.user); lost != lost_.end() && q.after < lost->second)
    page.lost = lost->second;
  std::size_t bytes = 0;
  for (const auto& row : events) {
    const auto cursor = row.stored_event.cursor;
    if (row.user != q.user || cursor <= q.after) continue;
    const bool skipped = cursor > q.skip_after && cursor <= q.skip_to;
    const bool expired = row.expires_at && *row.expires_at <= q.now;
    if (row.device != q.device && !skipped && !expired) {
      const auto size = row.stored_event.body.size();
      const bool is_full = page.events.size() >= q.limit || bytes + size > q.bytes;
      if (!page.events.empty() && is_full) {
        page.has_more = true;
        break;
      }
      page.events.push_back(row.stored_event);
      bytes += size;
    }
    page.cursor = cursor;
  }
  return Result<Page>(std::move(page));
}

MemoryStore::Told MemoryStore::on(const FindEvent& q) {
  const auto found = std::find_if(events.begin(), events.end(), [&](const Row& row) {
    return row.event == q.event && row.user == q.user;
  });
  const bool is_held = found != events.end() && found->stored_event.body.starts_with(q.beginning);
  return Result<EventFound>(EventFound{is_held});
}

MemoryStore::Told MemoryStore::on(const KeepTime&) { return std::nullopt; }

MemoryStore::Told MemoryStore::on(const SpendNonce& q) {
  if (!nonces.emplace(q.device, q.nonce).second)
    return Result<DeviceRecord>(fail(Fault::stale_request));
  return on(FindDevice{q.device});
}

MemoryStore::Told MemoryStore::on(const SaveCursor& q) {
  auto& cursor = devices.at(q.device).cursor;
  cursor = std::max(cursor, q.cursor);
  return std::nullopt;
}

MemoryStore::Told MemoryStore::on(const ListDevices& q) {
  std::vector<DeviceRecord> all;
  for (const auto& [id, known] : devices)
    if (known.record.user == q.user) all.push_back(known.record);
  return Result<std::vector<DeviceRecord>>(std::move(all));
}

MemoryStore::Told MemoryStore::on(const FindDevice& q) {
  const auto found = devices.find(q.device);
  if (found == devices.end()) return Result<DeviceRecord>(fail(Fault::device_unknown));
  return Result<DeviceRecord>(found->second.record);
}

MemoryStore::Told MemoryStore::on(const RevokeDevice& q) {
  const auto found = devices.find(q.device);
  if (found == devices.end() || found->second.record.user != q.user)
    return Result<DeviceRecord>(fail(Fault::device_unknown));
  found->second.record.revoked = true;
  return Result<DeviceRecord>(found->second.record);
}

MemoryStore::Told MemoryStore::on(const RenameDevice& q) {
  const auto found = devices.find(q.device);
  if (found == devices.end() || found->second.record.user != q.user)
    return Result<DeviceRecord>(fail(Fault::device_unknown));
  found->second.record.name = q.name;
  return Result<DeviceRecord>(found->second.record);
}

MemoryStore::Told MemoryStore::on(const LinkDevice& q) {
  const auto found = devices.find(q.device);
  if (found == devices.end()) return Result<Admission>(fail(Fault::device_unknown));
  if (devices_of(q.to) >= q.devices_per_user)
    return Result<Admission>(fail(Fault::too_many_devices));
  auto& known = found->second;
  known.record.user = q.to;
  known.cursor = 0;
  return Result<Admission>(admission_of(known));
}

MemoryStore::Told MemoryStore::on(const Prune& q) {
  prunes.push_back(q);
  std::erase_if(drops, [&](const auto& left) { return left.second.expires_at <= q.now; });
  std::erase_if(events, [&](const Row& row) {
    if (row.stored >= q.before) return false;
    lost_[row.user] = row.stored_event.cursor;
    return true;
  });
  return std::nullopt;
}

MemoryStore::Told MemoryStore::on(const KeepDrops& q) {
  for (const auto& drop : q.drops) {
    std::erase_if(drops, [&](const auto& left) {
      return left.first.first == drop.point && may_replace(drop.owner, left.first.second);
    });
    drops.insert_or_assign({drop.point, drop.owner}, drop);
  }
  return Result<DropsKept>(DropsKept{});
}

MemoryStore::Told MemoryStore::on(const ListDrops& q) {
  std::vector<StoredDrop> left;
  for (const auto& [where, drop] : drops)
    if (drop.expires_at > q.now) left.push_back(drop);
  std::sort(left.begin(), left.end(),
            [](const auto& a, const auto& b) { return a.expires_at < b.expires_at; });
  return Result<std::vector<StoredDrop>>(std::move(left));
}

}  // namespace culver::relay
