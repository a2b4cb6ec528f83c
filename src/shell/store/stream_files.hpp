// The files of the second form, as the disk reads, writes and hashes them: each byte once, on the
// thread that may wait for a disk. Their requests and answers are those of
// core/transfer/events.hpp.
#pragma once

#include <cstdint>
#include <string>

#include "core/crypto/hash.hpp"
#include "core/transfer/events.hpp"
#include "shell/store/files.hpp"

namespace culver::store {

/// A file on its way out in either form.
class StreamSource {
 public:
  explicit StreamSource(OutgoingFile file) : file_(std::move(file)) {}

  OutgoingFile& file() { return file_; }
  /// Faults: file_unreadable, file_changed.
  Result<transfer::PrefixHashed> hash_prefix(std::uint64_t bytes);
  /// In order, or from 0 anew. Faults: file_unreadable, file_changed, internal (out of order).
  Result<transfer::FramesRead> read(const transfer::ReadFrames& request);

 private:
  OutgoingFile file_;
  crypto::Sha256 hash_;
  std::uint64_t hashed_ = 0;
};

/// A file on its way in. Without finish() or drop() its part is left for another attempt, unless
/// that would not be worth it.
class StreamTarget {
 public:
  /// Hashes what an earlier attempt has left. Faults: no_space, file_unwritable.
  static Result<StreamTarget> open(const Folder& folder, const transfer::OpenTarget& request);
  StreamTarget(StreamTarget&&) noexcept = default;
  StreamTarget& operator=(StreamTarget&&) noexcept = default;
  ~StreamTarget();

  transfer::TargetOpened opened() const { return {length_, hash_.so_far()}; }
  /// A failure shows with the next write.
  void restart();
  /// Faults: no_space, file_unwritable.
  Result<transfer::BlockWritten> write(const transfer::WriteSlices& request);
  /// As IncomingFile has it.
  Result<std::string> finish() { return file_.finish(); }
  /// Deletes the part.
  void drop();

 private:
  explicit StreamTarget(IncomingFile file) : file_(std::move(file)) {}
  Result<void> hash(std::uint64_t length);

  IncomingFile file_;
  crypto::Sha256 hash_;
  std::uint64_t length_ = 0;
};

}  // namespace culver::store
