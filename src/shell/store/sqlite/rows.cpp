#include "shell/store/sqlite/rows.hpp"

#include <cstdlib>
#include <utility>

namespace culver::store::sqlite {
namespace {

/// Rows in memory between two batches; some hundred bytes each.
constexpr std::size_t max_rows = 65'536;

constexpr WallTime seen_precision = 60'000;

void bind_text(Statement& statement, int parameter, const std::optional<Plaintext>& text) {
  if (text)
    statement.bind(parameter, text->expose());
  else
    statement.bind_null(parameter);
}

std::optional<Plaintext> plaintext(const Statement& row, int column) {
  auto text = row.optional_text(column);
  if (!text) return std::nullopt;
  return Plaintext(std::move(*text));
}

std::optional<std::int64_t> stored(std::optional<relay::DeviceType> type) {
  if (!type) return std::nullopt;
  return static_cast<std::int64_t>(*type);
}

constexpr auto account_columns =
    "SELECT id, user_id, head, events, bytes, streams, oldest, lost_up_to, lost_maker,"
    " lost_of_others FROM account ";
constexpr auto device_columns =
    "SELECT device.id, account, user_id, key, device_id, name, type, registered, last_seen,"
    " asked_name, revoked_at, cursor, used"
    " FROM device JOIN account ON account.id = account ";

Result<Account> account_of(const Statement& row) {
  const auto user = UserId::from(row.blob_view(1));
  if (!user) return fail(Fault::store_failed);
  Account account;
  account.id = row.integer(0);
  account.user = *user;
  account.head = count(row, 2);
  account.events = count(row, 3);
  account.bytes = count(row, 4);
  account.streams = count(row, 5);
  account.oldest = row.optional_integer(6);
  account.lost_up_to = count(row, 7);
  account.lost_maker = row.integer(8);
  account.lost_of_others = count(row, 9);
  return account;
}

Result<Device> device_of(const Statement& row) {
  const auto user = UserId::from(row.blob_view(2));
  const auto key = UserId::from(row.blob_view(3));
  const auto id = DeviceId::from(row.blob_view(4));
  if (!user || !key || !id) return fail(Fault::store_failed);
  relay::DeviceRecord record{*user,        *key,           *id,           plaintext(row, 5),
                             std::nullopt, row.integer(7), row.integer(8)};
  if (const auto type = row.optional_integer(6))
    record.type = static_cast<relay::DeviceType>(*type);
  TRY(auto used, NumberSet::parse(as_text(row.blob_view(12))));
  const auto revoked_at = row.optional_integer(10);
  record.revoked = revoked_at.has_value();
  const auto seen = record.last_seen;
  return Device{row.integer(0), row.integer(1), std::move(record), plaintext(row, 9),
                revoked_at,     count(row, 11), std::move(used),   seen};
}

}  // namespace

Result<void> Rows::prepare() {
  const auto prepare = [this](Statement& statement, const std::string& sql) -> Result<void> {
    TRY(statement, database_.prepare(sql));
    return {};
  };
  const std::string account = account_columns, device = device_columns;
  CHECK_OK(prepare(account_by_user_, account + "WHERE user_id = ?1"));
  CHECK_OK(prepare(account_by_id_, account + "WHERE id = ?1"));
  CHECK_OK(prepare(account_by_age_, account + "WHERE oldest < ?1 ORDER BY oldest, id LIMIT 1"));
  CHECK_OK(prepare(device_by_id_, device + "WHERE device_id = ?1"));
  CHECK_OK(prepare(devices_by_account_, device + "WHERE account = ?1 ORDER BY device.id"));
  CHECK_OK(prepare(stream_by_name_, "SELECT last FROM stream WHERE account = ?1 AND name = ?2"));
  CHECK_OK(prepare(insert_account_, "INSERT INTO account (user_id) VALUES (?1)"));
  CHECK_OK(prepare(insert_device_,
                   "INSERT INTO device (device_id, key, account, registered, last_seen)"
                   " VALUES (?1, ?2, ?3, ?4, ?4)"));
  CHECK_OK(prepare(put_account_,
                   "UPDATE account SET head = ?2, events = ?3, bytes = ?4, streams = ?5,"
                   " oldest = ?6, lost_up_to = ?7, lost_maker = ?8, lost_of_others = ?9"
                   " WHERE id = ?1"));
  CHECK_OK(prepare(put_device_,
                   "UPDATE device SET account = ?2, name = ?3, type = ?4, last_seen = ?5,"
                   " revoked_at = ?6, asked_name = ?7, cursor = ?8, used = ?9"
                   " WHERE id = ?1"));
  return prepare(put_stream_,
                 "INSERT INTO stream (account, name, last) VALUES (?1, ?2, ?3)"
                 " ON CONFLICT (account, name) DO UPDATE SET last = excluded.last");
}

// ---- reading ------------------------------------------------------------------------------------

Result<Account*> Rows::read_account(Statement& query) {
  const Reading reading(query);
  TRY(const bool found, query.step());
  if (!found) return nullptr;
  if (const auto known = accounts_.find(query.integer(0)); known != accounts_.end())
    return &known->second;
  TRY(auto account, account_of(query));
  auto& kept = accounts_.emplace(account.id, std::move(account)).first->second;
  by_user_.emplace(kept.user, &kept);
  return &kept;
}

Result<Account*> Rows::account(const UserId& user) {
  if (const auto known = by_user_.find(user); known != by_user_.end()) return known->second;
  account_by_user_.bind(1, ByteView(user.view()));
  return read_account(account_by_user_);
}

Result<Account*> Rows::account(std::int64_t id) {
  if (const auto known = accounts_.find(id); known != accounts_.end()) return &known->second;
  account_by_id_.bind(1, id);
  return read_account(account_by_id_);
}

Result<Device*> Rows::device(const DeviceId& id) {
  if (const auto known = devices_.find(id); known != devices_.end()) return &known->second;
  const Reading reading(device_by_id_);
  TRY(const bool found, device_by_id_.bind(1, ByteView(id.view())).step());
  if (!found) return nullptr;
  TRY(auto device, device_of(device_by_id_));
  return &devices_.emplace(id, std::move(device)).first->second;
}

Result<Stream*> Rows::stream(Account& account, const std::string& name) {
  if (const auto known = account.known_streams.find(name); known != account.known_streams.end())
    return &known->second;
  const Reading reading(stream_by_name_);
  TRY(const bool found, stream_by_name_.bind(1, account.id).bind_view(2, name).step());
  const auto last = found ? count(stream_by_name_, 0) : 0;
  ++streams_;
  return &account.known_streams.emplace(name, Stream{last}).first->second;
}

Result<Account*> Rows::account_with_events_before(WallTime before) {
  CHECK_OK(write_back());
  account_by_age_.bind(1, before);
  return read_account(account_by_age_);
}

Result<std::vector<relay::DeviceRecord>> Rows::devices_of(const Account& account) {
  CHECK_OK(write_back());
  const Reading reading(devices_by_account_);
  devices_by_account_.bind(1, account.id);
  std::vector<relay::DeviceRecord> devices;
  while (true) {
    TRY(const bool found, devices_by_account_.step());
    if (!found) return devices;
    TRY(auto device, device_of(devices_by_account_));
    // One in memory knows best when it was seen.
    const auto known = devices_.find(device.record.device);
    devices.push_back(known == devices_.end() ? std::move(device.record) : known->second.record);
  }
}

// ---- writing ------------------------------------------------------------------------------------

Result<Account*> Rows::add(const UserId& user) {
  CHECK_OK(insert_account_.bind(1, ByteView(user.view())).run());
  Account account;
  account.id = database_.last_insert_id();
  account.user = user;
  auto& kept = accounts_.emplace(account.id, std::move(account)).first->second;
  by_user_.emplace(user, &kept);
  return &kept;
}

Result<Device*> Rows::add(Device device) {
  insert_device_.bind(1, ByteView(device.record.device.view()))
      .bind(2, ByteView(device.record.key.view()))
      .bind(3, device.account)
      .bind(4, device.record.registered);
  CHECK_OK(insert_device_.run());
  device.id = database_.last_insert_id();
  const auto id = device.record.device;
  auto& kept = devices_.emplace(id, std::move(device)).first->second;
  changed(kept);
  return &kept;
}

void Rows::changed(Account& account) {
  if (!std::exchange(account.is_changed, true)) changed_accounts_.push_back(&account);
}

void Rows::changed(Device& device) {
  if (!std::exchange(device.is_changed, true)) changed_devices_.push_back(&device);
}

void Rows::seen(Device& device, WallTime now) {
  device.record.last_seen = now;
  if (std::abs(now - device.seen_on_disk) >= seen_precision) changed(device);
}

void Rows::changed(Account& account, const std::string& name, Stream& stream) {
  if (std::exchange(stream.is_changed, true)) return;
  // The caller's name may not last; the key of the map does.
  changed_streams_.push_back({&account, &account.known_streams.find(name)->first, &stream});
}

Result<void> Rows::write(Account& account) {
  put_account_.bind(1, account.id)
      .bind(2, stored(account.head))
      .bind(3, stored(account.events))
      .bind(4, stored(account.bytes))
      .bind(5, stored(account.streams))
      .bind(6, account.oldest)
      .bind(7, stored(account.lost_up_to))
      .bind(8, account.lost_maker)
      .bind(9, stored(account.lost_of_others));
  account.is_changed = false;
  return put_account_.run();
}

Result<void> Rows::write(Device& device) {
  put_device_.bind(1, device.id)
      .bind(2, device.account)
      .bind(4, stored(device.record.type))
      .bind(5, device.record.last_seen)
      .bind(6, device.revoked_at)
      .bind(8, stored(device.cursor))
      .bind(9, device.used.text());
  bind_text(put_device_, 3, device.record.name);
  bind_text(put_device_, 7, device.asked_name);
  device.is_changed = false;
  device.seen_on_disk = device.record.last_seen;
  return put_device_.run();
}

Result<void> Rows::write(const ChangedStream& changed) {
  put_stream_.bind(1, changed.account->id)
      .bind_view(2, *changed.name)
      .bind(3, stored(changed.stream->last));
  changed.stream->is_changed = false;
  return put_stream_.run();
}

Result<void> Rows::write_back() {
  for (auto* account : std::exchange(changed_accounts_, {})) CHECK_OK(write(*account));
  for (auto* device : std::exchange(changed_devices_, {})) CHECK_OK(write(*device));
  for (const auto& stream : std::exchange(changed_streams_, {})) CHECK_OK(write(stream));
  return {};
}

void Rows::forget() {
  changed_accounts_.clear();
  changed_devices_.clear();
  changed_streams_.clear();
  devices_.clear();
  by_user_.clear();
  accounts_.clear();
  streams_ = 0;
}

void Rows::limit() {
  if (accounts_.size() + devices_.size() + streams_ > max_rows) forget();
}

}  // namespace culver::store::sqlite
