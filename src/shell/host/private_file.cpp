// Careful opening; making by a link, replacing by a rename.
#include "shell/host/private_file.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/host/file_descriptor.hpp"
#include "shell/host/no_room.hpp"

namespace culver::host {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view draft_mark = ".draft-";
constexpr std::size_t room = 1'024;

/// The folder of a file, locked as long as this lives. Some file systems know no locks: there every
/// change is still whole, but two at once may undo each other, and nothing is swept.
class LockedFolder {
 public:
  explicit LockedFolder(const fs::path& folder)
      : descriptor_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    while (descriptor_ && !is_locked_) {
      is_locked_ = flock(descriptor_.get(), LOCK_EX) == 0;
      if (!is_locked_ && errno != EINTR) break;
    }
  }
  bool is_locked() const { return is_locked_; }
  /// Some file systems cannot; the file itself is safe.
  void make_durable() const {
    if (descriptor_) fsync(descriptor_.get());
  }

 private:
  FileDescriptor descriptor_;
  bool is_locked_ = false;
};

/// Nobody writes while the folder is locked, so that every draft is one of a dead process.
void remove_drafts(const LockedFolder& folder, const fs::path& file) {
  if (!folder.is_locked()) return;
  const auto begin = file.filename().string() + std::string(draft_mark);
  std::error_code error;
  for (fs::directory_iterator entry(file.parent_path(), error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().filename().string().starts_with(begin)) unlink(entry->path().c_str());
}

/// A complete file of a name of its own, gone again when this object dies.
class Draft {
 public:
  explicit Draft(const fs::path& file) : path_(file.string() + std::string(draft_mark) + "XXXXXX") {
    descriptor_ = FileDescriptor(mkostemp(path_.data(), O_CLOEXEC));  // O_EXCL and mode 0600
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    const int saved = errno;
    if (descriptor_) unlink(path_.c_str());
    errno = saved;
  }
  bool write(ByteView bytes) {
    return descriptor_ && write_all(descriptor_, bytes) && fsync(descriptor_.get()) == 0;
  }
  /// Gives it its final name as well, unless there is such a file already: unlike rename(), link()
  /// never replaces, so that two processes that start at once agree on the first one's key.
  bool publish(const fs::path& file) {
    return link(path_.c_str(), file.c_str()) == 0 || errno == EEXIST;
  }
  bool replace(const fs::path& file) {
    if (rename(path_.c_str(), file.c_str()) != 0) return false;
    descriptor_ = {};
    return true;
  }

 private:
  std::string path_;
  FileDescriptor descriptor_;
};

/// Secrets leave no copy in freed memory.
template <class Buffer>
void wipe(Buffer& buffer) {
  if (!buffer.empty()) explicit_bzero(buffer.data(), buffer.size());
}

std::string because() { return std::string(": ") + strerror(errno) + "."; }

/// With what a person can do where the disk is full.
tl::unexpected<Trouble> unwritten(const PrivateFile& file, const std::string& what) {
  const auto fault = fault_of_writing(errno, Fault::identity_unreadable);
  return file.unusable(what + because() + (fault == Fault::no_space ? " Free some space." : ""),
                       fault);
}

}  // namespace

tl::unexpected<Trouble> PrivateFile::unusable(const std::string& why, Fault fault) const {
  return trouble(fault, "The " + what_ + " " + path_.string() + " " + why);
}

Outcome<std::optional<SecretBytes>> PrivateFile::read(std::size_t most) const {
  const FileDescriptor descriptor(
      open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor) {
    if (errno == ENOENT) return std::nullopt;
    return unusable("cannot be opened" + because());
  }
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return unusable("is not a regular file.");
  const bool may_be_given = from_ == From::us_or_root;
  if (status.st_uid != geteuid() && !(may_be_given && status.st_uid == 0))
    return unusable("belongs to another user.");
  if ((status.st_mode & (may_be_given ? 037U : 077U)) != 0)
    return unusable("can be read by others: chmod 600 it if you still trust it.");
  Secret<room> content;
  const auto size = read_some(descriptor, content.expose_to_fill());
  if (size < 0) return unusable("cannot be read" + because());
  if (static_cast<std::size_t>(size) > std::min(most, room))
    return unusable("is damaged: it does not have the right length.");
  return SecretBytes(content.expose().first(static_cast<std::size_t>(size)));
}

Outcome<void> PrivateFile::create(ByteView content) const {
  const LockedFolder folder(path_.parent_path());
  remove_drafts(folder, path_);
  Draft draft(path_);
  if (!draft.write(content) || !draft.publish(path_)) return unwritten(*this, "cannot be made");
  folder.make_durable();
  return {};
}

Outcome<bool> PrivateFile::replace(ByteView before, ByteView content) const {
  const LockedFolder folder(path_.parent_path());
  remove_drafts(folder, path_);
  const auto now = read(room);
  if (!now) return tl::unexpected(now.error());
  if (!*now || !std::ranges::equal((*now)->expose(), before)) return false;
  Draft draft(path_);
  if (!draft.write(content) || !draft.replace(path_)) return unwritten(*this, "cannot be replaced");
  folder.make_durable();
  return true;
}

void PrivateFile::sweep() const { remove_drafts(LockedFolder(path_.parent_path()), path_); }

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
