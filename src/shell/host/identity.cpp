// The identity file as a pair of keys.
#include "shell/host/identity.hpp"

#include "core/crypto/hash.hpp"
#include "shell/host/key_file.hpp"

namespace culver::host {
namespace {

constexpr std::string_view file_name = "identity.key", version_line = "culver-identity-1";

}  // namespace

Outcome<crypto::KeyPair> open_identity(const std::filesystem::path& data_dir) {
  auto key = open_key_file(data_dir / file_name, version_line);
  if (!key) return tl::unexpected(key.error());
  return crypto::KeyPair::from_private(std::move(*key));
}

Outcome<void> put_identity(const std::filesystem::path& data_dir, const crypto::PrivateKey& key) {
  const auto there = open_key_file(data_dir / file_name, version_line, key);
  if (!there) return tl::unexpected(there.error());
  if (!crypto::equal_in_constant_time(there->expose(), key.expose()))
    return trouble(Fault::identity_unreadable,
                   "The folder " + data_dir.string() + " has an identity already.");
  return {};
}

}  // namespace culver::host
