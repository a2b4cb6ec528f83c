// What the engine and the signaling server say to a connection, and what it says to them;
// events.hpp has the words between it and the transport. Types only.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/frame_kind.hpp"
#include "core/connection/events.hpp"
#include "core/wire/stream.hpp"

namespace culver::connection {

// ---- events -------------------------------------------------------------------------------------

struct RemoteDescription {
  static constexpr std::string_view name = "RemoteDescription";
  static constexpr Origin origin = Origin::peer;
  wire::signaling::Description::Kind kind;
  wire::sdp::SessionDescription sdp;
};
struct RemoteCandidate {
  static constexpr std::string_view name = "RemoteCandidate";
  static constexpr Origin origin = Origin::peer;
  std::optional<wire::sdp::Candidate> candidate;  ///< none: the end of candidates
};
/// The server is reached again: what was signaled meanwhile is lost.
struct SignalingBack {
  static constexpr std::string_view name = "SignalingBack";
  static constexpr Origin origin = Origin::ours;
};
/// It is known now which frames of version 1 were taken, or that nobody can know it.
struct FramesRead {
  static constexpr std::string_view name = "FramesRead";
  static constexpr Origin origin = Origin::ours;
};
/// Commands of the engine; they reach Secured only.
struct SendText {
  static constexpr std::string_view name = "SendText";
  static constexpr Origin origin = Origin::ours;
  Plaintext text;  ///< at most limits::text bytes, checked by the engine
};
/// To a connection that was Established with letters.
struct SendLetter {
  static constexpr std::string_view name = "SendLetter";
  static constexpr Origin origin = Origin::ours;
  std::variant<wire::peer::Letter, wire::peer::LettersHad, wire::peer::Goodbye, wire::peer::Refused>
      frame;
};
struct SendFileFrame {
  static constexpr std::string_view name = "SendFileFrame";
  static constexpr Origin origin = Origin::ours;
  std::string frame;  ///< a printed envelope
};
struct SendFileChunk {
  static constexpr std::string_view name = "SendFileChunk";
  static constexpr Origin origin = Origin::ours;
  wire::peer::FileId id;
  std::uint64_t index;
  ByteVector bytes;
};
/// To a connection that was Established with the second form.
struct SendStreamFrame {
  static constexpr std::string_view name = "SendStreamFrame";
  static constexpr Origin origin = Origin::ours;
  ByteVector frame;  ///< as wire/stream prints it
};
struct Goodbye {
  static constexpr std::string_view name = "Goodbye";
  static constexpr Origin origin = Origin::ours;
  bool waits;  ///< for the peer to say what it still has to, if it says when that is all
};
/// The end of this connection, whatever it is doing: a cancelled command, a lost peer, a dead
/// transport.
struct Abandon {
  static constexpr std::string_view name = "Abandon";
  static constexpr Origin origin = Origin::ours;
  Fault fault;
};
struct Tick {
  static constexpr std::string_view name = "Tick";
  static constexpr Origin origin = Origin::ours;
};

// ---- effects ------------------------------------------------------------------------------------

struct SignalOut {
  std::variant<wire::signaling::Description, wire::signaling::TrickledCandidate> signal;
};
/// One frame was dropped; for the log and the counters.
struct Dropped {
  Fault fault;
  FrameKind kind;
};
inline constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

/// A session is there, and the peer's handshake names the right key, or it sent none: nothing has
/// shown yet that it has the key. Texts and files may be sent; Established follows when a frame of
/// it has opened.
struct Claimed {
  PathKind path;
  std::optional<Plaintext> username;
  std::size_t largest_message;  ///< bytes, sealed, that the peer's SCTP takes
};
/// A frame was taken under the key of all connections with this peer (version 1): it is never taken
/// again. Comes before what it brought.
struct FrameTaken {
  Nonce nonce;
};
/// What had to wait until FramesRead, to be given to the connection again, in this order.
struct GiveAgain {
  std::vector<ChannelData> frames;
  std::optional<TransportClosed> end;
};
/// The connection has become Secured.
struct Established {
  PathKind path;
  std::optional<Plaintext> username;
  bool file_acks;
  bool is_culver = false;  ///< it has confirmed the handshakes
  /// The largest frame of the second form of files that may be sent; 0: the first form is spoken.
  std::size_t stream_frame = 0;
  bool letters = false;                    ///< both speak them
  std::size_t largest_message = no_limit;  ///< bytes, sealed, that the peer's SCTP takes
};
struct TextArrived {
  Plaintext text;
};
/// Where letters are spoken.
struct LetterArrived {
  wire::peer::Letter letter;
};
struct LettersHadArrived {
  wire::peer::LettersHad had;
};
/// The peer has said everything, and waits for us to say Goodbye.
struct GoodbyeArrived {};
/// A frame of `files` that passed the parser; a chunk also passed the seal.
struct FileFrameArrived {
  wire::peer::FileFrame frame;
};
struct ChunkArrived {
  wire::peer::FileId id;
  std::uint64_t index;
  ByteVector bytes;
};
/// A chunk that did not pass the seal, or a frame that names a file and cannot be read beyond that.
struct FileFrameRefused {
  wire::peer::FileId id;
  Fault fault;
};
/// A frame of the second form, which only an agreed seal lets through.
struct StreamFrameArrived {
  wire::stream::Frame frame;
};
struct FilesWindow {
  std::size_t bytes;
};
struct EverythingSent {};

using Effect =
    std::variant<TransportEffect, SignalOut, Dropped, Claimed, FrameTaken, GiveAgain, Established,
                 TextArrived, LetterArrived, LettersHadArrived, GoodbyeArrived, FileFrameArrived,
                 ChunkArrived, FileFrameRefused, StreamFrameArrived, FilesWindow, EverythingSent>;
using Effects = std::vector<Effect>;

}  // namespace culver::connection
