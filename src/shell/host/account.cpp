// The account file: a version line, the seed of the key in base64, the device id.
#include "shell/host/account.hpp"

#include <algorithm>

#include <fcntl.h>

#include "core/crypto/hash.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/private_file.hpp"

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

std::optional<AccountSecrets> parse(const Content& content) {
  const auto text = as_text(content.expose());
  if (!text.starts_with(version_line) || text[device_at - 1] != '\n' || !text.ends_with('\n'))
    return std::nullopt;
  auto seed = parse_key(text.substr(key_at, KeyText::size));
  const auto device = parse_device_id(text.substr(device_at, uuid_size));
  if (!seed || !device) return std::nullopt;
  return AccountSecrets{std::move(*seed), *device};
}

/// What is there; `fresh` if nothing was.
Outcome<AccountSecrets> open_or_make(const std::filesystem::path& data_dir,
                                     const AccountSecrets& fresh) {
  if (auto made = make_private_dir(data_dir); !made) return tl::unexpected(made.error());
  const PrivateFile file("account", data_dir / file_name);
  Content content;
  if (auto read = file.read_or_create(content.expose_to_fill(), print(fresh).expose()); !read)
    return tl::unexpected(read.error());
  auto account = parse(content);
  if (!account) return file.unusable("is damaged, or was made by a newer Culver.");
  return std::move(*account);
}

/// The first one is that of the account.
DeviceId device_of_seat(const DeviceId& account_device, int seat) {
  if (seat == 0) return account_device;
  crypto::Sha256 hash;
  hash.update(as_bytes("culver device seat v1"));
  hash.update(account_device.data);
  hash.update(as_bytes(std::to_string(seat)));
  const auto digest = std::move(hash).finish();
  std::array<std::byte, DeviceId::size> bytes;
  std::copy_n(digest.data.begin(), bytes.size(), bytes.begin());
  return device_from(bytes);
}

/// Locks one byte of the file for as long as it is open. The kernel frees it with the process.
bool lock(const FileDescriptor& file, int seat) {
  struct flock wanted {};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  wanted.l_start = seat;
  wanted.l_len = 1;
  return fcntl(file.get(), F_OFD_SETLK, &wanted) == 0;
}

}  // namespace

Outcome<AccountSecrets> open_account_secrets(const std::filesystem::path& data_dir) {
  auto rng = system_rng();
  return open_or_make(data_dir, {rng.secret<32>(), device_from(rng.bytes<DeviceId::size>())});
}

Outcome<Account> open_account(const std::filesystem::path& data_dir) {
  const auto secrets = open_account_secrets(data_dir);
  if (!secrets) return tl::unexpected(secrets.error());
  return Account{crypto::SigningKey(secrets->seed), secrets->device};
}

Outcome<void> put_account(const std::filesystem::path& data_dir, const AccountSecrets& account) {
  const auto there = open_or_make(data_dir, account);
  if (!there) return tl::unexpected(there.error());
  if (!crypto::equal_in_constant_time(there->seed.expose(), account.seed.expose()) ||
      there->device != account.device)
    return trouble(Fault::identity_unreadable,
                   "The folder " + data_dir.string() + " has an account already.");
  return {};
}

DeviceSeat DeviceSeat::take(const std::filesystem::path& data_dir, const DeviceId& account_device) {
  FileDescriptor file(open((data_dir / file_name).c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  for (int seat = 0; file && seat < seats; ++seat)
    if (lock(file, seat)) return {std::move(file), device_of_seat(account_device, seat), seat == 0};
  return {FileDescriptor(), account_device, false};
}

}  // namespace culver::host
