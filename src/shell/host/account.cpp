// What the account file seals: a version line, the seed of the key in base64, the device id.
#include "shell/host/account.hpp"

#include <algorithm>

#include <fcntl.h>

#include "core/crypto/hash.hpp"
#include "shell/host/entropy.hpp"

namespace culver::host {
namespace {

constexpr std::string_view file_name = "account";
constexpr std::string_view version_line = "culver-account-1\n";
constexpr std::size_t key_at = version_line.size();
constexpr std::size_t device_at = key_at + KeyText::size + 1;
constexpr std::size_t uuid_size = 36;
using Content = Secret<device_at + uuid_size + 1>;

/// Version 4, RFC 9562 section 5.4.
DeviceId device_from(std::array<std::byte, DeviceId::size> bytes) {
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  return DeviceId{bytes};
}

Content print(const AccountSecrets& account) {
  Content content;
  const auto out = content.expose_to_fill();
  const auto put = [&](std::size_t at, ByteView part) {
    std::copy(part.begin(), part.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(0, as_bytes(version_line));
  put(key_at, print_key(account.seed).expose());
  put(device_at - 1, as_bytes("\n"));
  put(device_at, as_bytes(print_uuid(account.device.data)));
  put(Content::size - 1, as_bytes("\n"));
  return content;
}

std::optional<AccountSecrets> parse(ByteView content) {
  const auto text = as_text(content);
  if (text.size() != Content::size || !text.starts_with(version_line) ||
      text[device_at - 1] != '\n' || !text.ends_with('\n'))
    return std::nullopt;
  auto seed = parse_key(text.substr(key_at, KeyText::size));
  const auto device = parse_device_id(text.substr(device_at, uuid_size));
  if (!seed || !device) return std::nullopt;
  return AccountSecrets{std::move(*seed), *device};
}

constexpr SecretFile account_file{"account", file_name,
                                  [](ByteView content) { return parse(content).has_value(); }};

/// What is there; `fresh` if nothing was.
Outcome<AccountSecrets> open_or_make(const Vault& vault, const AccountSecrets& fresh) {
  const auto content = vault.read_or_make(account_file, print(fresh).expose());
  if (!content) return tl::unexpected(content.error());
  return std::move(*parse(content->expose()));
}

/// The first one is that of the account.
DeviceId device_of_slot(const DeviceId& account_device, int slot) {
  if (slot == 0) return account_device;
  crypto::Sha256 hash;
  hash.update(as_bytes("culver device seat v1"));
  hash.update(account_device.data);
  hash.update(as_bytes(std::to_string(slot)));
  const auto digest = std::move(hash).finish();
  std::array<std::byte, DeviceId::size> bytes;
  std::copy_n(digest.data.begin(), bytes.size(), bytes.begin());
  return device_from(bytes);
}

/// Locks one byte of the file for as long as it is open. The kernel frees it with the process.
bool lock(const FileDescriptor& account, int slot) {
  struct flock wanted {};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  wanted.l_start = slot;
  wanted.l_len = 1;
  return fcntl(account.get(), F_OFD_SETLK, &wanted) == 0;
}

}  // namespace

Outcome<AccountSecrets> open_account_secrets(const Vault& vault) {
  auto rng = system_rng();
  return open_or_make(vault, {rng.secret<32>(), device_from(rng.bytes<DeviceId::size>())});
}

Outcome<Account> open_account(const Vault& vault) {
  const auto secrets = open_account_secrets(vault);
  if (!secrets) return tl::unexpected(secrets.error());
  return Account{crypto::SigningKey(secrets->seed), secrets->device};
}

Outcome<void> put_account(const Vault& vault, const AccountSecrets& account) {
  const auto there = open_or_make(vault, account);
  if (!there) return tl::unexpected(there.error());
  if (!crypto::equal_in_constant_time(there->seed.expose(), account.seed.expose()) ||
      there->device != account.device)
    return trouble(Fault::identity_unreadable,
                   "The folder " + vault.folder().string() + " has an account already.");
  return {};
}

bool DeviceSlot::is_any_taken(const std::filesystem::path& data_dir) {
  const FileDescriptor locks(open((data_dir / file_name).c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  struct flock held {};
  held.l_type = F_WRLCK;
  held.l_whence = SEEK_SET;
  held.l_len = slots;
  return locks && fcntl(locks.get(), F_OFD_GETLK, &held) == 0 && held.l_type != F_UNLCK;
}

Outcome<DeviceSlot> DeviceSlot::take(const std::filesystem::path& data_dir,
                                     const DeviceId& account_device) {
  FileDescriptor locks(open((data_dir / file_name).c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!locks) return DeviceSlot(FileDescriptor(), account_device, false);
  for (int slot = 0; slot < slots; ++slot)
    if (lock(locks, slot))
      return DeviceSlot(std::move(locks), device_of_slot(account_device, slot), slot == 0);
  return trouble(Fault::data_folder_in_use,
                 std::to_string(slots) + " culver are running on the data folder " +
                     data_dir.string() +
                     " already, and more there cannot be. End one of them and try again.");
}

}  // namespace culver::host
