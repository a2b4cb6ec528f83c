// The system calls behind folder.hpp.
#include "shell/store/folder.hpp"

#include <cstddef>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "shell/store/parts.hpp"
#include "shell/store/system_calls.hpp"

namespace culver::store {
namespace {

constexpr std::uint64_t unit_of_blocks = 512;  // of st_blocks, stat(2)

std::optional<std::uint64_t> room_in(int folder) {
  struct statvfs facts {};
  // A file system that has no size tells none.
  if (::fstatvfs(folder, &facts) != 0 || facts.f_blocks == 0) return std::nullopt;
  return std::uint64_t{facts.f_bavail} * facts.f_frsize;
}

/// A hidden file, gone at the end.
class Trial {
 public:
  static Result<Trial> make(int folder) {
    Trial trial;
    trial.folder_ = folder;
    TRY(trial.name_, parts::make(folder, trial.file_));
    return trial;
  }
  Trial(Trial&& other) noexcept
      : folder_(other.folder_),
        file_(std::move(other.file_)),
        name_(std::exchange(other.name_, {})) {}
  Trial& operator=(Trial&&) = delete;
  ~Trial() {
    if (!name_.empty()) ::unlinkat(folder_, name_.c_str(), 0);
  }

  int file() const { return file_.get(); }
  /// 0 or an errno.
  int rename() {
    const auto other = name_ + "2";
    const int error = parts::rename_without_overwriting(folder_, name_, other);
    if (error == 0) name_ = other;
    return error;
  }

 private:
  Trial() = default;
  int folder_ = -1;
  host::FileDescriptor file_;
  std::string name_;
};

Result<void> write_a_byte(int file) {
  const std::byte one{};
  if (uninterrupted([&] { return ::pwrite(file, &one, 1, 0); }) != 1) return fail(write_fault());
  return {};
}

}  // namespace

Result<void> check_room(int folder, std::uint64_t size, std::uint64_t there) {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      size > limit.rlim_cur)
    return fail(Fault::file_too_large_here);
  const auto room = room_in(folder);
  if (room && size > there && size - there > *room) return fail(Fault::no_space);
  return {};
}

Result<void> reserve(int file, std::uint64_t from, std::uint64_t size) {
  if (size == 0) return {};
  const auto result = uninterrupted([&] {
    return ::fallocate(file, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from),
                       static_cast<off_t>(size));
  });
  if (result == 0) return {};
  const bool cannot_reserve = errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL ||
                              errno == ENODEV || errno == ESPIPE || errno == EPERM;
  if (!cannot_reserve) return fail(write_fault());
  return {};
}

Result<Folder> Folder::open(const std::string& path) {
  Folder out;
  out.folder_ = host::FileDescriptor(
      uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!out.folder_) return fail(folder_fault());
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
  while (const dirent* entry = ::readdir(listing))
    if (parts::is_name(entry->d_name))
      parts::sweep(folder_.get(), entry->d_name, now, partial_life);
  ::closedir(listing);
}

Result<void> Folder::try_out(std::uint64_t size, std::uint64_t there) const {
  CHECK_OK(check_room(get(), size, there));
  TRY(auto trial, Trial::make(get()));
  // The last byte of it: a file system that has no such offset says so.
  if (size > there) CHECK_OK(reserve(trial.file(), size - 1, 1));
  if (size > there) CHECK_OK(write_a_byte(trial.file()));
  if (const int error = trial.rename(); error != 0) {
    errno = error;
    return fail(write_fault() == Fault::no_space ? Fault::no_space : Fault::folder_unfit);
  }
  return {};
}

std::optional<std::uint64_t> Folder::room() const { return room_in(get()); }

bool Folder::is_gone() const {
  struct stat facts {};
  return ::fstat(get(), &facts) != 0 || facts.st_nlink == 0;
}

Folder::Part Folder::find_part(const std::string& mark) const {
  const auto name = parts::name_of(mark);
  const auto part = parts::open(get(), name);
  struct stat facts {};
  if (!part || !parts::lock_or_do_without(part.get()) || !parts::is_ours(part.get(), get(), name) ||
      ::fstat(part.get(), &facts) != 0)
    return {};
  return {static_cast<std::uint64_t>(facts.st_size),
          static_cast<std::uint64_t>(facts.st_blocks) * unit_of_blocks};
}

}  // namespace culver::store
