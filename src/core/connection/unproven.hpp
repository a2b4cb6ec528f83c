// The state of a connection whose peer claims the right key and has not shown yet that it has it
// (unproven.cpp): every peer that does not confirm, which Zajel's clients never do.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "core/connection/proving.hpp"

namespace culver::connection {

/// No handshake came. One that comes while nothing was sent under version 1 is as good as in time.
struct Unheard {
  Match match;
  std::size_t largest_frame;
  Digest our_handshake;  ///< SHA-256
  bool spoken = false;
};
/// Its handshake names the right key, and does not promise a confirmation.
struct Heard {
  std::optional<Plaintext> username;
  bool file_acks;
};

/// There is a session. What we say is sealed for the key that the peer claims; nothing that it says
/// counts until a frame opens, and then all of it does.
struct Unproven {
  static constexpr std::string_view name = "Unproven";
  Session session;
  std::variant<Unheard, Heard> said;
  PathKind path;
  std::size_t window;                    ///< of files, as last told
  WaitingFrames early;                   ///< of files
  WaitingFrames unread{};                ///< until it is known what was taken; reading is paused
  std::optional<TransportClosed> end{};  ///< behind them
  std::optional<TimePoint> deadline{};   ///< the path is in doubt: it is back by then, or lost
  Proving::Next on(ChannelData&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven> on(FramesRead&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven> on(PathReady&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven> on(PathDoubted&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven> on(ChannelOpen&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven, Closed> on(ChannelClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven> on(Window&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven> on(AllSent&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven, Closed> on(SendText&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven> on(SendFileFrame&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven, Closed> on(SendFileChunk&&, Context&, Effects&) &&;
  fsm::OneOf<Leaving> on(Goodbye&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven, Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Unproven, Closed> on(TransportClosed&&, Context&, Effects&) &&;
  template <Among<LocalDescription, LocalCandidate, RemoteDescription, RemoteCandidate,
                  SignalingBack, Abandon>
                E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }

  /// What cannot be opened yet, and what comes behind it.
  bool has_to_wait(const ChannelData&, const Context&) const;
  /// False if too much waits.
  [[nodiscard]] bool wait(ChannelData&&, Effects&);
  /// What has waited is given to the connection again.
  void read_on(Effects&);
  /// While we leave, only a frame that proves the peer counts, and what it says.
  std::variant<Unproven, Secured> leaving(ChannelData&&, Context&, Effects&) &&;

 private:
  Unproven restarted(Restart::Event, Context&, Effects&) &&;
  Proving::Next on_message(ByteVector frame, Context&, Effects&) &&;
  Proving::Next on_file_frame(ChannelData&&, Context&, Effects&) &&;
  Proving::Next on_late_handshake(wire::peer::Handshake, ByteView frame, Context&, Effects&) &&;
  Proving::Next dropped(Fault, FrameKind, Effects&) &&;
  Secured secured(PeerKeyProven, Effects&) &&;
  void spoken();
};

}  // namespace culver::connection
