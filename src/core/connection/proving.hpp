// The states of a connection from the open channels to the proven Culver (prove.cpp); unproven.hpp
// has the one for everybody else.
#pragma once

#include <optional>
#include <string_view>

#include "core/connection/establishing.hpp"
#include "core/connection/secured.hpp"
#include "core/connection/session.hpp"
#include "core/connection/session_keys.hpp"
#include "core/connection/stream_seal.hpp"
#include "core/connection/waiting_frames.hpp"

namespace culver::connection {

struct Confirming;
struct Unproven;

/// Our handshake is out; the peer's is awaited. Zajel's page may never send one.
struct Proving {
  static constexpr std::string_view name = "Proving";
  Match match;
  Terms terms;
  Candidates::State candidates;
  PathKind path;
  std::size_t largest_frame;
  Channels channels;
  std::size_t window;    ///< of files, as last told
  Digest our_handshake;  ///< SHA-256
  WaitingFrames early;
  TimePoint deadline;
  fsm::OneOf<Proving> on(ChannelOpen&&, Context&, Effects&) &&;
  fsm::OneOf<Proving> on(Window&&, Context&, Effects&) &&;
  using Next = fsm::OneOf<Proving, Confirming, Unproven, Secured, Closed>;
  Next on(ChannelData&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven, Closed> on(Tick&&, Context&, Effects&) &&;
  template <Among<LocalCandidate, RemoteCandidate, PathReady, Abandon> E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }

  /// `frame` is what `theirs` was read from.
  Next by_handshake(wire::peer::Handshake theirs, ByteView frame, Context&, Effects&) &&;

 private:
  Result<Session> session(const wire::peer::Handshake&, Context&) &&;
  Result<Unproven> unheard(Context&, Effects&) &&;
  Next confirm(wire::peer::Handshake, ByteView frame, Context&, Effects&) &&;
  Next claimed(wire::peer::Handshake, Context&, Effects&) &&;
};

/// Two Culvers: each has named the right key, and seals what it can do. Only what opens, and speaks
/// of the handshakes that we know, proves that the peer has the key.
struct Confirming {
  static constexpr std::string_view name = "Confirming";
  static constexpr Fault late = Fault::handshake_timeout;
  Session session;
  StreamSeal stream;
  std::optional<Plaintext> username;
  PathKind path;
  std::size_t largest_frame;
  std::size_t window;  ///< of files, as last told
  Digest handshakes;   ///< as the peer must have seen them
  WaitingFrames early;
  TimePoint deadline;
  fsm::OneOf<Confirming> on(ChannelOpen&&, Context&, Effects&) &&;
  fsm::OneOf<Confirming> on(Window&&, Context&, Effects&) &&;
  fsm::OneOf<Confirming, Secured, Closed> on(ChannelData&&, Context&, Effects&) &&;
  template <Among<LocalCandidate, RemoteCandidate, PathReady, Tick, Abandon> E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }

 private:
  fsm::OneOf<Confirming, Secured, Closed> by_frame(std::string_view, Context&, Effects&) &&;
};

}  // namespace culver::connection
