// The server's identity: an Ed25519 key in DATA/server-key, by which clients know it again.
#pragma once

#include <filesystem>
#include <string>

#include "core/crypto/sign.hpp"
#include "core/wire/base64.hpp"
#include "shell/host/key_file.hpp"

namespace culver::server {

/// Made on the first run, and its folder. Fault::identity_unreadable if it cannot be read or made;
/// passphrase_needed.
inline host::Outcome<crypto::SigningKey> open_server_key(
    const std::filesystem::path& data_dir, const std::optional<std::filesystem::path>& key_file) {
  static constexpr std::string_view version = "culver-server-key-1";
  constexpr host::SecretFile file{
      "identity", "server-key", [](ByteView content) { return host::is_key_of(version, content); }};
  const auto vault = host::Vault::open(data_dir, key_file, [] {
    return host::trouble(Fault::passphrase_needed,
                         "The key of the data folder is wrapped, and a server asks nobody for a "
                         "passphrase.");
  });
  if (!vault) return tl::unexpected(vault.error());
  const auto seed = host::open_key_file(*vault, file, version);
  if (!seed) return tl::unexpected(seed.error());
  return crypto::SigningKey(*seed);
}

/// The name that signaling clients see.
inline std::string server_id(const crypto::VerifyKey& key) {
  return "ed25519:" + wire::base64::encode(key.view());
}

}  // namespace culver::server
