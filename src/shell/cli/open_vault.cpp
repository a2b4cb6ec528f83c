// Vault::open() and whom it asks.
#include "shell/cli/open_vault.hpp"

#include "shell/cli/passphrase.hpp"
#include "shell/host/paths.hpp"

namespace culver::cli {

host::Outcome<host::Vault> open_vault(const Options& options, const std::filesystem::path& folder) {
  return host::Vault::open(folder, options.key_file,
                           [] { return read_folder_passphrase(host::environment); });
}

host::Outcome<host::Vault> open_vault(const Options& options) {
  return open_vault(options, options.data_dir);
}

}  // namespace culver::cli
