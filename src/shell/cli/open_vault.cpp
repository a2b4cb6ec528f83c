// Vault::open() and whom it asks.
#include "shell/cli/open_vault.hpp"

#include <iostream>

#include "shell/cli/passphrase.hpp"
#include "shell/cli/printable.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/paths.hpp"

namespace culver::cli {
namespace {

Variable variable_with(const Verb& verb) {
  const auto* about_vault = std::get_if<VaultOptions>(&verb);
  const bool is_lock = about_vault && std::holds_alternative<LockOptions>(*about_vault);
  return is_lock || std::holds_alternative<BackupOptions>(verb) ? Variable::is_of_verb
                                                                : Variable::is_of_folder;
}

}  // namespace

host::Outcome<host::Vault> open_vault(const Options& options, const std::filesystem::path& folder) {
  for (int tries_left = passphrase_tries;; --tries_left) {
    bool is_typed = false;
    auto vault = host::Vault::open(folder, options.key_file, [&]() -> host::Outcome<SecretBytes> {
      auto given = read_folder_passphrase(host::environment, variable_with(options.verb));
      if (!given) return tl::unexpected(given.error());
      is_typed = given->is_typed;
      return std::move(given->passphrase);
    });
    const bool is_mistyped = !vault && is_typed && vault.error().fault == Fault::passphrase_wrong;
    if (!is_mistyped || tries_left <= 1) return vault;
    std::cerr << "culver: " << vault.error().sentence << " Try again.\n";
  }
}

/// A folder that was mistyped looks like one that is not used yet.
host::Outcome<host::Vault> open_vault(const Options& options) {
  std::error_code ignored;  // an account may have been made first
  const bool is_new = !host::has_identity(options.data_dir) &&
                      !std::filesystem::exists(options.data_dir / "account", ignored);
  auto vault = open_vault(options, options.data_dir);
  if (vault && is_new)
    std::cerr << "A new identity is made in " << printable(options.data_dir.string())
              << ", which had none.\n";
  return vault;
}

}  // namespace culver::cli
