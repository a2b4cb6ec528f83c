// The system calls behind outgoing_file.hpp.
#include "shell/store/outgoing_file.hpp"

#include <limits>

#include <fcntl.h>
#include <unistd.h>

#include "shell/store/system_calls.hpp"

namespace culver::store {
namespace {

bool is_same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

Result<OutgoingFile> OutgoingFile::open(const std::string& path) {
  OutgoingFile out;
  // Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
  out.file_ = host::FileDescriptor(
      uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  if (!out.file_ || ::fstat(out.file_.get(), &out.opened_) != 0 || !S_ISREG(out.opened_.st_mode))
    return fail(Fault::file_unreadable);
  ::posix_fadvise(out.file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  out.input_ = FileInput(out.size() >= direct_from);
  out.basename_ = Plaintext(path.substr(path.rfind('/') + 1));
  return out;
}

std::uint64_t OutgoingFile::size() const { return static_cast<std::uint64_t>(opened_.st_size); }

transfer::Attributes OutgoingFile::attributes() const {
  constexpr std::int64_t second = 1'000'000'000;
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / second - 1;
  const auto seconds = std::int64_t{opened_.st_mtim.tv_sec};
  const bool fits = seconds > -most && seconds < most;
  return {fits ? seconds * second + opened_.st_mtim.tv_nsec : 0,
          static_cast<std::uint16_t>(opened_.st_mode & 0777)};
}

Result<ByteVector> OutgoingFile::read(std::size_t n) {
  ByteVector bytes(n);
  std::size_t filled = 0;
  while (filled < n) {
    const auto got =
        uninterrupted([&] { return ::read(file_.get(), bytes.data() + filled, n - filled); });
    if (got < 0) return fail(Fault::file_unreadable);
    if (got == 0) {
      TRY(const bool unchanged, is_unchanged());
      if (!unchanged) return fail(Fault::file_changed);
      break;
    }
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

Result<bool> OutgoingFile::is_unchanged() const {
  struct stat now {};
  if (::fstat(file_.get(), &now) != 0) return fail(Fault::file_unreadable);
  return now.st_size == opened_.st_size && is_same(now.st_mtim, opened_.st_mtim) &&
         is_same(now.st_ctim, opened_.st_ctim) && now.st_ino == opened_.st_ino;
}

}  // namespace culver::store
