#include "shell/store/sqlite/devices.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/unicode.hpp"
#include "core/wire/limits.hpp"

namespace culver::store::sqlite {
namespace {

using relay::DeviceRecord;
using Devices = std::vector<DeviceRecord>;

constexpr std::size_t max_characters = wire::limits::device_name;

bool is_acceptable(std::string_view name) {
  std::size_t characters = 0;
  for (; !name.empty(); ++characters) {
    const auto next = unicode::first(name);
    if (!next.valid || unicode::is_control(next.value)) return false;
    name.remove_prefix(next.size);
  }
  return characters > 0 && characters <= max_characters;
}

/// The beginning of an acceptable name.
std::string_view first_characters(std::string_view name, std::size_t characters) {
  std::size_t bytes = 0;
  for (; characters > 0 && bytes < name.size(); --characters)
    bytes += unicode::first(name.substr(bytes)).size;
  return name.substr(0, bytes);
}

/// As much of what a device calls itself as can be shown: a label locks nobody out.
std::optional<Plaintext> as_shown(std::string_view wish) {
  auto name = unicode::label(wish, {.characters = max_characters});
  return name.empty() ? std::nullopt : std::optional(Plaintext(std::move(name)));
}

/// A revoked device keeps its row, but neither its name nor its place among the others.
bool is_taken(const std::string& name, const Devices& devices, const DeviceId& except) {
  return std::any_of(devices.begin(), devices.end(), [&](const DeviceRecord& other) {
    return !other.revoked && other.device != except && other.name && other.name->expose() == name;
  });
}

bool is_full(const Devices& devices, std::size_t limit) {
  const auto active = std::count_if(devices.begin(), devices.end(),
                                    [](const DeviceRecord& device) { return !device.revoked; });
  return static_cast<std::size_t>(active) >= limit;
}

/// With " (2)", " (3)" behind it if another device of the account is called so.
Plaintext unique_name(const Plaintext& wanted, const Devices& devices, const DeviceId& device) {
  auto name = wanted.expose();
  for (std::size_t number = 2; is_taken(name, devices, device); ++number) {
    const auto suffix = " (" + std::to_string(number) + ")";
    name = std::string(first_characters(wanted.expose(), max_characters - suffix.size())) + suffix;
  }
  return Plaintext(std::move(name));
}

Result<Account*> account_of(Rows& rows, const Device& device) {
  TRY(auto* account, rows.account(device.account));
  if (!account) return fail(Fault::store_failed);
  return account;
}

Result<relay::Admission> admission(Rows& rows, const Device& device) {
  TRY(const auto* account, account_of(rows, device));
  return relay::Admission{device.record, device.used.last(), device.cursor, account->head};
}

/// A device says what it is called each time it comes. Only a new wish counts, so that a name which
/// somebody gave it in the meantime stays.
Result<void> take_wish(Rows& rows, Device& device, const std::optional<Plaintext>& wish) {
  if (!wish || wish == device.asked_name) return {};
  TRY(const auto* account, account_of(rows, device));
  TRY(const auto devices, rows.devices_of(*account));
  device.asked_name = wish;
  device.record.name = unique_name(*wish, devices, device.record.device);
  rows.changed(device);
  return {};
}

Result<relay::Admission> admit_known(Rows& rows, Device& device, const relay::AdmitDevice& asked,
                                     const std::optional<Plaintext>& wish) {
  CHECK_OK(take_wish(rows, device, wish));
  if (asked.type && asked.type != device.record.type) {
    device.record.type = asked.type;
    rows.changed(device);
  }
  rows.seen(device, asked.now);
  return admission(rows, device);
}

Result<relay::Admission> admit_new(Rows& rows, const relay::AdmitDevice& asked,
                                   const std::optional<Plaintext>& wish) {
  TRY(auto* account, rows.account(asked.key));
  Devices others;
  if (account) {
    TRY(others, rows.devices_of(*account));
  }
  // Whoever has the key of a device that was shut out is not to come back as a new one.
  const auto is_shut_out = [&](const DeviceRecord& other) {
    return other.revoked && other.key == asked.key;
  };
  if (std::ranges::any_of(others, is_shut_out)) return fail(Fault::device_revoked);
  if (is_full(others, asked.devices_per_user)) return fail(Fault::too_many_devices);
  if (!account) {
    TRY(account, rows.add(asked.key));
  }
  Device device;
  device.account = account->id;
  device.record = {asked.key,  asked.key, asked.device, std::nullopt,
                   asked.type, asked.now, asked.now};
  if (wish) device.record.name = unique_name(*wish, others, asked.device);
  device.asked_name = wish;
  TRY(const auto* added, rows.add(std::move(device)));
  return admission(rows, *added);
}

/// Null if it is not a device of that account.
Result<Device*> device_of_account(Rows& rows, const DeviceId& id, const UserId& user) {
  TRY(auto* device, rows.device(id));
  return device && device->record.user == user ? device : nullptr;
}

}  // namespace

Result<relay::Admission> answer(Rows& rows, const relay::AdmitDevice& question) {
  TRY(auto* known, rows.device(question.device));
  if (known && known->record.key != question.key) return fail(Fault::device_of_another);
  if (known && known->record.revoked) return fail(Fault::device_revoked);
  const auto wish = question.name ? as_shown(question.name->expose()) : std::nullopt;
  return known ? admit_known(rows, *known, question, wish) : admit_new(rows, question, wish);
}

Result<relay::Admission> answer(Rows& rows, const relay::LinkDevice& question) {
  TRY(auto* device, rows.device(question.device));
  TRY(const auto* account, rows.account(question.to));
  if (!device || !account) return fail(Fault::device_unknown);
  if (device->record.revoked) return fail(Fault::device_revoked);
  if (device->account == account->id) return admission(rows, *device);
  TRY(const auto others, rows.devices_of(*account));
  if (is_full(others, question.devices_per_user)) return fail(Fault::too_many_devices);

  auto& record = device->record;
  if (record.name) record.name = unique_name(*record.name, others, record.device);
  record.user = account->user;
  record.last_seen = question.now;
  device->account = account->id;
  device->cursor = 0;  // cursors are places in one account
  rows.changed(*device);
  return admission(rows, *device);
}

Result<Devices> answer(Rows& rows, const relay::ListDevices& question) {
  TRY(const auto* account, rows.account(question.user));
  if (!account) return Devices{};
  return rows.devices_of(*account);
}

Result<DeviceRecord> answer(Rows& rows, const relay::FindDevice& question) {
  TRY(const auto* device, rows.device(question.device));
  if (!device) return fail(Fault::device_unknown);
  return device->record;
}

Result<DeviceRecord> answer(Rows& rows, const relay::RevokeDevice& question) {
  TRY(auto* device, device_of_account(rows, question.device, question.user));
  if (!device) return fail(Fault::device_unknown);
  if (!device->record.revoked) device->revoked_at = question.now;
  device->record.revoked = true;
  rows.changed(*device);
  return device->record;
}

Result<DeviceRecord> answer(Rows& rows, const relay::RenameDevice& question) {
  TRY(auto* device, device_of_account(rows, question.device, question.user));
  if (!device) return fail(Fault::device_unknown);
  TRY(const auto* account, account_of(rows, *device));
  TRY(const auto devices, rows.devices_of(*account));
  const auto& name = question.name.expose();
  if (!is_acceptable(name) || is_taken(name, devices, question.device))
    return fail(Fault::device_name_refused);
  device->record.name = question.name;
  rows.changed(*device);
  return device->record;
}

Result<void> answer(Rows& rows, const relay::SaveCursor& question) {
  TRY(auto* device, rows.device(question.device));
  if (!device) return {};
  TRY(const auto* account, account_of(rows, *device));
  const auto read_up_to = std::min(question.cursor, account->head);
  if (read_up_to > device->cursor) {
    device->cursor = read_up_to;
    rows.changed(*device);
  }
  rows.seen(*device, question.now);
  return {};
}

}  // namespace culver::store::sqlite
