// One connection to one peer, from the match to the goodbye: the page to read first.
//
//   initiator: Gathering -> Offering  -> Connecting -> Securing -> Opening -> Proving -> Secured
//   responder: Awaiting  -> Answering -> Connecting ...
//   between two Culvers: Proving -> Confirming -> Secured
//   anybody else: Proving -> Unproven -> Secured
//   the end: any of them -> Closed;  Secured -> Leaving -> Closed, or between two Culvers
//   Secured -> Parting -> Leaving -> Closed; one that we do not want: Secured -> Refusing -> Closed
//
// Each state owns what it knows and nothing else; a connection that fails is its Closed value, and
// all keys died with the state before. Only Secured receives, and it can only be made with a
// PeerKeyProven; Unproven sends, and what comes waits for the first frame that opens; what comes
// while we are Leaving is still taken. The full
// table is in docs/generated/connection.md.
//
// A path that goes silent does not end Secured at once: connection/restart looks for another one
// meanwhile.
#pragma once

#include <optional>
#include <variant>

#include "core/connection/establishing.hpp"
#include "core/connection/parting.hpp"
#include "core/connection/proving.hpp"
#include "core/connection/secured.hpp"
#include "core/connection/unproven.hpp"

namespace culver::connection {

struct Machine {
  using State =
      std::variant<Gathering, Awaiting, Offering, Answering, Connecting, Securing, Opening, Proving,
                   Confirming, Unproven, Secured, Parting, Leaving, Refusing, Closed>;
  using Event = std::variant<LocalDescription, LocalCandidate, RemoteDescription, RemoteCandidate,
                             SignalingBack, PathReady, PathDoubted, DtlsUp, SctpUp, ChannelOpen,
                             ChannelData, ChannelClosed, Window, AllSent, TransportClosed, SendText,
                             SendLetter, SendFileFrame, SendFileChunk, SendStreamFrame, FramesRead,
                             Goodbye, Abandon, Tick>;
  using Context = connection::Context;
  using Effects = connection::Effects;

  /// What no state asked for. Our own late events change nothing; a signal out of order is dropped.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects& out) {
    if constexpr (std::same_as<E, RemoteDescription>)
      out.emplace_back(Dropped{Fault::out_of_order, FrameKind::description});
    else if constexpr (std::same_as<E, RemoteCandidate>)
      out.emplace_back(Dropped{Fault::out_of_order, FrameKind::candidate});
    else
      static_assert(E::origin == Origin::ours);
    return State{std::move(state)};
  }
};

/// The first state of a connection, with its first effects.
Machine::State start(bool initiator, const PublicKey& peer_key, Demand, Context&, Effects&);

/// A transport event as the machine takes it: failures become Abandon with their fault. During
/// establishment a closed transport is a failure; later it is a goodbye.
/// Nothing waits for GatheringDone, so it is none.
std::optional<Machine::Event> event_of(TransportEvent event, const Machine::State& state);

bool is_closed(const Machine::State& state);
bool is_secured(const Machine::State& state);
/// There is a session: Unproven or Secured.
bool is_up(const Machine::State& state);
/// There is no session yet, or there will be none (Refusing): the server is needed, and what it
/// says counts.
bool needs_server(const Machine::State& state);
/// We end it, and the peer is hearing so: Parting, Leaving or Refusing.
bool is_ending(const Machine::State& state);
/// The initiator, before an answer has come, and the responder, before an offer has.
bool is_offering(const Machine::State& state);
bool is_awaiting_offer(const Machine::State& state);

}  // namespace culver::connection
