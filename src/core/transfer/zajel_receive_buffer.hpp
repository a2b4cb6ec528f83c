// The chunks of one incoming file between the connection and the disk: their order, their checksum,
// the blocks they are gathered into, and the pause when the disk is behind.
#pragma once

#include <cstdint>
#include <optional>

#include "core/crypto/hash.hpp"
#include "core/transfer/chunks.hpp"
#include "core/transfer/events.hpp"
#include "core/transfer/progress.hpp"

namespace culver::transfer {

/// A file of which every byte is here, though perhaps not yet on the disk.
struct Arrived {
  Digest sha256;
  bool confirmed;         ///< the peer sent a checksum, and it is the same
  std::size_t unwritten;  ///< bytes that the disk still has to report

  void written(std::size_t bytes) { unwritten -= std::min(bytes, unwritten); }
};

class ZajelReceiveBuffer {
 public:
  /// The connection is paused above the first and resumed below the second, in bytes that the disk
  /// has been given and has not yet written.
  static constexpr std::size_t high_water = std::size_t{4} << 20;
  static constexpr std::size_t low_water = std::size_t{1} << 20;
  /// What is kept of a file that nobody has accepted yet, before its sender has to wait.
  static constexpr std::uint64_t spool_limit = std::uint64_t{64} << 20;

  ZajelReceiveBuffer(const wire::peer::FileStart& start, bool accepted);

  /// Fault::file_protocol; then nothing has changed.
  Result<void> take(OpenedChunk chunk, Effects& effects);
  void written(std::size_t bytes, Effects& effects);
  /// Somebody wants the file: the spool limit no longer holds, and progress is told.
  void accept(Effects& effects);
  /// The peer says that this was all. Faults: file_protocol, file_damaged. Resumes the connection.
  Result<Arrived> complete(const std::optional<Digest>& expected, Effects& effects);
  /// The end of it, whatever the cause: the connection must not stay paused.
  void release(Effects& effects);

  bool paused() const { return paused_; }

 private:
  void flush(Effects& effects);
  void settle(Effects& effects);

  ChunkOrder order_;
  crypto::Sha256 hash_;
  ProgressMeter progress_;
  ByteVector pending_;
  std::size_t unwritten_ = 0;
  bool accepted_;
  bool disk_behind_ = false;
  bool paused_ = false;
};

}  // namespace culver::transfer
