// The states of a link from the match to the open channels (establish.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/link/candidates.hpp"
#include "core/link/closed.hpp"
#include "core/link/context.hpp"
#include "core/link/restart.hpp"
#include "core/link/words.hpp"

namespace culver::link {

struct Gathering;
struct Awaiting;
struct Offering;
struct Answering;
struct Connecting;
struct Securing;
struct Opening;
struct Proving;

/// What a peer has to show before it counts as connected.
enum class Demand : std::uint8_t {
  any,           ///< a frame that opens; a Culver's confirmation, if it says that it is one
  confirmation,  ///< the key was once a Culver's: it never comes with less
};

/// Known from the match on. The ephemeral key exists before any handshake can arrive.
struct Match {
  PublicKey peer_key;  ///< from pairing
  crypto::KeyPair ephemeral;
  Demand demand;
  TimePoint made;
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
  Terms terms;
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
  Terms terms;
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
  Terms terms;
  Candidates::State candidates;
  PathKind path;
  std::size_t largest_frame;  ///< that we send, and the peer's SCTP takes
  std::optional<ChannelId> files;
  std::size_t window;  ///< of files, which may open before messages
  TimePoint deadline;
  fsm::OneOf<Opening> on(LocalCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Opening> on(RemoteCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Opening> on(SctpUp&&, Context&, Effects&) &&;
  fsm::OneOf<Opening> on(PathReady&&, Context&, Effects&) &&;
  fsm::OneOf<Opening> on(Window&&, Context&, Effects&) &&;
  fsm::OneOf<Opening, Proving> on(ChannelOpen&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

}  // namespace culver::link
