// The identity file: a version line and the private key in base64.
#include "shell/host/identity.hpp"

#include <algorithm>

#include "shell/host/entropy.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/private_file.hpp"

namespace culver::host {
namespace {

constexpr std::string_view version_line = "culver-identity-1\n";
using Content = Secret<version_line.size() + KeyText::size + 1>;  // and a newline

Content print(const crypto::PrivateKey& key) {
  Content content;
  const auto out = content.expose_to_fill();
  const auto head = as_bytes(version_line);
  std::copy(head.begin(), head.end(), out.begin());
  const auto text = print_key(key);
  std::copy(text.expose().begin(), text.expose().end(), out.begin() + version_line.size());
  out.back() = std::byte{'\n'};
  return content;
}

std::optional<crypto::PrivateKey> parse(const Content& content) {
  const auto text = as_text(content.expose());
  if (!text.starts_with(version_line) || !text.ends_with('\n')) return std::nullopt;
  return parse_key(text.substr(version_line.size(), KeyText::size));
}

}  // namespace

Outcome<crypto::KeyPair> open_identity(const std::filesystem::path& data_dir) {
  if (auto made = make_private_dir(data_dir); !made) return tl::unexpected(made.error());
  const PrivateFile file("identity", data_dir / "identity.key");
  auto rng = system_rng();
  const auto fresh = print(rng.secret<crypto::PrivateKey::size>());
  Content content;
  if (auto read = file.read_or_create(content.expose_to_fill(), fresh.expose()); !read)
    return tl::unexpected(read.error());
  auto key = parse(content);
  if (!key) return file.unusable("is damaged, or was made by a newer Culver.");
  return crypto::KeyPair::from_private(std::move(*key));
}

}  // namespace culver::host
