// The words between the two transfer machines, the link that carries their frames, and the disk.
// Types only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/fault.hpp"
#include "core/base/fsm.hpp"
#include "core/base/text.hpp"
#include "core/wire/peer.hpp"

namespace culver::transfer {

using fsm::Origin;

// ---- from the peer, through the link ------------------------------------------------------------

/// A file_chunk whose data has been opened by the link's sealed channel.
struct OpenedChunk {
  static constexpr std::string_view name = "OpenedChunk";
  static constexpr Origin origin = Origin::peer;
  wire::peer::FileId id;
  std::uint64_t index;
  ByteVector bytes;  ///< at most limits::chunk_in; none only in the one chunk of an empty file
};
struct PeerComplete {
  static constexpr std::string_view name = "PeerComplete";
  static constexpr Origin origin = Origin::peer;
  std::optional<Digest> sha256;
};
struct PeerStartAck {
  static constexpr std::string_view name = "PeerStartAck";
  static constexpr Origin origin = Origin::peer;
  bool accepted;
  std::string reason;
};
struct PeerCompleteAck {
  static constexpr std::string_view name = "PeerCompleteAck";
  static constexpr Origin origin = Origin::peer;
  bool success;
  std::string reason;
};
/// file_error or transfer_cancel, or a chunk that could not be opened.
struct PeerFailed {
  static constexpr std::string_view name = "PeerFailed";
  static constexpr Origin origin = Origin::peer;
  Fault fault;
};

// ---- from the user ------------------------------------------------------------------------------

struct Decision {
  static constexpr std::string_view name = "Decision";
  static constexpr Origin origin = Origin::ours;
  bool accepted;
};
struct Cancel {
  static constexpr std::string_view name = "Cancel";
  static constexpr Origin origin = Origin::ours;
  Fault fault;  ///< cancelled, peer_gone, interrupted ...: the cause that is reported
};

// ---- from the channel and the clock -------------------------------------------------------------

/// The files channel takes this many bytes now.
struct Credit {
  static constexpr std::string_view name = "Credit";
  static constexpr Origin origin = Origin::ours;
  std::size_t bytes;
};
/// Everything sent so far was acknowledged by the peer's SCTP.
struct Flushed {
  static constexpr std::string_view name = "Flushed";
  static constexpr Origin origin = Origin::ours;
};
struct Tick {
  static constexpr std::string_view name = "Tick";
  static constexpr Origin origin = Origin::ours;
};

// ---- from the disk ------------------------------------------------------------------------------

/// The bytes asked for with ReadBlock; shorter than asked for means that the file ended there.
struct BlockRead {
  static constexpr std::string_view name = "BlockRead";
  static constexpr Origin origin = Origin::ours;
  ByteVector bytes;
};
struct TargetCreated {
  static constexpr std::string_view name = "TargetCreated";
  static constexpr Origin origin = Origin::ours;
};
struct BlockWritten {
  static constexpr std::string_view name = "BlockWritten";
  static constexpr Origin origin = Origin::ours;
  std::size_t bytes;
};
struct TargetFinished {
  static constexpr std::string_view name = "TargetFinished";
  static constexpr Origin origin = Origin::ours;
  std::string path;  ///< the final path as a person would open it
};
struct DiskFailed {
  static constexpr std::string_view name = "DiskFailed";
  static constexpr Origin origin = Origin::ours;
  Fault fault;  ///< no_space, file_unreadable, file_unwritable
};

// ---- effects ------------------------------------------------------------------------------------

// To the link: frames on `files`, in order.
struct SendEnvelope {
  std::variant<wire::peer::FileStart, wire::peer::FileComplete, wire::peer::FileStartAck,
               wire::peer::FileCompleteAck, wire::peer::FileError, wire::peer::FileCancel>
      envelope;
};
/// Sealed and printed by the link.
struct SendChunk {
  wire::peer::FileId id;
  std::uint64_t index;
  ByteVector bytes;
};
/// Stops or resumes taking data from the link: what is not yet on the disk is bounded. Spoken by
/// one transfer: the link is paused while any of its transfers wants it to be.
struct PauseLink {
  bool paused;
};

// To the disk: questions, answered by events.
struct ReadBlock {
  std::size_t bytes;  ///< the next ones of the file
};
/// A hidden partial file in the target folder; the name is made safe by the disk side. The disk
/// performs the questions of one transfer in order, and answers in order.
struct CreateTarget {
  Plaintext name;
  std::uint64_t reserve;  ///< bytes to take from the disk at once; 0 while nobody has accepted
};
struct WriteBlock {
  ByteVector bytes;
};
/// Gives the partial file its final name, never that of an existing file.
struct FinishTarget {};
/// Statements: free the file; a partial target is deleted.
struct DropSource {};
struct DropTarget {};

// To the user.
struct Offered {};  ///< a decision is wanted
struct Started {};
struct Progress {
  std::uint64_t bytes;  ///< so far
};
struct Finished {
  std::string path;  ///< of the receiver; empty for the sender
  Digest sha256;
  /// The checksum was compared: by the peer and acknowledged (sender), or by us with the one that
  /// the peer sent (receiver).
  bool confirmed;
};
struct Failed {
  Fault fault;
};

using Effect = std::variant<SendEnvelope, SendChunk, PauseLink, ReadBlock, CreateTarget, WriteBlock,
                            FinishTarget, DropSource, DropTarget, Offered, Started, Progress,
                            Finished, Failed>;
using Effects = std::vector<Effect>;

}  // namespace culver::transfer
