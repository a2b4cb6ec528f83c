// The version line and the key as one text.
#include "shell/host/key_file.hpp"

#include <algorithm>
#include <optional>

#include "shell/host/entropy.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/private_file.hpp"

namespace culver::host {
namespace {

/// Room for a version line, the key in base64 and two newlines. Filled from the front.
struct Content {
  static constexpr std::size_t capacity = 128;
  Secret<capacity> bytes;
  std::size_t size = 0;

  std::string_view text() const { return as_text(bytes.expose().first(size)); }
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

Outcome<FileKey> open_key_file(const std::filesystem::path& path, std::string_view version) {
  auto rng = system_rng();
  return open_key_file(path, version, rng.secret<FileKey::size>());
}

Outcome<FileKey> open_key_file(const std::filesystem::path& path, std::string_view version,
                               const FileKey& fresh_key) {
  if (auto made = make_private_dir(path.parent_path()); !made) return tl::unexpected(made.error());
  const PrivateFile file("identity", path);
  const auto fresh = print(version, fresh_key);
  Content content;
  content.size = fresh.size;
  const auto read = file.read_or_create(content.bytes.expose_to_fill().first(content.size),
                                        as_bytes(fresh.text()));
  if (!read) return tl::unexpected(read.error());
  auto key = parse(version, content.text());
  if (!key) return file.unusable("is damaged, or was made by a newer Culver.");
  return std::move(*key);
}

}  // namespace culver::host
