// The folder that files are received into, on a POSIX file system. Every call may block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "shell/host/file_descriptor.hpp"

namespace culver::store {

/// Opened once: names are looked up in it, never again in a path that somebody may have changed.
class Folder {
 public:
  /// Faults: folder_missing, folder_not_folder, folder_read_only, file_unwritable.
  static Result<Folder> open(const std::string& path);

  /// How long the part of a file waits to be continued.
  static constexpr WallTime partial_life = std::int64_t{7} * 24 * 60 * 60 * 1000;
  /// Removes partial files that nobody holds: those that nobody could continue, and old ones.
  void sweep(WallTime now) const;

  /// Tries with a hidden file whether one of this size could be made, written and named here, so
  /// that nobody learns it after the last byte. `there`: bytes of the disk that its part has
  /// already. Faults: no_space, file_too_large_here, folder_missing, folder_not_folder,
  /// folder_read_only, folder_unfit, file_unwritable.
  Result<void> try_out(std::uint64_t size, std::uint64_t there = 0) const;
  /// Bytes that we may still write here, where the file system says so.
  std::optional<std::uint64_t> room() const;
  /// It was deleted: another of that name is not this one.
  bool is_gone() const;

  /// A part that an earlier attempt has left under this mark and that nobody holds.
  struct Part {
    std::uint64_t length = 0;
    std::uint64_t on_disk = 0;  ///< also what was reserved behind its end
  };
  Part find_part(const std::string& mark) const;

  int get() const { return folder_.get(); }
  const std::string& path() const { return path_; }

 private:
  host::FileDescriptor folder_;
  std::string path_;
};

/// Whether a file of so many bytes would fit: the limits of this process and the room that the file
/// system tells. Faults: no_space, file_too_large_here.
Result<void> check_room(int folder, std::uint64_t size, std::uint64_t there);

/// Takes so many bytes from the disk at once, where the file system can. Faults: no_space,
/// file_too_large_here, file_unwritable.
Result<void> reserve(int file, std::uint64_t from, std::uint64_t size);

}  // namespace culver::store
