// A long-lived secret in a file of its own: a version line and 32 random bytes in base64, made on
// the first run, never overwritten, readable by its owner only.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/secret.hpp"
#include "shell/host/trouble.hpp"

namespace culver::host {

using FileKey = Secret<32>;

/// Reads the key, or makes it together with its folder. Of several processes that start at once one
/// makes it and all read it. Fault::identity_unreadable with a sentence that names the file if its
/// owner, mode or content is wrong. `version` is a line of at most 40 characters.
Outcome<FileKey> open_key_file(const std::filesystem::path& file, std::string_view version);
/// The same with a key that is not made up. Which one is there then, the answer says.
Outcome<FileKey> open_key_file(const std::filesystem::path& file, std::string_view version,
                               const FileKey& fresh);

}  // namespace culver::host
