// The data folder under a passphrase, or without one.
#include "shell/cli/verbs/vault.hpp"

#include <CLI/CLI.hpp>

#include "shell/cli/data_folder.hpp"
#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/report.hpp"
#include "shell/host/account.hpp"
#include "shell/host/identity.hpp"

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

Parsed<VaultOptions> VaultWords::parse(const Settings&) const {
  if (lock_->parsed()) return VaultOptions(LockOptions{passphrase_file_});
  if (unlock_->parsed()) return VaultOptions(UnlockOptions{});
  return std::nullopt;
}

namespace {

using host::Outcome;
using host::Vault;

/// All secrets are there and sealed, whatever was there before.
Outcome<void> make_whole(const Vault& vault) {
  if (const auto identity = host::open_identity(vault); !identity)
    return tl::unexpected(identity.error());
  if (const auto account = host::open_account(vault); !account)
    return tl::unexpected(account.error());
  return {};
}

int show(const Options& options, const Vault& vault, const std::string& sentence) {
  const auto* done =
      vault.is_locked() ? "The data folder is locked." : "The data folder is not locked.";
  if (options.output == Output::text) return print(sentence, done);
  return print(json_of(report::Lock{vault.is_locked(), Plaintext(vault.key_file().string())}),
               done);
}

int run_verb(const Options& options, const LockOptions& verb) {
  auto vault = open_vault(options, Variable::is_of_verb);
  if (!vault) return complain(options, vault.error());
  if (auto whole = make_whole(*vault); !whole) return complain(options, whole.error());
  const auto passphrase = read_passphrase(verb.passphrase_file, host::environment, true);
  if (!passphrase) return complain(options, passphrase.error());
  if (auto locked = vault->lock(passphrase->expose()); !locked)
    return complain(options, locked.error());
  return show(options, *vault,
              "The data folder is locked: from now on every start needs the passphrase.\nWithout "
              "it nobody gets the identity back, you neither. culver unlock takes it off.");
}

int run_verb(const Options& options, const UnlockOptions&) {
  auto vault = open_vault(options);
  if (!vault) return complain(options, vault.error());
  const bool was_locked = vault->is_locked();
  if (was_locked)
    if (auto unlocked = vault->unlock(); !unlocked) return complain(options, unlocked.error());
  return show(
      options, *vault,
      std::string(was_locked ? "The data folder is unlocked" : "The data folder is not locked") +
          ": whoever can read " + printable(vault->key_file().string()) + " has its secrets.");
}

}  // namespace

int run(const Options& options, const VaultOptions& verb) {
  return std::visit([&](const auto& which) { return run_verb(options, which); }, verb);
}

}  // namespace culver::cli
