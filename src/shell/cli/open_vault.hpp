// The data folder's secrets, with its passphrase from a file or from the person at the terminal.
#pragma once

#include "shell/cli/options.hpp"
#include "shell/host/vault.hpp"

namespace culver::cli {

/// Troubles: those of host::Vault::open() and of read_folder_passphrase().
host::Outcome<host::Vault> open_vault(const Options& options);
/// The same in another folder, which is to take the data folder's place.
host::Outcome<host::Vault> open_vault(const Options& options, const std::filesystem::path& folder);

}  // namespace culver::cli
