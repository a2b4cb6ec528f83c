// A new path under a connection that lives on: ICE begins anew with other credentials (RFC 8445
// section 9), DTLS and what it protects notice nothing. docs/protocol/ice.md.
//
//   Settled -> Preparing -> Offered -> Settled;  the peer began: Settled -> Answering -> Settled
//
// Offers go to Culvers only; an offer of anybody is answered. If both offer at the same time, the
// initiator's counts, unless its path is well again; since the peer may not have got it, it is said
// again. Our own ICE begins anew when both descriptions
// are known and not before: what the old credentials may still find is not given up for an offer
// that perhaps never arrives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/connection/candidates.hpp"
#include "core/connection/words.hpp"

namespace culver::connection {

/// The remote side as its description leaves it.
struct Remote {
  wire::sdp::Fingerprints fingerprint;  ///< of the certificate itself, once DTLS has shown it
  std::uint16_t sctp_port;
  std::uint32_t max_message_size;  ///< 0: without a limit

  std::size_t largest_message() const {
    return max_message_size == 0 ? no_limit : std::size_t{max_message_size};
  }
};

/// What the two descriptions settled for the life of the connection.
struct Terms {
  bool initiator;
  DtlsRole role;
  std::string mid;
  Remote remote;
  bool culver = false;  ///< so is the peer: it answers an offer at any time
};

struct RestartContext {
  Env& env;
  const Terms& terms;
};

struct Restart {
  using Context = RestartContext;
  using Effects = connection::Effects;

  struct Settled;
  struct Preparing;
  struct Offered;
  struct Answering;

  struct Settled {
    static constexpr std::string_view name = "Settled";
    Candidates::State candidates;
    std::string answered{};  ///< the ufrag of the peer's last offer, which may be repeated
    fsm::OneOf<Settled, Preparing> on(PathDoubted&&, Context&, Effects&) &&;
    fsm::OneOf<Settled> on(RemoteCandidate&&, Context&, Effects&) &&;
    fsm::OneOf<Settled, Answering> on(RemoteDescription&&, Context&, Effects&) &&;
  };
  /// New credentials of ours are on their way.
  struct Preparing {
    static constexpr std::string_view name = "Preparing";
    Candidates::State candidates;  ///< of the path that is in doubt
    fsm::OneOf<Offered> on(LocalDescription&&, Context&, Effects&) &&;
    fsm::OneOf<Preparing> on(RemoteCandidate&&, Context&, Effects&) &&;
    fsm::OneOf<Preparing, Answering> on(RemoteDescription&&, Context&, Effects&) &&;
  };
  /// The answer may come late, or never: the next doubt makes another offer.
  struct Offered {
    static constexpr std::string_view name = "Offered";
    Candidates::State candidates;  ///< of the path that is in doubt
    LocalDescription ours;
    bool pressing = true;  ///< the path is in doubt still
    fsm::OneOf<Offered> on(PathReady&&, Context&, Effects&) &&;
    fsm::OneOf<Preparing> on(PathDoubted&&, Context&, Effects&) &&;
    fsm::OneOf<Offered, Preparing> on(SignalingBack&&, Context&, Effects&) &&;
    fsm::OneOf<Offered> on(RemoteCandidate&&, Context&, Effects&) &&;
    fsm::OneOf<Offered, Settled> on(RemoteDescription&&, Context&, Effects&) &&;
  };
  /// The peer's offer is here, and new credentials of ours are on their way.
  struct Answering {
    static constexpr std::string_view name = "Answering";
    wire::sdp::SessionDescription offer;
    Candidates::State candidates;  ///< of the offer
    fsm::OneOf<Settled> on(LocalDescription&&, Context&, Effects&) &&;
    fsm::OneOf<Answering> on(RemoteCandidate&&, Context&, Effects&) &&;
    fsm::OneOf<Answering> on(RemoteDescription&&, Context&, Effects&) &&;
  };

  using State = std::variant<Settled, Preparing, Offered, Answering>;
  using Event = std::variant<PathReady, PathDoubted, LocalDescription, RemoteCandidate,
                             RemoteDescription, SignalingBack>;

  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return State{std::move(state)};
  }
};

}  // namespace culver::connection
