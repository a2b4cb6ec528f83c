// Reading a key file with suspicion, and making it so that a crash leaves all of it or nothing.
#include "shell/host/key_file.hpp"

#include <array>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/wire/base64.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/host/paths.hpp"

namespace culver::host {
namespace {

namespace fs = std::filesystem;
using wire::base64::encoded_size;

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

tl::unexpected<Trouble> unreadable(const fs::path& file, const std::string& why) {
  return trouble(Fault::identity_unreadable, "The identity " + file.string() + " " + why);
}

/// Secrets leave no copy in freed memory.
template <class Buffer>
void wipe(Buffer& buffer) {
  explicit_bzero(buffer.data(), buffer.size());
}

std::size_t content_size(std::string_view version) {
  return version.size() + 1 + encoded_size(FileKey::size) + 1;
}

Content print(std::string_view version, const FileKey& key) {
  std::string encoded = wire::base64::encode(key.expose());
  Content content;
  for (const std::string_view part :
       {version, std::string_view("\n"), std::string_view(encoded), std::string_view("\n")})
    content.append(part);
  wipe(encoded);
  return content;
}

std::optional<FileKey> parse(std::string_view version, std::string_view text) {
  if (!text.starts_with(version) || !text.ends_with('\n')) return std::nullopt;
  text.remove_prefix(version.size());
  if (!text.starts_with('\n')) return std::nullopt;
  auto decoded = wire::base64::decode(text.substr(1, text.size() - 2));
  if (!decoded) return std::nullopt;
  std::optional<FileKey> key;
  if (decoded->size() == FileKey::size)
    key.emplace(std::span<const std::byte, FileKey::size>(*decoded));
  wipe(*decoded);
  return key;
}

/// Nothing if there is no such file.
Outcome<std::optional<FileKey>> read(const fs::path& file, std::string_view version) {
  const FileDescriptor descriptor(
      open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor) {
    if (errno == ENOENT) return std::nullopt;
    return unreadable(file, std::string("cannot be opened: ") + strerror(errno) + ".");
  }
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return unreadable(file, "is not a regular file.");
  if (status.st_uid != geteuid()) return unreadable(file, "belongs to another user.");
  if ((status.st_mode & 077) != 0)
    return unreadable(file, "can be read by others: chmod 600 it if you still trust it.");
  Content content;
  content.size = content_size(version);
  if (status.st_size != static_cast<off_t>(content.size) ||
      !read_all(descriptor, content.bytes.expose_to_fill().first(content.size)))
    return unreadable(file, "is damaged: it does not have the right length.");
  auto key = parse(version, content.text());
  if (!key) return unreadable(file, "is damaged, or was made by a newer Culver.");
  return key;
}

/// A complete file of a name of its own, gone again when this object dies.
class Draft {
 public:
  explicit Draft(const fs::path& beside) : path_(beside.string() + ".XXXXXX") {
    descriptor_ = FileDescriptor(mkostemp(path_.data(), O_CLOEXEC));  // O_EXCL and mode 0600
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (descriptor_) unlink(path_.c_str());
  }
  bool write(ByteView bytes) {
    return descriptor_ && write_all(descriptor_, bytes) && fsync(descriptor_.get()) == 0;
  }
  /// Gives it its final name as well, unless there is such a file already: unlike rename(), link()
  /// never replaces, so that two processes that start at once agree on the first one's key.
  bool publish(const fs::path& file) {
    return link(path_.c_str(), file.c_str()) == 0 || errno == EEXIST;
  }

 private:
  std::string path_;
  FileDescriptor descriptor_;
};

Outcome<void> create(const fs::path& file, std::string_view version) {
  auto rng = system_rng();
  const auto content = print(version, rng.secret<FileKey::size>());
  Draft draft(file);
  if (!draft.write(as_bytes(content.text())) || !draft.publish(file))
    return unreadable(file, std::string("cannot be made: ") + strerror(errno) + ".");
  const FileDescriptor folder(open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) fsync(folder.get());  // some file systems cannot; the file itself is safe
  return {};
}

}  // namespace

Outcome<FileKey> open_key_file(const fs::path& file, std::string_view version) {
  if (auto made = make_private_dir(file.parent_path()); !made) return tl::unexpected(made.error());
  auto found = read(file, version);
  if (found && !*found) {
    if (auto made = create(file, version); !made) return tl::unexpected(made.error());
    found = read(file, version);
  }
  if (!found) return tl::unexpected(found.error());
  if (!*found) return unreadable(file, "vanished while it was being made.");
  return std::move(**found);
}

}  // namespace culver::host
