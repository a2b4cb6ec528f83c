// The words between the transfer machines of both forms, the connection that carries their frames,
// and the disk. Types only.
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
#include "core/transfer/attributes.hpp"
#include "core/wire/peer.hpp"
#include "core/wire/stream.hpp"

namespace culver::transfer {

using fsm::Origin;

// ---- from the peer, through the connection
// ------------------------------------------------------------

/// A file_chunk whose data has been opened by the connection's sealed channel.
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

// The second form.

struct PeerAccept {
  static constexpr std::string_view name = "PeerAccept";
  static constexpr Origin origin = Origin::peer;
  std::uint64_t have;
  std::uint32_t window;
  Digest prefix;
};
struct PeerCredit {
  static constexpr std::string_view name = "PeerCredit";
  static constexpr Origin origin = Origin::peer;
  std::uint64_t up_to;
};
struct PeerChecked {
  static constexpr std::string_view name = "PeerChecked";
  static constexpr Origin origin = Origin::peer;
};
struct PeerBegin {
  static constexpr std::string_view name = "PeerBegin";
  static constexpr Origin origin = Origin::peer;
  std::uint64_t from;
};
struct PeerData {
  static constexpr std::string_view name = "PeerData";
  static constexpr Origin origin = Origin::peer;
  wire::stream::Slice bytes;
};

/// What it checks of an earlier attempt.
struct PeerWorking {
  static constexpr std::string_view name = "PeerWorking";
  static constexpr Origin origin = Origin::peer;
  std::uint64_t of;
  std::uint64_t done;
};
struct PeerAbout {
  static constexpr std::string_view name = "PeerAbout";
  static constexpr Origin origin = Origin::peer;
  Attributes attributes;
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
  /// The cause that is reported: cancelled (for good), interrupted (to be continued), peer_gone ...
  Fault fault;
};

// ---- from the channel and the clock -------------------------------------------------------------

/// The files channel takes this many bytes now.
struct ChannelRoom {
  static constexpr std::string_view name = "ChannelRoom";
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
  /// Of the whole file, after the last block of the second form.
  std::optional<Digest> sha256 = std::nullopt;
};
struct TargetFinished {
  static constexpr std::string_view name = "TargetFinished";
  static constexpr Origin origin = Origin::ours;
  std::string path;  ///< the final path as a person would open it
};
struct DiskFailed {
  static constexpr std::string_view name = "DiskFailed";
  static constexpr Origin origin = Origin::ours;
  Fault fault;  ///< no_space, file_unreadable, file_unwritable, file_changed ...
  std::optional<std::uint64_t> room = std::nullopt;  ///< bytes that there are, of no_space
};
/// To the first form, and before anybody has accepted: the folder could take the file.
struct TargetFound {
  static constexpr std::string_view name = "TargetFound";
  static constexpr Origin origin = Origin::ours;
  std::uint64_t have;  ///< bytes that an earlier attempt has left
};

// The second form.

/// What ReadFrames asked for.
struct FramesRead {
  static constexpr std::string_view name = "FramesRead";
  static constexpr Origin origin = Origin::ours;
  std::vector<ByteVector> frames;  ///< the bytes in place, the head still to be printed
  std::optional<Digest> sha256;    ///< of the whole file, with the last of them
};
/// The beginning of our own file, as far as it was asked for with HashPrefix.
struct PrefixHashed {
  static constexpr std::string_view name = "PrefixHashed";
  static constexpr Origin origin = Origin::ours;
  std::uint64_t bytes;  ///< so far
  Digest sha256;        ///< of them
};
struct TargetOpened {
  static constexpr std::string_view name = "TargetOpened";
  static constexpr Origin origin = Origin::ours;
  std::uint64_t have;  ///< bytes that an earlier attempt has left
};
/// What HashPart asked for; 0 bytes if they cannot be read, and are worth nothing.
struct PartHashed {
  static constexpr std::string_view name = "PartHashed";
  static constexpr Origin origin = Origin::ours;
  std::uint64_t bytes;  ///< so far
  Digest sha256;        ///< of them
};

// ---- effects ------------------------------------------------------------------------------------

// To the connection: frames on `files`, in order.
struct SendEnvelope {
  std::variant<wire::peer::FileStart, wire::peer::FileComplete, wire::peer::FileStartAck,
               wire::peer::FileCompleteAck, wire::peer::FileError, wire::peer::FileCancel>
      envelope;
};
/// Sealed and printed by the connection.
struct SendChunk {
  wire::peer::FileId id;
  std::uint64_t index;
  ByteVector bytes;
};
/// Stops or resumes taking data from the connection: what is not yet on the disk is bounded. Spoken
/// by one transfer: the connection is paused while any of its transfers wants it to be.
struct PauseConnection {
  bool paused;
};

/// A frame of the second form, printed, to be sealed by the connection.
struct SendFrame {
  ByteVector frame;
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
/// Makes it durable and gives it its final name, never that of an existing file.
struct FinishTarget {
  std::optional<Attributes> attributes = std::nullopt;
};
/// Whether the folder could take the file, before anybody accepts it: TargetFound or DiskFailed.
struct FindTarget {
  std::optional<PublicKey> peer;  ///< whose part would be continued, in the second form
  Plaintext name;
  std::uint64_t size;
};
// The second form: the disk hashes what it reads and writes, and each byte once.

/// Hashes the next bytes from the beginning of the file; reading goes on behind them.
struct HashPrefix {
  std::uint64_t from;
  std::size_t bytes;
};
/// The same of what OpenTarget has found.
struct HashPart {
  std::size_t bytes;
};
/// The next bytes of the file, cut into frames of at most `frame` bytes. From 0 it begins anew.
struct ReadFrames {
  std::uint64_t offset;
  std::size_t bytes;
  std::size_t frame;
  bool last;  ///< the file must end there, and its digest is wanted
};
/// The partial file that an earlier attempt of this peer has left for a file of this name and size,
/// or a new one.
struct OpenTarget {
  PublicKey peer;
  Plaintext name;
  std::uint64_t size;  ///< taken from the disk at once
};
/// Statement: forgets what was there; writing begins at 0.
struct RestartTarget {};
/// Answered with BlockWritten, which has the digest after the last.
struct WriteSlices {
  std::vector<wire::stream::Slice> slices;
  bool last;
};
/// Statement: frees the file, and leaves what is there for a later attempt.
struct KeepTarget {};

/// Statements: free the file; a partial target is deleted.
struct DropSource {};
struct DropTarget {};

// To the user.
/// A decision is wanted.
struct Offered {
  std::uint64_t have = 0;  ///< what an earlier attempt has brought
};
/// What an earlier attempt has brought is being read again, here.
struct Checking {
  std::uint64_t have;
  std::uint64_t bytes;  ///< so far
};
struct Started {
  std::uint64_t from = 0;  ///< what an earlier attempt has already brought
};
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
  std::optional<std::uint64_t> room = std::nullopt;  ///< as in DiskFailed
};

using Effect =
    std::variant<SendEnvelope, SendChunk, PauseConnection, SendFrame, ReadBlock, CreateTarget,
                 WriteBlock, HashPrefix, ReadFrames, FindTarget, OpenTarget, HashPart,
                 RestartTarget, WriteSlices, KeepTarget, FinishTarget, DropSource, DropTarget,
                 Offered, Checking, Started, Progress, Finished, Failed>;
using Effects = std::vector<Effect>;

}  // namespace culver::transfer
