// What the server asks of the store, and what the store answers: devices, events, cursors, and the
// dead drops of rendezvous. Types only. The store takes the questions of one process one after the
// other, in the order in which they were asked, and answers in that order; much of the gateway
// rests on it (docs/protocol/gateway.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/strong.hpp"
#include "core/base/text.hpp"
#include "core/relay/clock.hpp"
#include "core/relay/owner.hpp"
#include "core/wire/gateway.hpp"
#include "core/wire/gateway_admin.hpp"

namespace culver::relay {

using wire::gateway::DeviceType;

// ---- questions ----------------------------------------------------------------------------------

/// A device has proven `key`. A new device joins the account that `key` founded, or founds it,
/// unless one of that key was shut out; one that is known must come with the key that it came with
/// first. device_revoked, device_of_another, too_many_devices (of the account),
/// device_name_refused.
struct AdmitDevice {
  UserId key;
  DeviceId device;
  std::optional<Plaintext> name;
  std::optional<DeviceType> type;
  WallTime now;
  std::size_t devices_per_user;
  bool operator==(const AdmitDevice&) const = default;
};
struct DeviceRecord {
  UserId user;  ///< the account, not always the device's own key
  UserId key;
  DeviceId device;
  std::optional<Plaintext> name;
  std::optional<DeviceType> type;
  WallTime registered;
  WallTime last_seen;
  bool revoked = false;
  bool operator==(const DeviceRecord&) const = default;
};
struct Admission {
  DeviceRecord device;
  std::uint64_t last_device_seq;  ///< highest that is stored of this device, 0 for none
  std::uint64_t cursor;           ///< how far the device has acknowledged
  std::uint64_t head;             ///< of the account's newest event
};

/// Store the event, once: an event with this id, device and device_seq that is there already is
/// told as a duplicate. event_id_taken, device_seq_taken, event_expired, too_many_stored_events,
/// too_many_stored_bytes, device_revoked, device_unknown (not one of this account).
struct AppendEvent {
  UserId user;
  DeviceId device;
  EventId event;
  std::uint64_t device_seq;
  std::string stream;
  std::string body;  ///< wire::gateway::body_of
  std::uint64_t payload_size;
  std::optional<RunTime> expires_at;
  RunTime now;
  std::uint64_t events_per_user;
  std::uint64_t bytes_per_user;
  std::uint64_t bytes_in_all = UINT64_MAX;  ///< on the disk, about, with what is around them
};
struct Appended {
  wire::gateway::StoredEvent event;
  bool is_duplicate;  ///< stored before; its body is empty
};
/// Why it was not, and when it may be worth trying again.
struct AppendRefused {
  Fault fault;
  std::optional<RunTime> retry_at;
};

/// Whether the account holds this very event, of whatever device, or has held one by that number.
struct FindEvent {
  UserId user;
  DeviceId device;  ///< that it is said to be of
  EventId event;
  std::uint64_t device_seq;
  std::string beginning;  ///< wire::gateway::beginning_of_body
};
struct EventFound {
  bool is_held;
};

/// Events of the account after a cursor, in order, without those of the device itself, those that
/// have expired, and those whose cursor lies in (skip_after, skip_to].
struct FetchPage {
  UserId user;
  DeviceId device;
  std::uint64_t after;
  std::uint64_t skip_after = 0;
  std::uint64_t skip_to = 0;
  std::uint32_t limit;
  std::size_t bytes;  ///< of bodies; at least one event is given, whatever its size
  RunTime now;
};
struct Page {
  std::vector<wire::gateway::StoredEvent> events;
  std::uint64_t cursor;  ///< everything up to here was looked at
  bool has_more;
  std::optional<std::uint64_t> lost;  ///< retention removed events after `after`, up to this cursor
};

/// The device has read everything up to here. Never moves back. No answer.
struct SaveCursor {
  DeviceId device;
  std::uint64_t cursor;
  WallTime now;
};
struct ListDevices {
  UserId user;
};
/// By `by`, a device of the account that is not revoked: else device_unknown, device_revoked. The
/// signature of the request was made with that device's key, so its record comes first.
struct FindDevice {
  DeviceId device;
};
/// device_unknown unless it is a device of that account.
struct RevokeDevice {
  UserId user;
  DeviceId device;
  WallTime now;
};
/// device_unknown, device_name_refused.
struct RenameDevice {
  UserId user;
  DeviceId device;
  Plaintext name;
};
/// The device, which keeps its own key, becomes one of `to`, from whose beginning it reads.
/// device_unknown, device_revoked, too_many_devices.
struct LinkDevice {
  DeviceId device;
  UserId to;
  std::size_t devices_per_user;
  WallTime now;
};
/// What somebody left at a rendezvous point: relay/rendezvous.hpp.
struct StoredDrop {
  std::string point;
  Owner owner;
  PairingCode code;
  std::string relay_id;
  std::string text;
  RunTime expires_at;
  bool operator==(const StoredDrop&) const = default;
};
/// Each in place of what its owner may replace (relay/owner.hpp) of what is left at its point.
struct KeepDrops {
  std::vector<StoredDrop> drops;
};
struct DropsKept {};
/// All that have not expired, the first to expire first.
struct ListDrops {
  RunTime now;
};

/// Events that were stored before `before` or that have expired, and drops that have. No answer. At
/// most `limit` of each kind at once.
struct Prune {
  RunTime before;
  RunTime now;
  std::uint32_t limit;
};
/// How long the server has run, and what the clock on the wall says. No answer.
struct KeepTime {
  RunTime ran;
  WallTime wall;
};
/// A request that was signed with this nonce is to be served: the device, and stale_request if it
/// was there already. Of each device the last `kept` are remembered, for as long as the store
/// lives. device_unknown, device_revoked.
struct SpendNonce {
  DeviceId device;
  wire::gateway::RequestNonce nonce;
  std::uint32_t kept;
};

using Question = std::variant<AdmitDevice, AppendEvent, FetchPage, SaveCursor, ListDevices,
                              FindDevice, RevokeDevice, RenameDevice, LinkDevice, Prune, KeepDrops,
                              ListDrops, FindEvent, KeepTime, SpendNonce>;

// ---- answers ------------------------------------------------------------------------------------

/// The type of the answer says which question it is for; store_failed may be the answer to each.
using Answer =
    std::variant<Result<Admission>,                      // AdmitDevice, LinkDevice
                 tl::expected<Appended, AppendRefused>,  // AppendEvent
                 Result<Page>,                           // FetchPage
                 Result<std::vector<DeviceRecord>>,      // ListDevices
                 Result<DeviceRecord>,  // FindDevice, RevokeDevice, RenameDevice, SpendNonce
                 Result<DropsKept>,     // KeepDrops
                 Result<EventFound>,    // FindEvent
                 Result<std::vector<StoredDrop>>>;  // ListDrops

}  // namespace culver::relay
