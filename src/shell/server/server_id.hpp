// The name by which clients know this server: made once, kept in the data folder.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/env.hpp"
#include "core/base/result.hpp"

namespace culver::server {

/// "ed25519:" and 32 random bytes in base64, the form that clients expect. It is a name and no key:
/// nothing is ever signed with it. Makes the folder (0700) and the file (0600) if they are missing.
/// Fault::store_failed if that is impossible, or if the file holds something else.
Result<std::string> load_or_create_id(const std::filesystem::path& data_dir, Rng& rng);

}  // namespace culver::server
