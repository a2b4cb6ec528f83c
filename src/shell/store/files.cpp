// The system calls behind files.hpp.
#include "shell/store/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/transfer/safe_name.hpp"
#include "shell/store/system_calls.hpp"

namespace culver::store {
namespace {

constexpr std::string_view hidden_prefix = ".culver-";
constexpr std::string_view hidden_suffix = ".part";
constexpr std::size_t random_length = 8;

std::string hidden_name(std::string_view mark) {
  return std::string(hidden_prefix) + std::string(mark) + std::string(hidden_suffix);
}

Result<std::string> random_hidden_name() {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<unsigned char, random_length> random{};
  const auto filled = uninterrupted([&] { return ::getrandom(random.data(), random.size(), 0); });
  if (filled != static_cast<ssize_t>(random.size())) return fail(Fault::internal);
  std::string mark;
  for (const auto byte : random) mark += alphabet[byte % alphabet.size()];
  return hidden_name(mark);
}

/// Where the file system knows no locks, nobody can be kept out.
bool lock_or_do_without(int fd) {
  return uninterrupted([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) == 0 || errno != EWOULDBLOCK;
}

/// Makes a part of a random name, and holds it; returns the name.
Result<std::string> new_part(int folder, Descriptor& file) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  for (int tries = 3; tries > 0; --tries) {
    TRY(auto name, random_hidden_name());
    file = Descriptor(uninterrupted([&] { return ::openat(folder, name.c_str(), flags, 0644); }));
    if (!file) return fail(write_fault());
    // Whoever sweeps may have been quicker.
    struct stat facts {};
    if (lock_or_do_without(file.get()) && ::fstat(file.get(), &facts) == 0 && facts.st_nlink > 0)
      return name;
  }
  return fail(Fault::file_unwritable);
}

/// Whether the open file is still what is called that, and ours alone.
bool is_ours(int fd, int folder, const std::string& name) {
  struct stat open {};
  struct stat named {};
  return ::fstat(fd, &open) == 0 && S_ISREG(open.st_mode) && open.st_uid == ::geteuid() &&
         open.st_nlink == 1 && ::fstatat(folder, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

Descriptor open_part(int folder, const std::string& name) {
  const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  return Descriptor(uninterrupted([&] { return ::openat(folder, name.c_str(), flags); }));
}

/// Removes a part that nobody holds, if it is old enough or nobody could continue it.
void sweep_part(int folder, const std::string& name, WallTime now) {
  const auto part = open_part(folder, name);
  if (!part || ::flock(part.get(), LOCK_EX | LOCK_NB) != 0 || !is_ours(part.get(), folder, name))
    return;
  struct stat facts {};
  if (::fstat(part.get(), &facts) != 0) return;
  const auto age = now - WallTime{facts.st_mtime} * 1000;
  const bool has_mark = name.size() > hidden_name("").size() + random_length;
  if (!has_mark || age > Folder::partial_life) ::unlinkat(folder, name.c_str(), 0);
}

/// Gives a file another name unless there is one of that name, whatever it is: 0 or an errno.
int rename_without_overwriting(int folder, const std::string& from, const std::string& to) {
  if (::renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system without the flag. A link never overwrites either.
  if (::linkat(folder, from.c_str(), folder, to.c_str(), 0) != 0) return errno;
  ::unlinkat(folder, from.c_str(), 0);
  return 0;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

// ---- OutgoingFile -------------------------------------------------------------------------------

Result<OutgoingFile> OutgoingFile::open(const std::string& path) {
  OutgoingFile out;
  // Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
  out.file_ = Descriptor(
      uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  struct stat facts {};
  if (!out.file_ || ::fstat(out.file_.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
    return fail(Fault::file_unreadable);
  ::posix_fadvise(out.file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  out.size_ = static_cast<std::uint64_t>(facts.st_size);
  out.input_ = FileInput(out.size_ >= direct_from);
  out.basename_ = Plaintext(path.substr(path.rfind('/') + 1));
  return out;
}

Result<ByteVector> OutgoingFile::read(std::size_t n) {
  ByteVector bytes(n);
  std::size_t filled = 0;
  while (filled < n) {
    const auto got =
        uninterrupted([&] { return ::read(file_.get(), bytes.data() + filled, n - filled); });
    if (got < 0) return fail(Fault::file_unreadable);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Result<void> OutgoingFile::read_at(std::uint64_t offset, std::span<std::byte> into) {
  return input_.read(file_.get(), offset, into);
}

Result<bool> OutgoingFile::ends_at(std::uint64_t offset) const {
  std::byte beyond;
  const auto read = read_exactly(file_.get(), offset, std::span(&beyond, 1), Fault::file_changed);
  if (!read && read.error() != Fault::file_changed) return fail(read.error());
  return !read;
}

// ---- Folder -------------------------------------------------------------------------------------

Result<Folder> Folder::open(const std::string& path) {
  Folder out;
  out.folder_ = Descriptor(
      uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!out.folder_) return fail(Fault::file_unwritable);
  out.path_ = path;
  while (out.path_.size() > 1 && out.path_.ends_with('/')) out.path_.pop_back();
  return out;
}

void Folder::sweep(WallTime now) const {
  const int again = uninterrupted(
      [&] { return ::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (again < 0) return;
  DIR* listing = ::fdopendir(again);
  if (listing == nullptr) {
    ::close(again);
    return;
  }
  while (const dirent* entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    if (name.starts_with(hidden_prefix) && name.ends_with(hidden_suffix))
      sweep_part(folder_.get(), name, now);
  }
  ::closedir(listing);
}

// ---- IncomingFile -------------------------------------------------------------------------------

Result<IncomingFile> IncomingFile::create(const Folder& folder, const Plaintext& name,
                                          std::uint64_t reserve) {
  IncomingFile out;
  out.folder_ = Descriptor(::fcntl(folder.folder_.get(), F_DUPFD_CLOEXEC, 0));
  if (!out.folder_) return fail(Fault::file_unwritable);
  out.folder_path_ = folder.path_;
  out.name_ = transfer::safe_name(name.expose());
  TRY(auto partial, new_part(out.folder_.get(), out.file_));
  out.partial_ = std::move(partial);

  // The mode that the umask leaves is for the finished file; until then it is nobody else's.
  struct stat facts {};
  if (::fstat(out.file_.get(), &facts) != 0) return fail(Fault::file_unwritable);
  out.mode_ = facts.st_mode & 0777;
  ::fchmod(out.file_.get(), 0600);
  CHECK_OK(out.reserve(reserve));
  return out;
}

Result<IncomingFile> IncomingFile::resume(const Folder& folder, const Plaintext& name,
                                          std::uint64_t size, const std::string& mark) {
  // The new one also tells the mode that the finished file will have.
  TRY(auto out, create(folder, name, 0));
  const int in = out.folder_.get();
  const auto marked = hidden_name(mark);
  auto earlier = open_part(in, marked);
  if (earlier && lock_or_do_without(earlier.get()) && is_ours(earlier.get(), in, marked)) {
    out.discard();
    out.file_ = std::move(earlier);
    out.resumable_ = true;
  } else {
    out.resumable_ = rename_without_overwriting(in, out.partial_, marked) == 0;
  }
  if (out.resumable_) out.partial_ = marked;
  CHECK_OK(out.reserve(size));
  return out;
}

IncomingFile& IncomingFile::operator=(IncomingFile&& other) noexcept {
  if (this == &other) return *this;
  discard();
  folder_ = std::move(other.folder_);
  file_ = std::move(other.file_);
  folder_path_ = std::move(other.folder_path_);
  partial_ = std::exchange(other.partial_, {});
  name_ = std::move(other.name_);
  resumable_ = other.resumable_;
  output_ = std::move(other.output_);
  large_ = other.large_;
  mode_ = other.mode_;
  health_ = other.health_;
  return *this;
}

IncomingFile::~IncomingFile() { discard(); }

void IncomingFile::discard() {
  if (!partial_.empty()) ::unlinkat(folder_.get(), partial_.c_str(), 0);
  partial_.clear();
}

Result<void> IncomingFile::reserve(std::uint64_t bytes) {
  if (bytes == 0) return {};
  large_ = bytes >= direct_from;
  output_.begin(0, large_);
  const auto result = uninterrupted(
      [&] { return ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)); });
  // Only a full disk matters here: many file systems cannot reserve.
  if (result != 0 && write_fault() == Fault::no_space) return fail(Fault::no_space);
  return {};
}

Result<void> IncomingFile::write(ByteView bytes) {
  CHECK_OK(health_);
  if (auto written = output_.append(file_.get(), bytes); !written) return broken(written.error());
  return {};
}

Result<void> IncomingFile::flush() {
  CHECK_OK(health_);
  if (auto written = output_.flush(file_.get()); !written) return broken(written.error());
  return {};
}

Result<std::uint64_t> IncomingFile::length() const {
  struct stat facts {};
  if (::fstat(file_.get(), &facts) != 0) return fail(Fault::file_unwritable);
  return static_cast<std::uint64_t>(facts.st_size);
}

Result<void> IncomingFile::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  return read_exactly(file_.get(), offset, into, Fault::file_unwritable);
}

Result<void> IncomingFile::cut(std::uint64_t length) {
  CHECK_OK(health_);
  const auto at = static_cast<off_t>(length);
  if (uninterrupted([&] { return ::ftruncate(file_.get(), at); }) != 0)
    return broken(write_fault());
  output_.begin(length, large_);
  return {};
}

void IncomingFile::drop() {
  discard();
  file_ = Descriptor();
}

void IncomingFile::keep() {
  if (resumable_) partial_.clear();
  discard();
  file_ = Descriptor();
}

Result<std::string> IncomingFile::finish() {
  CHECK_OK(flush());
  if (uninterrupted([&] { return ::fdatasync(file_.get()); }) != 0) return broken(write_fault());
  ::fchmod(file_.get(), mode_);
  TRY(auto final_name, take_name());
  partial_.clear();
  // The name should last as well, but a file system that cannot promise it has not lost the file.
  (void)uninterrupted([&] { return ::fsync(folder_.get()); });
  health_ = fail(Fault::file_unwritable);
  return folder_path_ == "/" ? "/" + final_name : folder_path_ + "/" + final_name;
}

Result<std::string> IncomingFile::take_name() {
  constexpr unsigned most_numbers = 9'999;
  std::string candidate = name_;
  for (unsigned number = 1; number <= most_numbers; ++number) {
    const int error = rename_without_overwriting(folder_.get(), partial_, candidate);
    if (error == 0) return candidate;
    errno = error;
    if (error != EEXIST) return broken(write_fault());
    candidate = transfer::numbered_name(name_, number);
  }
  return broken(Fault::file_unwritable);
}

tl::unexpected<Fault> IncomingFile::broken(Fault fault) {
  health_ = fail(fault);
  return fail(fault);
}

}  // namespace culver::store
