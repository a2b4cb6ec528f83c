// One connection to one peer, from the match to the goodbye: the page to read first.
//
//   initiator: Gathering -> Offering  -> Connecting -> Securing -> Opening -> Proving -> Secured
//   responder: Awaiting  -> Answering -> Connecting ...
//   between two Culvers: Proving -> Confirming -> Secured
//   any of them -> Closed;  Secured -> Leaving -> Closed
//
// Each state owns what it knows and nothing else; a link that fails is its Closed value, and all
// keys died with the state before. Only Secured can send or receive, and it can only be made with
// a PeerKeyProven. The full table is in docs/generated/link.md.
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/crypto/keys.hpp"
#include "core/link/candidates.hpp"
#include "core/link/early_frames.hpp"
#include "core/link/events.hpp"
#include "core/link/sealed_channel.hpp"
#include "core/link/stream_seal.hpp"
#include "core/wire/stream.hpp"

namespace culver::link {

/// How long each step may take. The deadline belongs to the state.
struct Timeouts {
  Duration signal = std::chrono::seconds(30);
  Duration path = std::chrono::seconds(30);
  Duration dtls = std::chrono::seconds(30);
  Duration channel = std::chrono::seconds(30);
  Duration handshake = std::chrono::seconds(30);
  Duration goodbye = std::chrono::seconds(6);
};

/// Who we are. Outlives every link.
struct Self {
  const crypto::KeyPair& identity;
  std::optional<Plaintext> username;
  bool streams = true;  ///< whether the second form of files is offered
};

struct Context {
  Env env;
  const Self& self;
  const Timeouts& timeouts;
};

// ---- events beside those of the transport (events.hpp) ------------------------------------------

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
/// Commands of the engine; they reach Secured only.
struct SendText {
  static constexpr std::string_view name = "SendText";
  static constexpr Origin origin = Origin::ours;
  Plaintext text;  ///< at most limits::text bytes, checked by the engine
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
/// To a link that was Established with the second form.
struct SendStreamFrame {
  static constexpr std::string_view name = "SendStreamFrame";
  static constexpr Origin origin = Origin::ours;
  ByteVector frame;  ///< as wire/stream prints it
};
struct Goodbye {
  static constexpr std::string_view name = "Goodbye";
  static constexpr Origin origin = Origin::ours;
};
/// The end of this link, whatever it is doing: a cancelled command, a lost peer, a dead transport.
struct Abandon {
  static constexpr std::string_view name = "Abandon";
  static constexpr Origin origin = Origin::ours;
  Fault fault;
};
struct Tick {
  static constexpr std::string_view name = "Tick";
  static constexpr Origin origin = Origin::ours;
};

// ---- effects beside those to the transport ------------------------------------------------------

struct SignalOut {
  std::variant<wire::signaling::Description, wire::signaling::TrickledCandidate> signal;
};
/// One frame was dropped; for the counters.
struct Dropped {
  Fault fault;
};
/// The link has become Secured.
struct Established {
  PathKind path;
  std::optional<Plaintext> username;
  bool file_acks;
  bool is_culver = false;  ///< it has confirmed the handshakes
  /// The largest frame of the second form of files that may be sent; 0: the first form is spoken.
  std::size_t stream_frame = 0;
};
struct TextArrived {
  Plaintext text;
};
/// A frame of `files` that passed the parser; a chunk also passed the seal.
struct FileFrameArrived {
  wire::peer::FileFrame frame;
};
struct ChunkArrived {
  wire::peer::FileId id;
  std::uint64_t index;
  ByteVector bytes;
};
/// A chunk that did not pass the seal.
struct ChunkRefused {
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
    std::variant<TransportEffect, SignalOut, Dropped, Established, TextArrived, FileFrameArrived,
                 ChunkArrived, ChunkRefused, StreamFrameArrived, FilesWindow, EverythingSent>;
using Effects = std::vector<Effect>;

/// The peer showed, in its handshake or by a frame sealed with it, the key that it paired with; a
/// Culver always by both.
/// Only the checks in proof.cpp make one; Secured cannot be built without.
class PeerKeyProven {
 private:
  PeerKeyProven() = default;
  friend struct Proof;
};

// ---- what states share --------------------------------------------------------------------------

/// Known from the match on. The ephemeral key exists before any handshake can arrive.
struct Match {
  PublicKey peer_key;  ///< from pairing
  crypto::KeyPair ephemeral;
};

/// The remote side as its description and our sorting of its candidates leave it.
struct Remote {
  wire::sdp::Fingerprint fingerprint;
  std::uint16_t sctp_port;
  std::uint32_t max_message_size;
};

struct Channels {
  ChannelId messages;
  std::optional<ChannelId> files;
};

// ---- states -------------------------------------------------------------------------------------

struct Gathering;
struct Awaiting;
struct Offering;
struct Answering;
struct Connecting;
struct Securing;
struct Opening;
struct Proving;
struct Confirming;
struct Secured;
struct Leaving;

/// The end. Without a fault: a goodbye, ours or the peer's.
struct Closed {
  static constexpr std::string_view name = "Closed";
  std::optional<Fault> fault;
};

/// Initiator: ICE is being started.
struct Gathering {
  static constexpr std::string_view name = "Gathering";
  Match match;
  Candidates::State candidates;
  TimePoint deadline;
  fsm::OneOf<Offering> on(LocalDescription&&, Context&, Effects&) &&;
  fsm::OneOf<Gathering> on(RemoteCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

/// Initiator: the offer is out, candidates trickle.
struct Offering {
  static constexpr std::string_view name = "Offering";
  Match match;
  Candidates::State candidates;
  TimePoint deadline;
  fsm::OneOf<Offering> on(LocalCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Offering> on(RemoteCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Connecting, Offering, Closed> on(RemoteDescription&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

/// Responder: no transport yet, the offer is awaited.
struct Awaiting {
  static constexpr std::string_view name = "Awaiting";
  Match match;
  Candidates::State candidates;
  TimePoint deadline;
  fsm::OneOf<Awaiting> on(RemoteCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Answering, Awaiting> on(RemoteDescription&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

/// Responder: the offer is here, ICE is being started.
struct Answering {
  static constexpr std::string_view name = "Answering";
  Match match;
  Candidates::State candidates;
  wire::sdp::SessionDescription offer;
  TimePoint deadline;
  fsm::OneOf<Answering> on(RemoteCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Connecting> on(LocalDescription&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

/// Both descriptions are known; ICE looks for a path. DTLS stands ready already.
struct Connecting {
  static constexpr std::string_view name = "Connecting";
  Match match;
  bool initiator;
  Remote remote;
  Candidates::State candidates;
  TimePoint deadline;
  fsm::OneOf<Connecting> on(LocalCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Connecting> on(RemoteCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Securing> on(PathReady&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

/// A path exists; the DTLS handshake runs. SCTP starts only if the certificate is the announced
/// one.
struct Securing {
  static constexpr std::string_view name = "Securing";
  Match match;
  bool initiator;
  Remote remote;
  Candidates::State candidates;
  PathKind path;
  TimePoint deadline;
  fsm::OneOf<Securing> on(LocalCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Securing> on(RemoteCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Securing> on(PathReady&&, Context&, Effects&) &&;
  fsm::OneOf<Opening, Closed> on(DtlsUp&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

/// SCTP and the two channels. Our handshake leaves the moment `messages` is open.
struct Opening {
  static constexpr std::string_view name = "Opening";
  Match match;
  bool initiator;
  PathKind path;
  std::size_t largest_frame;  ///< that we send, and the peer's SCTP takes
  std::optional<ChannelId> files;
  std::size_t window;  ///< of files, which may open before messages
  TimePoint deadline;
  fsm::OneOf<Opening> on(SctpUp&&, Context&, Effects&) &&;
  fsm::OneOf<Opening> on(PathReady&&, Context&, Effects&) &&;
  fsm::OneOf<Opening> on(Window&&, Context&, Effects&) &&;
  fsm::OneOf<Opening, Proving> on(ChannelOpen&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

/// Our handshake is out; the peer's is awaited.
struct Proving {
  static constexpr std::string_view name = "Proving";
  Match match;
  PathKind path;
  std::size_t largest_frame;
  Channels channels;
  std::size_t window;    ///< of files, as last told
  Digest our_handshake;  ///< SHA-256
  EarlyFrames early;
  TimePoint deadline;
  fsm::OneOf<Proving> on(ChannelOpen&&, Context&, Effects&) &&;
  fsm::OneOf<Proving> on(PathReady&&, Context&, Effects&) &&;
  fsm::OneOf<Proving> on(Window&&, Context&, Effects&) &&;
  fsm::OneOf<Proving, Confirming, Secured, Closed> on(ChannelData&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;

 private:
  using Next = fsm::OneOf<Proving, Confirming, Secured, Closed>;
  Next by_handshake(wire::peer::Handshake, ByteView frame, Context&, Effects&) &&;
  Next by_frame(std::string_view, Context&, Effects&) &&;
  Next confirm(SealedChannel, const SessionKey&, wire::peer::Handshake, ByteView frame, Context&,
               Effects&) &&;
  Secured secured(SealedChannel, PeerKeyProven, const wire::peer::Handshake*, Effects&) &&;
};

/// Two Culvers: each has named the right key, and seals what it can do. Only what opens, and speaks
/// of the handshakes that we know, proves that the peer has the key.
struct Confirming {
  static constexpr std::string_view name = "Confirming";
  PublicKey peer_key;
  SealedChannel sealed;
  StreamSeal stream;
  std::optional<Plaintext> username;
  PathKind path;
  std::size_t largest_frame;
  Channels channels;
  std::size_t window;  ///< of files, as last told
  Digest handshakes;   ///< as the peer must have seen them
  EarlyFrames early;
  TimePoint deadline;
  fsm::OneOf<Confirming> on(ChannelOpen&&, Context&, Effects&) &&;
  fsm::OneOf<Confirming> on(PathReady&&, Context&, Effects&) &&;
  fsm::OneOf<Confirming> on(Window&&, Context&, Effects&) &&;
  fsm::OneOf<Confirming, Secured, Closed> on(ChannelData&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;

 private:
  fsm::OneOf<Confirming, Secured, Closed> by_frame(std::string_view, Context&, Effects&) &&;
};

/// Keys agree and the peer is who it paired as. The one state that sends and delivers.
struct Secured {
  static constexpr std::string_view name = "Secured";
  /// So many frames in a row that cannot be opened end the link: the keys do not agree.
  static constexpr int tolerated_failures = 16;
  PublicKey peer_key;
  PeerKeyProven proof;
  SealedChannel sealed;
  std::optional<StreamSeal> stream;  ///< where the second form of files is spoken
  Channels channels;
  bool handshake_seen;  ///< not yet, where a v1 peer spoke before its handshake
  int failures = 0;     ///< frames in a row that could not be opened
  fsm::OneOf<Secured, Closed> on(ChannelData&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(ChannelOpen&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(ChannelClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(Window&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(AllSent&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(SendText&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(SendFileFrame&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(SendFileChunk&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(SendStreamFrame&&, Context&, Effects&) &&;
  fsm::OneOf<Leaving> on(Goodbye&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(TransportClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;

  /// What came early, as if it came now. A fault ends the link.
  std::optional<Fault> catch_up(EarlyFrames, Effects&);

 private:
  std::optional<Fault> on_message(ByteView frame, Effects&);
  std::optional<Fault> on_late_handshake(const wire::peer::Handshake&, Effects&);
  std::optional<Fault> on_file_frame(ByteVector bytes, Effects&);
  std::optional<Fault> on_stream_frame(ByteVector bytes, Effects&);
  std::optional<Fault> on_chunk(wire::peer::FileChunk, Effects&);
  std::optional<Fault> dropped(Fault, Effects&);
};

/// We said goodbye; what was sent may still arrive.
struct Leaving {
  static constexpr std::string_view name = "Leaving";
  TimePoint deadline;
  fsm::OneOf<Closed> on(TransportClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

struct Machine {
  using State = std::variant<Gathering, Awaiting, Offering, Answering, Connecting, Securing,
                             Opening, Proving, Confirming, Secured, Leaving, Closed>;
  using Event = std::variant<LocalDescription, LocalCandidate, RemoteDescription, RemoteCandidate,
                             PathReady, DtlsUp, SctpUp, ChannelOpen, ChannelData, ChannelClosed,
                             Window, AllSent, TransportClosed, SendText, SendFileFrame,
                             SendFileChunk, SendStreamFrame, Goodbye, Abandon, Tick>;
  using Context = link::Context;
  using Effects = link::Effects;

  /// What no state asked for. Our own late events change nothing; a signal out of order is dropped.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects& out) {
    if constexpr (E::origin == Origin::peer) out.emplace_back(Dropped{Fault::out_of_order});
    return State{std::move(state)};
  }
};

/// The first state of a link, with its first effects.
Machine::State start(bool initiator, const PublicKey& peer_key, Context&, Effects&);

/// A transport event as the machine takes it: failures become Abandon with their fault. During
/// establishment a closed transport is a failure; Secured and Leaving tell a goodbye apart.
/// Nothing waits for GatheringDone, so it is none.
std::optional<Machine::Event> event_of(TransportEvent event, const Machine::State& state);

bool is_closed(const Machine::State& state);
bool is_secured(const Machine::State& state);

}  // namespace culver::link
