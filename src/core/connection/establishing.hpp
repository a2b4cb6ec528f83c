// The states of a connection from the match to the open channels (establish.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/connection/alike.hpp"
#include "core/connection/candidates.hpp"
#include "core/connection/closed.hpp"
#include "core/connection/context.hpp"
#include "core/connection/restart.hpp"
#include "core/connection/words.hpp"

namespace culver::connection {

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
  static constexpr Fault late = Fault::ice_timeout;
  Match match;
  Candidates::State candidates;
  TimePoint deadline;
  fsm::OneOf<Offering> on(LocalDescription&&, Context&, Effects&) &&;
  template <Among<RemoteCandidate, Tick, Abandon> E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }
};

/// Initiator: the offer is out, candidates trickle.
struct Offering {
  static constexpr std::string_view name = "Offering";
  static constexpr Fault late = Fault::signal_timeout;
  Match match;
  Candidates::State candidates;
  TimePoint deadline;
  fsm::OneOf<Connecting, Offering, Closed> on(RemoteDescription&&, Context&, Effects&) &&;
  template <Among<LocalCandidate, RemoteCandidate, Tick, Abandon> E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }
};

/// Responder: no transport yet, the offer is awaited.
struct Awaiting {
  static constexpr std::string_view name = "Awaiting";
  static constexpr Fault late = Fault::signal_timeout;
  Match match;
  Candidates::State candidates;
  TimePoint deadline;
  fsm::OneOf<Answering, Awaiting> on(RemoteDescription&&, Context&, Effects&) &&;
  template <Among<RemoteCandidate, Tick, Abandon> E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }
};

/// Responder: the offer is here, ICE is being started.
struct Answering {
  static constexpr std::string_view name = "Answering";
  static constexpr Fault late = Fault::ice_timeout;
  Match match;
  Candidates::State candidates;
  wire::sdp::SessionDescription offer;
  TimePoint deadline;
  fsm::OneOf<Connecting> on(LocalDescription&&, Context&, Effects&) &&;
  template <Among<RemoteCandidate, Tick, Abandon> E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }
};

/// Both descriptions are known; ICE looks for a path. DTLS stands ready already.
struct Connecting {
  static constexpr std::string_view name = "Connecting";
  static constexpr Fault late = Fault::ice_timeout;
  Match match;
  Terms terms;
  Candidates::State candidates;
  TimePoint deadline;
  fsm::OneOf<Securing> on(PathReady&&, Context&, Effects&) &&;
  template <Among<LocalCandidate, RemoteCandidate, Tick, Abandon> E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }
};

/// A path exists; the DTLS handshake runs. SCTP starts only if the certificate is the announced
/// one.
struct Securing {
  static constexpr std::string_view name = "Securing";
  static constexpr Fault late = Fault::dtls_timeout;
  Match match;
  Terms terms;
  Candidates::State candidates;
  PathKind path;
  TimePoint deadline;
  fsm::OneOf<Opening, Closed> on(DtlsUp&&, Context&, Effects&) &&;
  template <Among<LocalCandidate, RemoteCandidate, PathReady, Tick, Abandon> E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }
};

/// SCTP and the two channels. Our handshake leaves the moment `messages` is open.
struct Opening {
  static constexpr std::string_view name = "Opening";
  static constexpr Fault late = Fault::channel_timeout;
  Match match;
  Terms terms;
  Candidates::State candidates;
  PathKind path;
  std::size_t largest_frame;  ///< that we send, and the peer's SCTP takes
  std::optional<ChannelId> files;
  std::size_t window;  ///< of files, which may open before messages
  TimePoint deadline;
  fsm::OneOf<Opening> on(SctpUp&&, Context&, Effects&) &&;
  fsm::OneOf<Opening> on(Window&&, Context&, Effects&) &&;
  fsm::OneOf<Opening, Proving> on(ChannelOpen&&, Context&, Effects&) &&;
  template <Among<LocalCandidate, RemoteCandidate, PathReady, Tick, Abandon> E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }
};

}  // namespace culver::connection
