// The long-lived X25519 key of this machine, in DATA/identity.key: made on the first run, never
// overwritten.
#pragma once

#include "core/crypto/keys.hpp"
#include "shell/host/vault.hpp"

namespace culver::host {

/// Whether the folder has one, sealed or not, good or bad.
bool has_identity(const std::filesystem::path& data_dir);

/// Reads the identity, or makes it. Of several processes that start at once one makes it and all
/// read it. Troubles: those of Vault::read_or_make().
Outcome<crypto::KeyPair> open_identity(const Vault& vault);
/// Makes the identity of this key in a folder that has none yet. identity_unreadable.
Outcome<void> put_identity(const Vault& vault, const crypto::PrivateKey& key);

}  // namespace culver::host
