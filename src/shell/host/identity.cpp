// The identity file as a pair of keys.
#include "shell/host/identity.hpp"

#include "core/crypto/hash.hpp"
#include "shell/host/key_file.hpp"
#include "shell/host/paths.hpp"

namespace culver::host {
namespace {

constexpr std::string_view version_line = "culver-identity-1";
constexpr SecretFile identity_file{
    "identity", "identity.key", [](ByteView content) { return is_key_of(version_line, content); }};

}  // namespace

bool has_identity(const std::filesystem::path& data_dir) {
  std::error_code ignored;
  return std::filesystem::exists(data_dir / identity_file.name, ignored);
}

/// A new key would be a stranger to everybody who is in the peer book, and nobody would be told.
Outcome<crypto::KeyPair> open_identity(const Vault& vault) {
  const auto& folder = vault.folder();
  std::error_code ignored;
  if (!has_identity(folder) && std::filesystem::exists(folder / peer_book_file, ignored))
    return trouble(Fault::identity_unreadable,
                   "The folder " + folder.string() +
                       " has a peer book and no identity: the file identity.key is missing. Put it "
                       "back, or read a backup (culver import), or use another folder (-d).");
  auto key = open_key_file(vault, identity_file, version_line);
  if (!key) return tl::unexpected(key.error());
  return crypto::KeyPair::from_private(std::move(*key));
}

Outcome<void> put_identity(const Vault& vault, const crypto::PrivateKey& key) {
  const auto there = open_key_file(vault, identity_file, version_line, key);
  if (!there) return tl::unexpected(there.error());
  if (!crypto::equal_in_constant_time(there->expose(), key.expose()))
    return trouble(Fault::identity_unreadable,
                   "The folder " + vault.folder().string() + " has an identity already.");
  return {};
}

}  // namespace culver::host
