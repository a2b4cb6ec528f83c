// Data folders whose key is in them, plain.
#pragma once

#include <filesystem>

#include "shell/host/account.hpp"
#include "shell/host/identity.hpp"

namespace culver::host {

inline Outcome<Vault> open_vault(const std::filesystem::path& folder) {
  return Vault::open(folder, std::nullopt,
                     [] { return trouble(Fault::passphrase_needed, "Nobody is there to ask."); });
}
inline Outcome<crypto::KeyPair> open_identity(const std::filesystem::path& folder) {
  const auto vault = open_vault(folder);
  if (!vault) return tl::unexpected(vault.error());
  return open_identity(*vault);
}
inline Outcome<Account> open_account(const std::filesystem::path& folder) {
  const auto vault = open_vault(folder);
  if (!vault) return tl::unexpected(vault.error());
  return open_account(*vault);
}

}  // namespace culver::host
