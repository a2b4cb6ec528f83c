// The files that are sent and received, on a POSIX file system. Every call may block: it belongs on
// a thread that may wait for a disk.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"

namespace culver::store {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// A file to be sent. Only regular files: reading a device or a pipe never ends.
class OutgoingFile {
 public:
  /// Fault::file_unreadable.
  static Result<OutgoingFile> open(const std::string& path);

  std::uint64_t size() const { return size_; }         ///< when it was opened
  const Plaintext& name() const { return basename_; }  ///< without its folder
  /// The next n bytes; fewer only where the file ends. Fault::file_unreadable.
  Result<ByteVector> read(std::size_t n);

 private:
  Descriptor file_;
  std::uint64_t size_ = 0;
  Plaintext basename_;
};

/// The folder that files are received into. Opened once: names are looked up in it, never again in
/// a path that somebody may have changed.
class Folder {
 public:
  /// Fault::file_unwritable.
  static Result<Folder> open(const std::string& path);

 private:
  friend class IncomingFile;
  Descriptor folder_;
  std::string path_;
};

/// A file being received: hidden under a random name until finish(), deleted if that never comes.
/// It does not need the Folder any longer once created.
class IncomingFile {
 public:
  /// `reserve` bytes are taken from the disk at once where the file system can, so that a full one
  /// is noticed before the first byte is sent. Faults: no_space, file_unwritable.
  static Result<IncomingFile> create(const Folder& folder, const Plaintext& name,
                                     std::uint64_t reserve);
  IncomingFile(IncomingFile&& other) noexcept : IncomingFile() { *this = std::move(other); }
  IncomingFile& operator=(IncomingFile&& other) noexcept;
  ~IncomingFile();

  /// Faults: no_space, file_unwritable. After one, every call fails with it.
  Result<void> write(ByteView bytes);
  /// Makes the content durable, then gives it its name, with a number added if there is one of that
  /// name already. Returns the path. No call may follow.
  Result<std::string> finish();

 private:
  IncomingFile() = default;
  Result<void> reserve(std::uint64_t bytes);
  Result<std::string> take_name();
  tl::unexpected<Fault> broken(Fault fault);
  void discard();

  Descriptor folder_;
  Descriptor file_;
  std::string folder_path_;
  std::string partial_;  ///< empty once it has its name
  std::string name_;
  unsigned mode_ = 0;  ///< of the finished file
  Result<void> health_{};
};

}  // namespace culver::store
