// The identity file as a pair of keys.
#include "shell/host/identity.hpp"

#include "shell/host/key_file.hpp"

namespace culver::host {

Outcome<crypto::KeyPair> open_identity(const std::filesystem::path& data_dir) {
  auto key = open_key_file(data_dir / "identity.key", "culver-identity-1");
  if (!key) return tl::unexpected(key.error());
  return crypto::KeyPair::from_private(std::move(*key));
}

}  // namespace culver::host
