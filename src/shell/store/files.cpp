// The system calls behind files.hpp.
#include "shell/store/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/transfer/safe_name.hpp"
#include "shell/store/parts.hpp"
#include "shell/store/system_calls.hpp"

namespace culver::store {

Result<IncomingFile> IncomingFile::create(const Folder& folder, const Plaintext& name,
                                          std::uint64_t reserve) {
  IncomingFile out;
  out.folder_ = host::FileDescriptor(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0));
  if (!out.folder_) return fail(Fault::file_unwritable);
  out.folder_path_ = folder.path();
  out.name_ = transfer::safe_name(name.expose());
  TRY(auto partial, parts::make(out.folder_.get(), out.file_));
  out.partial_ = std::move(partial);

  // The mode that the umask leaves is for the finished file; until then it is nobody else's.
  struct stat facts {};
  if (::fstat(out.file_.get(), &facts) != 0) return fail(Fault::file_unwritable);
  out.allowed_ = facts.st_mode & 0777;
  ::fchmod(out.file_.get(), 0600);
  CHECK_OK(out.reserve_all(reserve));
  return out;
}

Result<IncomingFile> IncomingFile::resume(const Folder& folder, const Plaintext& name,
                                          std::uint64_t size, const std::string& mark) {
  // The new one also tells the mode that the finished file will have.
  TRY(auto out, create(folder, name, 0));
  const int in = out.folder_.get();
  const auto marked = parts::name_of(mark);
  auto earlier = parts::open(in, marked);
  bool is_free = true;
  if (earlier && parts::lock_or_do_without(earlier.get()) &&
      parts::is_ours(earlier.get(), in, marked)) {
    // What was written by somebody who is gone may be in the cache only, and lost to the disk.
    const bool holds = uninterrupted([&] { return ::fdatasync(earlier.get()); }) == 0;
    if (holds) {
      out.discard();
      out.file_ = std::move(earlier);
      out.partial_ = marked;
      out.resumable_ = true;
      is_free = false;
    } else {
      ::unlinkat(in, marked.c_str(), 0);
    }
  }
  if (is_free && parts::rename_without_overwriting(in, out.partial_, marked) == 0) {
    out.partial_ = marked;
    out.resumable_ = true;
  }
  CHECK_OK(out.reserve_all(size));
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
  size_ = other.size_;
  large_ = other.large_;
  allowed_ = other.allowed_;
  health_ = other.health_;
  return *this;
}

IncomingFile::~IncomingFile() { discard(); }

void IncomingFile::discard() {
  if (!partial_.empty()) ::unlinkat(folder_.get(), partial_.c_str(), 0);
  partial_.clear();
}

/// A fault leaves what an earlier attempt has brought: its disk may have room another time.
Result<void> IncomingFile::reserve_all(std::uint64_t bytes) {
  if (bytes == 0) return {};
  size_ = bytes;
  large_ = bytes >= direct_from;
  output_.begin(0, large_);
  struct stat facts {};
  const auto there = ::fstat(file_.get(), &facts) == 0
                         ? static_cast<std::uint64_t>(facts.st_blocks) * 512
                         : std::uint64_t{0};
  auto reserved = check_room(folder_.get(), bytes, there);
  if (reserved) reserved = store::reserve(file_.get(), 0, bytes);
  if (!reserved && facts.st_size > 0) keep();
  return reserved;
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
  TRY(const auto now, this->length());
  if (now != length) {
    const auto at = static_cast<off_t>(length);
    if (uninterrupted([&] { return ::ftruncate(file_.get(), at); }) != 0)
      return broken(write_fault());
    // What was reserved behind the end went with it.
    if (size_ > length)
      if (auto taken = store::reserve(file_.get(), length, size_ - length); !taken)
        return broken(taken.error());
  }
  output_.begin(length, large_);
  return {};
}

void IncomingFile::drop() {
  discard();
  file_ = host::FileDescriptor();
}

void IncomingFile::keep() {
  if (resumable_ && health_) partial_.clear();
  discard();
  file_ = host::FileDescriptor();
}

Result<std::string> IncomingFile::finish(const std::optional<transfer::Attributes>& attributes) {
  CHECK_OK(flush());
  if (uninterrupted([&] { return ::fdatasync(file_.get()); }) != 0) return broken(write_fault());
  TRY(auto final_name, parts::give_final_name(folder_.get(), partial_, name_));
  partial_.clear();
  apply(attributes);
  CHECK_OK(make_name_durable(final_name));
  health_ = fail(Fault::file_unwritable);
  return folder_path_ == "/" ? "/" + final_name : folder_path_ + "/" + final_name;
}

/// A file system that knows no modes or times has not lost the file.
void IncomingFile::apply(const std::optional<transfer::Attributes>& attributes) {
  constexpr unsigned usual = 0666;
  constexpr std::int64_t second = 1'000'000'000;
  const unsigned wanted = attributes ? attributes->mode & 0777u : usual;
  ::fchmod(file_.get(), (wanted & allowed_) | S_IRUSR);
  if (!attributes) return;
  auto nanoseconds = attributes->modified % second;
  if (nanoseconds < 0) nanoseconds += second;
  const timespec modified{static_cast<time_t>((attributes->modified - nanoseconds) / second),
                          static_cast<long>(nanoseconds)};
  const timespec times[2] = {{0, UTIME_OMIT}, modified};
  ::futimens(file_.get(), times);
}

/// Many file systems make no promise about names; one that does, and fails, has not the file.
Result<void> IncomingFile::make_name_durable(const std::string& name) {
  if (uninterrupted([&] { return ::fsync(folder_.get()); }) == 0) return {};
  if (errno == EINVAL || errno == EBADF || errno == ENOSYS || errno == EOPNOTSUPP ||
      errno == EACCES || errno == EPERM || errno == EROFS)
    return {};
  const auto fault = write_fault();
  ::unlinkat(folder_.get(), name.c_str(), 0);
  return broken(fault);
}

tl::unexpected<Fault> IncomingFile::broken(Fault fault) {
  health_ = fail(fault);
  return fail(fault);
}

}  // namespace culver::store
