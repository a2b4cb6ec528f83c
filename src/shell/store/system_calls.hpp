// What the system calls on files have in common.
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>

#include <unistd.h>

#include "core/base/result.hpp"

namespace culver::store {

/// Repeats a system call that a signal has interrupted.
template <class Call>
auto uninterrupted(Call call) {
  while (true) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// What errno means for a file that is being written.
inline Fault write_fault() {
  switch (errno) {
    case ENOSPC:
    case EDQUOT:
      return Fault::no_space;
    case EFBIG:
      return Fault::file_too_large_here;
    default:
      return Fault::file_unwritable;
  }
}

/// What errno means for a folder in which a name is made or changed.
inline Fault folder_fault() {
  switch (errno) {
    case EROFS:
    case EACCES:
    case EPERM:
      return Fault::folder_read_only;
    case ENOENT:
      return Fault::folder_missing;
    case ENOTDIR:
      return Fault::folder_not_folder;
    default:
      return write_fault();
  }
}

/// All of it: `ended` is the fault if the file ends before.
inline Result<void> read_exactly(int fd, std::uint64_t offset, std::span<std::byte> into,
                                 Fault ended) {
  while (!into.empty()) {
    const auto got = uninterrupted(
        [&] { return ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset)); });
    if (got < 0) return fail(Fault::file_unreadable);
    if (got == 0) return fail(ended);
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

}  // namespace culver::store
