// A file descriptor that closes itself, and reads and writes that go on until all is done.
#pragma once

#include <cerrno>
#include <span>
#include <utility>

#include <unistd.h>

#include "core/base/bytes.hpp"

namespace culver::host {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      close_now();
      descriptor_ = other.release();
    }
    return *this;
  }
  ~FileDescriptor() { close_now(); }

  explicit operator bool() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  /// The caller closes it.
  int release() { return std::exchange(descriptor_, -1); }

 private:
  void close_now() {
    const int saved = errno;  // closing while a failure is being reported must not hide it
    if (descriptor_ >= 0) ::close(descriptor_);
    errno = saved;
  }
  int descriptor_ = -1;
};

/// Fills `out` up to its end or the end of the file; the number of bytes, or -1 with errno set.
inline ssize_t read_some(const FileDescriptor& file, std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::read(file.get(), out.data() + done, out.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

inline bool read_all(const FileDescriptor& file, std::span<std::byte> out) {
  return read_some(file, out) == static_cast<ssize_t>(out.size());
}

inline bool write_all(const FileDescriptor& file, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace culver::host
