// As whom this machine signs in to servers, in DATA/account: the Ed25519 key of the account and the
// id of the device, made on first use, never overwritten.
#pragma once

#include <filesystem>

#include "core/base/ids.hpp"
#include "core/crypto/sign.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/host/vault.hpp"

namespace culver::host {

struct Account {
  crypto::SigningKey key;
  DeviceId device;

  UserId user() const { return UserId{key.verify_key().data}; }
};

/// Reads the account, or makes it. Troubles: those of Vault::read_or_make().
Outcome<Account> open_account(const Vault& vault);

/// What the file holds.
struct AccountSecrets {
  crypto::SigningSeed seed;
  DeviceId device;
};
/// As open_account().
Outcome<AccountSecrets> open_account_secrets(const Vault& vault);
/// Makes this account in a folder that has none yet. identity_unreadable.
Outcome<void> put_account(const Vault& vault, const AccountSecrets& account);

/// A device id for one process at a time. A server ends the older one of two connections of a
/// device, so a second process on the same folder is a device of its own: its id follows from that
/// of the account.
class DeviceSlot {
 public:
  /// More processes than this there cannot be on one folder: two that were one device would push
  /// each other out of the server for as long as both run.
  static constexpr int slots = 4;

  /// The first that is free; taken until this object, or the process, ends. Where nothing can be
  /// locked, the account's own. data_folder_in_use.
  static Outcome<DeviceSlot> take(const std::filesystem::path& data_dir,
                                  const DeviceId& account_device);

  /// Of a process that goes to no server.
  static DeviceSlot none(const DeviceId& account_device) {
    return DeviceSlot(FileDescriptor(), account_device, false);
  }

  const DeviceId& device() const { return device_; }
  /// Whether a process that runs has one of them.
  static bool is_any_taken(const std::filesystem::path& data_dir);
  /// No other process is the account's own device while this one lives.
  bool is_first() const { return is_first_; }

 private:
  DeviceSlot(FileDescriptor lock, const DeviceId& device, bool is_first)
      : lock_(std::move(lock)), device_(device), is_first_(is_first) {}
  FileDescriptor lock_;
  DeviceId device_;
  bool is_first_;
};

}  // namespace culver::host
