// A file that is received, on a POSIX file system. Every call may block: it belongs on a thread
// that may wait for a disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/transfer/attributes.hpp"
#include "shell/store/file_output.hpp"
#include "shell/store/folder.hpp"
#include "shell/store/outgoing_file.hpp"

namespace culver::store {

/// Hidden until finish(), deleted if that never comes, unless it is kept. The hidden name is
/// random, or says to which file the part belongs. It does not need the Folder any longer once
/// created, and holds a lock on its part, so that nobody else writes or sweeps it.
class IncomingFile {
 public:
  /// `reserve` bytes are taken from the disk at once where the file system can, so that a full one
  /// is noticed before the first byte is sent. Faults: those of Folder::try_out.
  static Result<IncomingFile> create(const Folder& folder, const Plaintext& name,
                                     std::uint64_t reserve);
  /// The part that an earlier attempt has left under this mark (1..64 characters of base32), or a
  /// new one. Somebody else's, or one that is being written elsewhere, is left alone; one whose
  /// content the disk could not keep is deleted.
  static Result<IncomingFile> resume(const Folder& folder, const Plaintext& name,
                                     std::uint64_t size, const std::string& mark);
  IncomingFile(IncomingFile&& other) noexcept : IncomingFile() { *this = std::move(other); }
  IncomingFile& operator=(IncomingFile&& other) noexcept;
  ~IncomingFile();

  /// Holds back less than a direct_block. Faults: no_space, file_too_large_here, file_unwritable.
  /// After one, every call fails with it, and nothing of the part can be kept.
  Result<void> write(ByteView bytes);
  /// Writes what is held back.
  Result<void> flush();
  /// What resume() has found.
  Result<std::uint64_t> length() const;
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> into) const;
  /// Only that much of it counts; writing goes on there.
  Result<void> cut(std::uint64_t length);
  /// Makes the content durable, then gives it its name, with a number added if there is one of that
  /// name already. Returns the path. No call may follow a success; after a fault of the folder
  /// (folder_read_only and the like) the content is whole and may be kept.
  Result<std::string> finish(const std::optional<transfer::Attributes>& attributes = {});
  /// Closes it and deletes the part.
  void drop();
  /// Closes it, and leaves the part for a later resume() if there can be one: not if anything of it
  /// could not be written.
  void keep();

 private:
  IncomingFile() = default;
  Result<void> reserve_all(std::uint64_t bytes);
  void apply(const std::optional<transfer::Attributes>& attributes);
  Result<void> make_name_durable(const std::string& name);
  tl::unexpected<Fault> broken(Fault fault);
  void discard();

  host::FileDescriptor folder_;
  host::FileDescriptor file_;
  std::string folder_path_;
  std::string partial_;  ///< empty once it has its name
  std::string name_;
  FileOutput output_;
  std::uint64_t size_ = 0;  ///< of the whole, taken from the disk at once
  bool large_ = false;      ///< too much for the page cache
  bool resumable_ = false;  ///< its part has a mark
  unsigned allowed_ = 0;    ///< what the umask leaves of a mode
  Result<void> health_{};
};

}  // namespace culver::store
