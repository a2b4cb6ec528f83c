// The system calls behind files.hpp.
#include "shell/store/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/transfer/safe_name.hpp"

namespace culver::store {
namespace {

/// Repeats a system call that a signal has interrupted.
template <class Call>
auto uninterrupted(Call call) {
  while (true) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

Fault write_fault() {
  return errno == ENOSPC || errno == EDQUOT ? Fault::no_space : Fault::file_unwritable;
}

Result<std::string> random_hidden_name() {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<unsigned char, 8> random{};
  const auto filled = uninterrupted([&] { return ::getrandom(random.data(), random.size(), 0); });
  if (filled != static_cast<ssize_t>(random.size())) return fail(Fault::internal);
  std::string name = ".culver-";
  for (const auto byte : random) name += alphabet[byte % alphabet.size()];
  return name + ".part";
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

// ---- IncomingFile -------------------------------------------------------------------------------

Result<IncomingFile> IncomingFile::create(const Folder& folder, const Plaintext& name,
                                          std::uint64_t reserve) {
  IncomingFile out;
  out.folder_ = Descriptor(::fcntl(folder.folder_.get(), F_DUPFD_CLOEXEC, 0));
  if (!out.folder_) return fail(Fault::file_unwritable);
  out.folder_path_ = folder.path_;
  out.name_ = transfer::safe_name(name.expose());
  TRY(auto partial, random_hidden_name());

  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  out.file_ = Descriptor(
      uninterrupted([&] { return ::openat(out.folder_.get(), partial.c_str(), flags, 0644); }));
  if (!out.file_) return fail(write_fault());
  out.partial_ = std::move(partial);

  // The mode that the umask leaves is for the finished file; until then it is nobody else's.
  struct stat facts {};
  if (::fstat(out.file_.get(), &facts) != 0) return fail(Fault::file_unwritable);
  out.mode_ = facts.st_mode & 0777;
  ::fchmod(out.file_.get(), 0600);
  CHECK_OK(out.reserve(reserve));
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
  const auto result = uninterrupted(
      [&] { return ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)); });
  // Only a full disk matters here: many file systems cannot reserve.
  if (result != 0 && write_fault() == Fault::no_space) return fail(Fault::no_space);
  return {};
}

Result<void> IncomingFile::write(ByteView bytes) {
  CHECK_OK(health_);
  while (!bytes.empty()) {
    const auto put =
        uninterrupted([&] { return ::write(file_.get(), bytes.data(), bytes.size()); });
    if (put < 0) return broken(write_fault());
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

Result<std::string> IncomingFile::finish() {
  CHECK_OK(health_);
  if (uninterrupted([&] { return ::fsync(file_.get()); }) != 0) return broken(write_fault());
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
