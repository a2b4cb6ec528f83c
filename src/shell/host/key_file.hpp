// A long-lived key in a sealed file of its own: a version line and 32 bytes in base64, made on the
// first run, never overwritten.
#pragma once

#include <string_view>

#include "core/base/secret.hpp"
#include "shell/host/vault.hpp"

namespace culver::host {

using FileKey = Secret<32>;

/// Whether the content of a key file is this version line, a newline, a key and a newline.
bool is_key_of(std::string_view version, ByteView content);

/// Reads the key, or makes it; `secret.is_valid` must be is_key_of() that version, a line of at
/// most 40 characters. Troubles: those of Vault::read_or_make().
Outcome<FileKey> open_key_file(const Vault& vault, const SecretFile& secret,
                               std::string_view version);
/// The same with a key that is not made up. Which one is there then, the answer says.
Outcome<FileKey> open_key_file(const Vault& vault, const SecretFile& secret,
                               std::string_view version, const FileKey& fresh);

}  // namespace culver::host
