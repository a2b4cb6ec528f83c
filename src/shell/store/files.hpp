// The files that are sent and received, on a POSIX file system. Every call may block: it belongs on
// a thread that may wait for a disk.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "shell/store/file_input.hpp"
#include "shell/store/file_output.hpp"

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
  /// Fills `into` from this place in the file. Faults: file_unreadable, file_changed if the file
  /// ends before.
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> into);
  /// Whether the file ends there. Fault::file_unreadable.
  Result<bool> ends_at(std::uint64_t offset) const;

 private:
  Descriptor file_;
  FileInput input_;
  std::uint64_t size_ = 0;
  Plaintext basename_;
};

/// The folder that files are received into. Opened once: names are looked up in it, never again in
/// a path that somebody may have changed.
class Folder {
 public:
  /// Fault::file_unwritable.
  static Result<Folder> open(const std::string& path);

  /// How long the part of a file waits to be continued.
  static constexpr WallTime partial_life = std::int64_t{7} * 24 * 60 * 60 * 1000;
  /// Removes partial files that nobody holds: those that nobody could continue, and old ones.
  void sweep(WallTime now) const;

 private:
  friend class IncomingFile;
  Descriptor folder_;
  std::string path_;
};

/// A file being received: hidden until finish(), deleted if that never comes, unless it is kept.
/// The hidden name is random, or says to which file the part belongs. It does not need the Folder
/// any longer once created, and holds a lock on its part, so that nobody else writes or sweeps it.
class IncomingFile {
 public:
  /// `reserve` bytes are taken from the disk at once where the file system can, so that a full one
  /// is noticed before the first byte is sent. Faults: no_space, file_unwritable.
  static Result<IncomingFile> create(const Folder& folder, const Plaintext& name,
                                     std::uint64_t reserve);
  /// The part that an earlier attempt has left under this mark (1..64 characters of base32), or a
  /// new one. Somebody else's, or one that is being written elsewhere, is left alone.
  static Result<IncomingFile> resume(const Folder& folder, const Plaintext& name,
                                     std::uint64_t size, const std::string& mark);
  IncomingFile(IncomingFile&& other) noexcept : IncomingFile() { *this = std::move(other); }
  IncomingFile& operator=(IncomingFile&& other) noexcept;
  ~IncomingFile();

  /// Holds back less than a direct_block. Faults: no_space, file_unwritable. After one, every
  /// call fails with it.
  Result<void> write(ByteView bytes);
  /// Writes what is held back.
  Result<void> flush();
  /// What resume() has found.
  Result<std::uint64_t> length() const;
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> into) const;
  /// Only that much of it counts; writing goes on there.
  Result<void> cut(std::uint64_t length);
  /// Makes the content durable, then gives it its name, with a number added if there is one of that
  /// name already. Returns the path. No call may follow.
  Result<std::string> finish();
  /// Closes it and deletes the part.
  void drop();
  /// Closes it, and leaves the part for a later resume() if there can be one.
  void keep();

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
  FileOutput output_;
  bool large_ = false;      ///< too much for the page cache
  bool resumable_ = false;  ///< its part has a mark
  unsigned mode_ = 0;       ///< of the finished file
  Result<void> health_{};
};

}  // namespace culver::store
