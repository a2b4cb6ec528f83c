// The files of the second form, as the disk reads, writes and hashes them: each byte once, on the
// thread that may wait for a disk, and never more at once than a person would wait for. Their
// requests and answers are those of core/transfer/events.hpp.
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
  /// In order, from 0. Faults: file_unreadable, file_changed, internal (out of order).
  Result<transfer::PrefixHashed> hash(const transfer::HashPrefix& request);
  /// In order, behind what was hashed, or from 0 anew; the last only if the file is still what was
  /// opened. Faults: file_unreadable, file_changed, internal (out of order).
  Result<transfer::FramesRead> read(const transfer::ReadFrames& request);

 private:
  OutgoingFile file_;
  crypto::Sha256 hash_;
  std::uint64_t hashed_ = 0;
};

/// What the disk can say of an offer before anybody accepts it.
Result<transfer::TargetFound> look_for_target(const Folder& folder,
                                              const transfer::FindTarget& request);

/// A file on its way in. Without a verdict its part is left for another attempt, unless that would
/// not be worth it or anything of it could not be written.
class StreamTarget {
 public:
  /// Faults: those of Folder::try_out.
  static Result<StreamTarget> open(const Folder& folder, const transfer::OpenTarget& request);
  StreamTarget(StreamTarget&&) noexcept = default;
  StreamTarget& operator=(StreamTarget&&) noexcept = default;
  ~StreamTarget();

  /// What an earlier attempt has left, still to be hashed.
  transfer::TargetOpened opened() const { return {found_}; }
  /// The next bytes of it. One that cannot be read begins anew, at 0. Fault::internal beyond it.
  Result<transfer::PartHashed> hash(const transfer::HashPart& request);
  /// A failure shows with the next write.
  void restart();
  /// Faults: no_space, file_too_large_here, file_unwritable.
  Result<transfer::BlockWritten> write(const transfer::WriteSlices& request);
  /// As IncomingFile has it.
  Result<std::string> finish(const transfer::FinishTarget& request) {
    return file_.finish(request.attributes);
  }
  /// Deletes the part.
  void drop();

 private:
  explicit StreamTarget(IncomingFile file) : file_(std::move(file)) {}

  IncomingFile file_;
  crypto::Sha256 hash_;
  std::uint64_t found_ = 0;
  std::uint64_t length_ = 0;  ///< hashed or written
};

}  // namespace culver::store
