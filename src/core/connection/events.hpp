// What happens to a connection: the words between the connection machine and the transport below it
// (shell/p2p/stack) and the engine above it. Types only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/fault.hpp"
#include "core/base/fsm.hpp"
#include "core/base/strong.hpp"
#include "core/base/text.hpp"
#include "core/wire/peer.hpp"
#include "core/wire/sdp.hpp"
#include "core/wire/signaling.hpp"

namespace culver::connection {

using fsm::Origin;

/// How the datagrams travel. `relayed` when either end of the selected pair is a TURN relay.
enum class PathKind : std::uint8_t { direct, relayed };

// ---- from the transport, in the order in which they can first happen ----------------------------

/// ICE has its credentials; candidates follow one by one. Told again after PrepareRestart.
struct LocalDescription {
  static constexpr std::string_view name = "LocalDescription";
  static constexpr Origin origin = Origin::ours;
  wire::sdp::IceCredentials ice;
  wire::sdp::Fingerprint fingerprint;  ///< of our own DTLS certificate
};
struct LocalCandidate {
  static constexpr std::string_view name = "LocalCandidate";
  static constexpr Origin origin = Origin::ours;
  wire::sdp::Candidate candidate;
};
struct GatheringDone {
  static constexpr std::string_view name = "GatheringDone";
  static constexpr Origin origin = Origin::ours;
};
/// ICE selected a pair (or selected another one, or trusts a doubted one again).
struct PathReady {
  static constexpr std::string_view name = "PathReady";
  static constexpr Origin origin = Origin::ours;
  PathKind path;
};
/// Nothing has been heard of the peer for a while, or our own end of the path is gone. PathReady or
/// PathFailed follows.
struct PathDoubted {
  static constexpr std::string_view name = "PathDoubted";
  static constexpr Origin origin = Origin::ours;
  TimePoint heard;  ///< until then the path was well
};
struct PathFailed {
  static constexpr std::string_view name = "PathFailed";
  static constexpr Origin origin = Origin::ours;
};
/// The DTLS handshake is complete; nothing has been told to SCTP yet.
struct DtlsUp {
  static constexpr std::string_view name = "DtlsUp";
  static constexpr Origin origin = Origin::ours;
  wire::sdp::PeerCertificate peer_certificate;
};
struct DtlsFailed {
  static constexpr std::string_view name = "DtlsFailed";
  static constexpr Origin origin = Origin::ours;
};
struct SctpUp {
  static constexpr std::string_view name = "SctpUp";
  static constexpr Origin origin = Origin::ours;
};
/// A channel that we opened was acknowledged, or the peer opened one. The data of a channel follows
/// its ChannelOpen; nothing is promised between channels.
struct ChannelOpen {
  static constexpr std::string_view name = "ChannelOpen";
  static constexpr Origin origin = Origin::ours;
  ChannelId channel;
  std::string label;  ///< <= limits::channel_label
};
/// One whole message, at most limits::channel_frame_in bytes.
struct ChannelData {
  static constexpr std::string_view name = "ChannelData";
  static constexpr Origin origin = Origin::ours;  // a bad frame is judged by its handler
  ChannelId channel;
  ByteVector bytes;
  bool binary = false;  ///< PPID binary, else string
};
struct ChannelClosed {
  static constexpr std::string_view name = "ChannelClosed";
  static constexpr Origin origin = Origin::ours;
  ChannelId channel;
};
/// The channel takes this many bytes now without queueing beyond its high-water mark. Told when a
/// channel opens, and again whenever the buffered amount has fallen to the low-water mark.
struct Window {
  static constexpr std::string_view name = "Window";
  static constexpr Origin origin = Origin::ours;
  ChannelId channel;
  std::size_t bytes;
};
/// Everything that was sent has been acknowledged by the peer's SCTP.
struct AllSent {
  static constexpr std::string_view name = "AllSent";
  static constexpr Origin origin = Origin::ours;
};
/// The peer ended the association or the DTLS session, or SCTP gave up.
struct TransportClosed {
  static constexpr std::string_view name = "TransportClosed";
  static constexpr Origin origin = Origin::ours;
};

using TransportEvent =
    std::variant<LocalDescription, LocalCandidate, GatheringDone, PathReady, PathDoubted,
                 PathFailed, DtlsUp, DtlsFailed, SctpUp, ChannelOpen, ChannelData, ChannelClosed,
                 Window, AllSent, TransportClosed>;

// ---- to the transport ---------------------------------------------------------------------------

/// Creates the transport of this connection and begins gathering. The offerer controls.
struct StartIce {
  bool controlling;
};
/// Other credentials for a restart of ICE, told as LocalDescription. Nothing else changes yet.
struct PrepareRestart {};
/// ICE begins anew with the credentials that were prepared last: candidates are told again. The
/// selected path is used until there is another.
struct RestartIce {};
struct SetRemoteIce {
  wire::sdp::IceCredentials ice;
};
/// Only after SetRemoteIce: connection/candidates sorts the early ones.
struct AddCandidate {
  wire::sdp::Candidate candidate;
};
struct RemoteCandidatesDone {};
enum class DtlsRole : std::uint8_t { client, server };
/// May come before PathReady: handshake records are then kept until there is a path. A ClientHello
/// that arrives before this effect is kept, not lost.
struct StartDtls {
  DtlsRole role;
};
/// Only after the certificate was checked.
struct StartSctp {
  std::uint16_t port;              ///< the peer's a=sctp-port
  std::uint32_t max_message_size;  ///< the peer's; 0 means no limit
};
/// Reliable and ordered. Ids by DTLS role (RFC 8832 section 6).
struct OpenChannel {
  std::string label;
};
struct SendOn {
  ChannelId channel;
  ByteVector bytes;
  bool binary = false;  ///< PPID binary, else string
};
/// Stops (or goes on) taking data from SCTP, so that its window closes and the peer waits.
struct PauseReading {
  bool paused;
};
/// The peer sends whatever its congestion window allows at once, as Culver does: acknowledging it
/// more seldom costs it nothing and saves both sides time.
struct AcknowledgeSeldom {};
/// Says goodbye after everything sent has been acknowledged (at most 5 s), then TransportClosed.
struct HangUp {};
/// Frees the transport at once, telling the peer if possible. No event follows.
struct DropTransport {};

using TransportEffect =
    std::variant<StartIce, PrepareRestart, RestartIce, SetRemoteIce, AddCandidate,
                 RemoteCandidatesDone, StartDtls, StartSctp, OpenChannel, SendOn, PauseReading,
                 AcknowledgeSeldom, HangUp, DropTransport>;

}  // namespace culver::connection
