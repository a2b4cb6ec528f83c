// The rows that almost every question needs, accounts, devices and streams, kept in memory between
// the batches and written back once per batch, however many of its events changed them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/env.hpp"
#include "core/base/ids.hpp"
#include "core/relay/directory.hpp"
#include "shell/store/sqlite/database.hpp"
#include "shell/store/sqlite/number_set.hpp"

namespace culver::store::sqlite {

/// Counts as SQLite keeps them, with a sign.
inline std::int64_t stored(std::uint64_t number) { return static_cast<std::int64_t>(number); }
inline std::uint64_t count(const Statement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

/// A name within an account, and the stream_seq that was given last.
struct Stream {
  std::uint64_t last = 0;
  bool is_changed = false;
};

struct Account {
  std::int64_t id = 0;
  UserId user;
  std::uint64_t head = 0;
  std::uint64_t events = 0;          ///< stored now
  std::uint64_t bytes = 0;           ///< of their payloads
  std::uint64_t streams = 0;         ///< ever used
  std::optional<WallTime> oldest;    ///< no stored event is older; none while there are no events
  std::uint64_t lost_up_to = 0;      ///< the last event that retention removed,
  std::int64_t lost_maker = 0;       ///< the device that had made it,
  std::uint64_t lost_of_others = 0;  ///< and the last one that another device had made
  std::unordered_map<std::string, Stream> known_streams;  ///< those that are in memory
  bool is_changed = false;
};

struct Device {
  std::int64_t id = 0;
  std::int64_t account = 0;
  relay::DeviceRecord record;
  std::optional<Plaintext> asked_name;  ///< before it was made unique in the account, or renamed
  std::optional<WallTime> revoked_at;
  std::uint64_t cursor = 0;
  NumberSet used;  ///< device_seqs, also of events that are gone
  WallTime seen_on_disk = 0;
  bool is_changed = false;
};

/// Pointers stay good until forget(). Whoever changes a row says so.
class Rows {
 public:
  explicit Rows(Database& database) : database_(database) {}
  /// Before anything else. The tables must be there.
  Result<void> prepare();

  /// Null if there is none.
  Result<Account*> account(const UserId& user);
  Result<Account*> account(std::int64_t id);
  Result<Device*> device(const DeviceId& id);
  /// With last 0 if it was never used.
  Result<Stream*> stream(Account& account, const std::string& name);
  /// The account whose oldest event is the oldest of all and was stored before that; null if none.
  Result<Account*> account_with_events_before(WallTime before);
  /// In the order in which they came.
  Result<std::vector<relay::DeviceRecord>> devices_of(const Account& account);

  Result<Account*> add(const UserId& user);
  Result<Device*> add(Device device);

  void changed(Account& account);
  void changed(Device& device);
  /// A sign of life, which alone is no change until a minute of them has come: a device that comes
  /// again and again costs no commit each time. What the process forgets of it is at most that.
  void seen(Device& device, WallTime now);
  void changed(Account& account, const std::string& name, Stream& stream);

  Result<void> write_back();
  /// Drops what is in memory, changes and all.
  void forget();
  /// Drops it if there is much of it and nothing of it is changed.
  void limit();

 private:
  template <class Id>
  struct HashOfId {
    std::size_t operator()(const Id& id) const {
      return std::hash<std::string_view>{}(as_text(id.view()));
    }
  };
  struct ChangedStream {
    Account* account;
    const std::string* name;
    Stream* stream;
  };
  Result<Account*> read_account(Statement& query);
  Result<void> write(Account& account);
  Result<void> write(Device& device);
  Result<void> write(const ChangedStream& changed);

  Database& database_;
  Statement account_by_user_, account_by_id_, account_by_age_;
  Statement device_by_id_, devices_by_account_, stream_by_name_;
  Statement insert_account_, insert_device_, put_account_, put_device_, put_stream_;

  std::unordered_map<std::int64_t, Account> accounts_;
  std::unordered_map<UserId, Account*, HashOfId<UserId>> by_user_;
  std::unordered_map<DeviceId, Device, HashOfId<DeviceId>> devices_;
  std::size_t streams_ = 0;  ///< in memory, of all accounts
  std::vector<Account*> changed_accounts_;
  std::vector<Device*> changed_devices_;
  std::vector<ChangedStream> changed_streams_;
};

}  // namespace culver::store::sqlite
