// The key first, and then whatever it opens.
#include "shell/host/vault.hpp"

#include <array>

#include <fcntl.h>

#include "core/base/fsm.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/host/log.hpp"
#include "shell/host/paths.hpp"

namespace culver::host {
namespace {

namespace fs = std::filesystem;
namespace form = format::vault;

constexpr std::string_view key_name = "key";
constexpr std::size_t largest = form::file_size;

/// Every name under which a secret has been sealed. In a folder that has one of them no key is
/// made.
constexpr std::array<std::string_view, 3> sealed_names{"identity.key", "account", "server-key"};

Outcome<bool> has_sealed_secret(const fs::path& folder) {
  for (const auto name : sealed_names) {
    const auto file = PrivateFile("secret", folder / name).read(largest);
    if (!file) return tl::unexpected(file.error());
    if (*file && form::is_sealed((*file)->expose())) return true;
  }
  return false;
}

/// An earlier version locks its account file as it is, and would go on with one that is replaced.
bool is_used_by_earlier_version(const fs::path& file) {
  const FileDescriptor descriptor(::open(file.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  struct flock held {};
  held.l_type = F_WRLCK;
  held.l_whence = SEEK_SET;
  return descriptor && fcntl(descriptor.get(), F_OFD_GETLK, &held) == 0 && held.l_type != F_UNLCK;
}

PrivateFile key_in(const fs::path& folder, const std::optional<fs::path>& elsewhere) {
  if (!elsewhere) return {"key", folder / key_name};
  std::error_code error;
  auto path = fs::weakly_canonical(fs::absolute(*elsewhere, error), error);  // a link is as good
  return {"key", error ? *elsewhere : std::move(path), PrivateFile::From::us_or_root};
}

}  // namespace

// ---- the key ------------------------------------------------------------------------------------

Outcome<Vault> Vault::open(const fs::path& folder, const std::optional<fs::path>& key_file,
                           const AskPassphrase& ask) {
  if (auto made = make_private_dir(folder); !made) return tl::unexpected(made.error());
  Vault vault(folder, key_in(folder, key_file));
  const auto& file = vault.key_file_;
  // In this order: another process may be making both, the key first.
  const auto has_sealed = has_sealed_secret(folder);
  auto stored = file.read(largest);
  if (stored && !*stored) {
    if (!has_sealed) return tl::unexpected(has_sealed.error());
    if (*has_sealed)
      return file.unusable("is missing, and the secrets in " + folder.string() +
                           " do not open without it. Put it back, or say where it is: --key-file.");
    auto rng = system_rng();
    if (auto made = file.create(form::print(rng.secret<32>()).expose()); !made)
      return tl::unexpected(made.error());
    stored = file.read(largest);
  }
  if (!stored) return tl::unexpected(stored.error());
  if (!*stored) return file.unusable("vanished while it was being made.");
  if (auto taken = vault.take(std::move(**stored), ask); !taken)
    return tl::unexpected(taken.error());
  return vault;
}

bool Vault::is_locked_in(const fs::path& folder) {
  const auto stored = key_in(folder, std::nullopt).read(largest);
  if (!stored || !*stored) return false;
  const auto parsed = form::parse_key((*stored)->expose());
  return parsed && std::holds_alternative<form::WrappedKey>(*parsed);
}

Outcome<Vault> Vault::make_locked(const fs::path& folder, ByteView passphrase,
                                  crypto::ScryptCost cost) {
  if (auto made = make_private_dir(folder); !made) return tl::unexpected(made.error());
  Vault vault(folder, key_in(folder, std::nullopt));
  auto rng = system_rng();
  vault.key_ = rng.secret<32>();
  const auto wrapped = form::wrap(vault.key_, passphrase, rng, cost);
  if (!wrapped) return trouble(wrapped.error(), std::string(fault_text(wrapped.error()).sentence));
  if (auto made = vault.key_file_.create(*wrapped); !made) return tl::unexpected(made.error());
  vault.stored_ = SecretBytes(*wrapped);
  vault.is_locked_ = true;
  return vault;
}

Outcome<void> Vault::take(SecretBytes stored, const AskPassphrase& ask) {
  auto parsed = form::parse_key(stored.expose());
  if (!parsed)
    return key_file_.unusable(parsed.error() == Fault::usage
                                  ? "was made by a newer Culver."
                                  : "is damaged, or is not a key of Culver.");
  stored_ = std::move(stored);
  if (auto* plain = std::get_if<form::DataKey>(&*parsed)) {
    key_ = std::move(*plain);
    return {};
  }
  const auto passphrase = ask();
  if (!passphrase) return tl::unexpected(passphrase.error());
  auto key = form::unwrap(std::get<form::WrappedKey>(*parsed), passphrase->expose());
  if (!key && key.error() == Fault::not_authentic)
    return trouble(Fault::passphrase_wrong,
                   std::string(fault_text(Fault::passphrase_wrong).sentence));
  if (!key) return key_file_.unusable("wants more memory than is given.");
  key_ = std::move(*key);
  is_locked_ = true;
  may_make_ = false;
  key_file_.sweep();
  return {};
}

Outcome<void> Vault::lock(ByteView passphrase, crypto::ScryptCost cost) {
  auto rng = system_rng();
  const auto wrapped = form::wrap(key_, passphrase, rng, cost);
  if (!wrapped) return trouble(wrapped.error(), std::string(fault_text(wrapped.error()).sentence));
  if (auto replaced = replace_key(*wrapped); !replaced) return replaced;
  is_locked_ = true;
  may_make_ = false;
  return {};
}

Outcome<void> Vault::unlock() {
  if (auto replaced = replace_key(form::print(key_).expose()); !replaced) return replaced;
  is_locked_ = false;
  may_make_ = true;
  return {};
}

Outcome<void> Vault::replace_key(ByteView key_form) {
  const auto replaced = key_file_.replace(stored_.expose(), key_form);
  if (!replaced) return tl::unexpected(replaced.error());
  if (!*replaced)
    return key_file_.unusable("was changed by another culver meanwhile.",
                              Fault::data_folder_in_use);
  stored_ = SecretBytes(key_form);
  return {};
}

// ---- the secrets --------------------------------------------------------------------------------

Outcome<SecretBytes> Vault::read_or_make(const SecretFile& secret, ByteView fresh) const {
  const PrivateFile file(secret.what, folder_ / secret.name);
  auto rng = system_rng();
  for (int look = 0; look < 3; ++look) {  // absent, plain, sealed: none of them goes back
    auto found = file.read(largest);
    if (!found) return tl::unexpected(found.error());
    if (*found && form::is_sealed((*found)->expose()))
      return open_sealed(secret, file, (*found)->expose());
    if (!may_make_)
      return file.unusable(*found ? "is not sealed, though the data folder is locked. Nothing of "
                                    "Culver's has put it there."
                                  : "is missing, though the data folder is locked.");
    if (!*found) {
      const auto made = file.create(form::seal(key_, secret.name, fresh, rng));
      if (!made) return tl::unexpected(made.error());
      continue;
    }
    const auto taken = take_over(secret, file, (*found)->expose());
    if (!taken) return tl::unexpected(taken.error());
    if (*taken) return std::move(**found);
  }
  return file.unusable("changes all the time.");
}

Outcome<SecretBytes> Vault::open_sealed(const SecretFile& secret, const PrivateFile& file,
                                        ByteView sealed) const {
  auto content = form::open(key_, secret.name, sealed);
  if (!content && content.error() == Fault::not_authentic)
    return file.unusable("does not open: it is damaged, or belongs to another key than " +
                         key_file_.path().string() + ".");
  if (!content || !secret.is_valid(content->expose()))
    return file.unusable("is damaged, or was made by a newer Culver.");
  return std::move(*content);
}

/// False if the file is not that any more.
Outcome<bool> Vault::take_over(const SecretFile& secret, const PrivateFile& file,
                               ByteView plain) const {
  if (!secret.is_valid(plain)) return file.unusable("is damaged, or was made by a newer Culver.");
  if (is_used_by_earlier_version(file.path()))
    return file.unusable("is used by a culver of an earlier version. End that one and try again.",
                         Fault::data_folder_in_use);
  auto rng = system_rng();
  auto replaced = file.replace(plain, form::seal(key_, secret.name, plain, rng));
  if (replaced && *replaced) log::info("a plain secret was sealed");
  return replaced;
}

}  // namespace culver::host
