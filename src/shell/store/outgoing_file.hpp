// A file that is sent, on a POSIX file system. Every call may block.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <sys/stat.h>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/transfer/attributes.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/store/file_input.hpp"

namespace culver::store {

/// Only regular files: reading a device or a pipe never ends.
class OutgoingFile {
 public:
  /// Fault::file_unreadable.
  static Result<OutgoingFile> open(const std::string& path);

  std::uint64_t size() const;                          ///< when it was opened
  const Plaintext& name() const { return basename_; }  ///< without its folder
  transfer::Attributes attributes() const;             ///< when it was opened
  /// The next n bytes; fewer only where the file ends. Faults: file_unreadable, file_changed if it
  /// ends and is not what was opened.
  Result<ByteVector> read(std::size_t n);
  /// Fills `into` from this place in the file. Faults: file_unreadable, file_changed if the file
  /// ends before.
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> into);
  /// Whether the file ends there. Fault::file_unreadable.
  Result<bool> ends_at(std::uint64_t offset) const;
  /// Whether nothing was done to the file since it was opened: what was read of it is one file that
  /// there has been. Fault::file_unreadable.
  Result<bool> is_unchanged() const;

 private:
  host::FileDescriptor file_;
  FileInput input_;
  struct stat opened_ {};
  Plaintext basename_;
};

}  // namespace culver::store
