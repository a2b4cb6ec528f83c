// The server's identity: an Ed25519 key in DATA/server-key, by which clients know it again.
#pragma once

#include <filesystem>
#include <string>

#include "core/crypto/sign.hpp"
#include "core/wire/base64.hpp"
#include "shell/host/key_file.hpp"

namespace culver::server {

/// Made on the first run. Fault::identity_unreadable if it cannot be read or made.
inline host::Outcome<crypto::SigningKey> open_server_key(const std::filesystem::path& data_dir) {
  const auto seed = host::open_key_file(data_dir / "server-key", "culver-server-key-1");
  if (!seed) return tl::unexpected(seed.error());
  return crypto::SigningKey(*seed);
}

/// The name that signaling clients see.
inline std::string server_id(const crypto::VerifyKey& key) {
  return "ed25519:" + wire::base64::encode(key.view());
}

}  // namespace culver::server
