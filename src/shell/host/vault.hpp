// The secrets of a data folder, and the key under which they are sealed. Source:
// docs/protocol/secrets-at-rest.md.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>

#include "core/format/vault.hpp"
#include "shell/host/private_file.hpp"
#include "shell/host/trouble.hpp"

namespace culver::host {

/// Called at most once, if the key is wrapped: the passphrase, or why there is none.
using AskPassphrase = std::function<Outcome<SecretBytes>()>;

/// A secret as its owner knows it.
struct SecretFile {
  std::string_view what;  ///< its name in a sentence
  std::string_view name;  ///< of the file, and bound to it
  /// Whether the owner can use this content. Nothing else is sealed, or given out.
  bool (*is_valid)(ByteView content);
};

class Vault {
 public:
  /// Makes what is absent: the folder, and the key unless a sealed secret is there. `key_file` is
  /// where the key is if it is not in the folder. Troubles: identity_unreadable, passphrase_wrong,
  /// what `ask` says.
  static Outcome<Vault> open(const std::filesystem::path& folder,
                             const std::optional<std::filesystem::path>& key_file,
                             const AskPassphrase& ask);
  /// Whether the key that lies in this folder is under a passphrase.
  static bool is_locked_in(const std::filesystem::path& folder);
  /// A key in an empty folder, wrapped from the start. Secrets can be made until this vault dies.
  static Outcome<Vault> make_locked(const std::filesystem::path& folder, ByteView passphrase,
                                    crypto::ScryptCost cost = format::vault::default_cost);

  const std::filesystem::path& folder() const { return folder_; }
  const std::filesystem::path& key_file() const { return key_file_.path(); }
  bool is_locked() const { return is_locked_; }

  /// What the file holds. If there is none it is made of `fresh`; of several processes that do so
  /// at once the first one wins. A plain one is sealed in its place. A locked folder has neither.
  /// identity_unreadable; data_folder_in_use.
  Outcome<SecretBytes> read_or_make(const SecretFile& secret, ByteView fresh) const;

  // All secrets have been read once before: then they are there and sealed.

  /// Wraps the key under this passphrase, whether it was wrapped or not. identity_unreadable;
  /// data_folder_in_use if another process has changed it meanwhile.
  Outcome<void> lock(ByteView passphrase, crypto::ScryptCost cost = format::vault::default_cost);
  /// The same for the plain form.
  Outcome<void> unlock();

 private:
  Vault(std::filesystem::path folder, PrivateFile key_file)
      : folder_(std::move(folder)), key_file_(std::move(key_file)) {}
  Outcome<void> take(SecretBytes stored, const AskPassphrase& ask);
  Outcome<void> replace_key(ByteView form);
  Outcome<SecretBytes> open_sealed(const SecretFile&, const PrivateFile&, ByteView sealed) const;
  Outcome<bool> take_over(const SecretFile&, const PrivateFile&, ByteView plain) const;

  std::filesystem::path folder_;
  PrivateFile key_file_;
  SecretBytes stored_;  ///< as the key's file has it
  format::vault::DataKey key_;
  bool is_locked_ = false;
  bool may_make_ = true;
};

}  // namespace culver::host
