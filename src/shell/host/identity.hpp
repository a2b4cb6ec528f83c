// The long-lived X25519 key of this machine, in DATA/identity.key: made on the first run, never
// overwritten, readable by its owner only.
#pragma once

#include <filesystem>

#include "core/crypto/keys.hpp"
#include "shell/host/trouble.hpp"

namespace culver::host {

/// Reads the identity, or makes it together with its folder. Of several processes that start at
/// once one makes it and all read it. Fault::identity_unreadable with a sentence that names the
/// file if its owner, mode or content is wrong.
Outcome<crypto::KeyPair> open_identity(const std::filesystem::path& data_dir);
/// Makes the identity of this key in a folder that has none yet. identity_unreadable.
Outcome<void> put_identity(const std::filesystem::path& data_dir, const crypto::PrivateKey& key);

}  // namespace culver::host
