// The version line and the key as one text.
#include "shell/host/key_file.hpp"

#include <algorithm>
#include <optional>

#include "shell/host/entropy.hpp"

namespace culver::host {
namespace {

/// Room for a version line, the key in base64 and two newlines. Filled from the front.
struct Content {
  static constexpr std::size_t capacity = 128;
  Secret<capacity> bytes;
  std::size_t size = 0;

  ByteView view() const { return bytes.expose().first(size); }
  void append(std::string_view more) {
    const auto from = as_bytes(more);
    std::copy(from.begin(), from.end(), bytes.expose_to_fill().begin() + std::ptrdiff_t(size));
    size += more.size();
  }
};

Content print(std::string_view version, const FileKey& key) {
  Content content;
  const auto text = print_key(key);
  for (const std::string_view part :
       {version, std::string_view("\n"), as_text(text.expose()), std::string_view("\n")})
    content.append(part);
  return content;
}

std::optional<FileKey> parse(std::string_view version, std::string_view text) {
  if (!text.starts_with(version) || !text.ends_with('\n')) return std::nullopt;
  text.remove_prefix(version.size());
  if (!text.starts_with('\n')) return std::nullopt;
  return parse_key(text.substr(1, text.size() - 2));
}

}  // namespace

bool is_key_of(std::string_view version, ByteView content) {
  return parse(version, as_text(content)).has_value();
}

Outcome<FileKey> open_key_file(const Vault& vault, const SecretFile& secret,
                               std::string_view version) {
  auto rng = system_rng();
  return open_key_file(vault, secret, version, rng.secret<FileKey::size>());
}

Outcome<FileKey> open_key_file(const Vault& vault, const SecretFile& secret,
                               std::string_view version, const FileKey& fresh) {
  const auto content = vault.read_or_make(secret, print(version, fresh).view());
  if (!content) return tl::unexpected(content.error());
  return std::move(*parse(version, as_text(content->expose())));
}

}  // namespace culver::host
