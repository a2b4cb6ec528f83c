// The words between the ICE agent and the shell that owns its sockets (shell/p2p). Types only.
// docs/protocol/ice.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/endpoint.hpp"
#include "core/base/env.hpp"
#include "core/base/fault.hpp"
#include "core/base/secret.hpp"
#include "core/base/strong.hpp"
#include "core/base/text.hpp"
#include "core/wire/sdp.hpp"

namespace culver::ice {

/// A way out of this machine: a bound UDP socket, or a stream to a TURN server. The shell gives the
/// numbers, and never one twice in the life of an agent.
using WireId = Strong<struct WireIdTag, std::uint32_t>;
/// A place from which checks go out: a socket's address, or a relay's. See candidates.hpp.
using BaseId = Strong<struct BaseIdTag, std::uint32_t>;

/// How something came: to which of our bases, and from where.
struct Way {
  BaseId base;
  Endpoint from;
  bool operator==(const Way&) const = default;
};

/// How the datagrams of the selected pair go. Everything that a sender of data needs, so that no
/// datagram passes through the agent.
struct Route {
  WireId wire;
  Endpoint to;                           ///< the peer, or the TURN server
  std::optional<std::uint16_t> channel;  ///< set: each datagram goes as ChannelData
  bool operator==(const Route&) const = default;
};

// ---- events -------------------------------------------------------------------------------------

/// A UDP socket is bound to this address: a host candidate, unless the same address is there
/// already.
struct WireOpened {
  WireId wire;
  Endpoint local;
  std::uint8_t subnet_bits = 0;  ///< how many bits the addresses of its subnet share; 0: unknown
};
/// Every socket that can be had is there. Gathering ends when the servers have answered or not.
struct WiresDone {};
/// The interface, the socket or the stream is gone.
struct WireLost {
  WireId wire;
};
/// The name of a server is resolved. Each wire of the same family asks it.
struct StunServer {
  Endpoint address;
};
/// A relay. Over UDP (no stream) each wire of its family, but loopback, may allocate; over a stream
/// only that one.
struct TurnServer {
  Endpoint address;
  std::optional<WireId> stream;
  std::string user;
  SecretBytes password;
};
/// No more servers will be named.
struct ServersDone {};

/// The peer's. Again with others: the peer has restarted ICE.
struct RemoteCredentials {
  wire::sdp::IceCredentials ice;
};
struct RemoteCandidate {
  wire::sdp::Candidate candidate;
};
struct RemoteCandidatesDone {};

/// A datagram, or a message of a stream, for which stun::kind_of says stun. The bytes live for the
/// step. With a channel: it was the payload of ChannelData, and `from` is the TURN server; without,
/// the same peer would be taken to speak to the socket itself.
struct Received {
  WireId wire;
  Endpoint from;
  ByteView bytes;
  std::optional<std::uint16_t> channel = {};
};
/// Begin anew with new credentials, RFC 8445 section 9. The selected pair stays until there is
/// another.
struct Restart {
  wire::sdp::IceCredentials ice;
};
struct Tick {};

using Event =
    std::variant<WireOpened, WiresDone, WireLost, StunServer, TurnServer, ServersDone,
                 RemoteCredentials, RemoteCandidate, RemoteCandidatesDone, Received, Restart, Tick>;

// ---- effects ------------------------------------------------------------------------------------

struct Transmit {
  WireId wire;
  Endpoint to;
  ByteVector bytes;
  bool whole = false;  ///< better lost than fragmented
};
/// To be trickled to the peer.
struct LocalCandidate {
  wire::sdp::Candidate candidate;
};
struct GatheringDone {};
/// A pair is nominated, or another one than before: data goes this way from now on.
struct Selected {
  Route route;
  bool relayed;  ///< either end is a TURN relay
};
/// Datagrams along the selected pair may have so many bytes from now on: more than before, or
/// fewer. Until the first of these, path_mtu::base.
struct Carries {
  std::size_t bytes;
};
/// What arrived inside of a TURN Data indication and is not STUN: data, if leads_to_peer(way).
struct Relayed {
  Way way;
  ByteVector bytes;
};
/// Nothing has been heard along the selected pair for a while, or it was cut, and no other pair is
/// known to work: only a restart can help where the peer is not reached by what both know. Selected
/// is told again when the doubt is over.
struct Doubted {
  TimePoint heard;  ///< the last that is known of the peer along this pair
};
/// A TURN server gives us no relay, or no longer: relay_refused, relay_silent, malformed.
struct RelayFailed {
  Endpoint server;
  Fault fault;
};
/// No pair works, nor can any come: after both sides' candidates are done. Or consent was lost
/// (RFC 7675) and nothing took its place.
struct Failed {
  enum class Why : std::uint8_t { no_pair, consent_lost } why;
};

using Effect = std::variant<Transmit, LocalCandidate, GatheringDone, Selected, Carries, Relayed,
                            Doubted, RelayFailed, Failed>;
using Effects = std::vector<Effect>;

}  // namespace culver::ice
