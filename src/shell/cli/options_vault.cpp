// Their options.
#include "shell/cli/options_vault.hpp"

#include <CLI/CLI.hpp>

namespace culver::cli {

void VaultWords::add_to(CLI::App& app) {
  lock_ =
      app.add_subcommand("lock", "Put the data folder under a passphrase, or under another one");
  lock_
      ->add_option(
          "--passphrase-file", passphrase_file_,
          "Read the new passphrase from there (variable CULVER_PASSPHRASE holds it itself; "
          "CULVER_PASSPHRASE_FILE names a file with the one until now)")
      ->type_name("FILE");
  unlock_ = app.add_subcommand("unlock",
                               "Take the passphrase off the data folder (variables "
                               "CULVER_PASSPHRASE_FILE and CULVER_PASSPHRASE)");
}

std::optional<VaultOptions> VaultWords::parse() const {
  if (lock_->parsed()) return LockOptions{passphrase_file_};
  if (unlock_->parsed()) return UnlockOptions{};
  return std::nullopt;
}

}  // namespace culver::cli
