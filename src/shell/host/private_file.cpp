// Careful opening, and making by a link.
#include "shell/host/private_file.hpp"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/host/file_descriptor.hpp"

namespace culver::host {
namespace {

namespace fs = std::filesystem;

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

/// Secrets leave no copy in freed memory.
template <class Buffer>
void wipe(Buffer& buffer) {
  explicit_bzero(buffer.data(), buffer.size());
}

}  // namespace

tl::unexpected<Trouble> PrivateFile::unusable(const std::string& why) const {
  return trouble(Fault::identity_unreadable,
                 "The " + std::string(what_) + " " + path_.string() + " " + why);
}

Outcome<void> PrivateFile::read_or_create(std::span<std::byte> content, ByteView fresh) const {
  auto found = read(content);
  if (found && !*found) {
    if (auto made = create(fresh); !made) return made;
    found = read(content);
  }
  if (!found) return tl::unexpected(found.error());
  if (!*found) return unusable("vanished while it was being made.");
  return {};
}

Outcome<bool> PrivateFile::read(std::span<std::byte> content) const {
  const FileDescriptor descriptor(
      open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor) {
    if (errno == ENOENT) return false;
    return unusable(std::string("cannot be opened: ") + strerror(errno) + ".");
  }
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return unusable("is not a regular file.");
  if (status.st_uid != geteuid()) return unusable("belongs to another user.");
  if ((status.st_mode & 077) != 0)
    return unusable("can be read by others: chmod 600 it if you still trust it.");
  if (status.st_size != static_cast<off_t>(content.size()) || !read_all(descriptor, content))
    return unusable("is damaged: it does not have the right length.");
  return true;
}

Outcome<void> PrivateFile::create(ByteView content) const {
  Draft draft(path_);
  if (!draft.write(content) || !draft.publish(path_))
    return unusable(std::string("cannot be made: ") + strerror(errno) + ".");
  const FileDescriptor folder(
      open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) fsync(folder.get());  // some file systems cannot; the file itself is safe
  return {};
}

KeyText print_key(const Secret<32>& key) {
  std::string encoded = wire::base64::encode(key.expose());
  KeyText text(std::span<const std::byte, KeyText::size>(as_bytes(encoded)));
  wipe(encoded);
  return text;
}

std::optional<Secret<32>> parse_key(std::string_view text) {
  auto decoded = wire::base64::decode(text);
  if (!decoded) return std::nullopt;
  std::optional<Secret<32>> key;
  if (decoded->size() == Secret<32>::size)
    key.emplace(std::span<const std::byte, Secret<32>::size>(*decoded));
  wipe(*decoded);
  return key;
}

}  // namespace culver::host
