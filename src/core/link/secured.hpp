// The states of a link whose peer is proven (secured.cpp): the one that sends and delivers, and the
// goodbye.
#pragma once

#include <optional>
#include <string_view>

#include "core/link/closed.hpp"
#include "core/link/context.hpp"
#include "core/link/early_frames.hpp"
#include "core/link/restart.hpp"
#include "core/link/sealed_channel.hpp"
#include "core/link/stream_seal.hpp"
#include "core/link/words.hpp"

namespace culver::link {

struct Secured;
struct Leaving;

/// The peer showed, in its handshake or by a frame sealed with it, the key that it paired with; a
/// Culver always by both.
/// Only the checks in proof.cpp make one; Secured cannot be built without.
class PeerKeyProven {
 private:
  PeerKeyProven() = default;
  friend struct Proof;
};

struct Channels {
  ChannelId messages;
  std::optional<ChannelId> files;
};

/// Of the letters of this link.
struct LetterCount {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
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
  Terms terms;
  Restart::State restart;                ///< of ICE, while everything above it lives on
  bool handshake_seen;                   ///< not yet, where a v1 peer spoke before its handshake
  std::optional<LetterCount> letters{};  ///< where both speak them
  int failures = 0;                      ///< frames in a row that could not be opened
  std::optional<TimePoint> deadline{};   ///< the path is in doubt: it is back by then, or lost
  fsm::OneOf<Secured, Closed> on(ChannelData&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(PathReady&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(PathDoubted&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(LocalDescription&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(LocalCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(RemoteDescription&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(RemoteCandidate&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(SignalingBack&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(ChannelOpen&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(ChannelClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(Window&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(AllSent&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(SendText&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(SendLetter&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(SendFileFrame&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(SendFileChunk&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(SendStreamFrame&&, Context&, Effects&) &&;
  fsm::OneOf<Leaving> on(Goodbye&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(TransportClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;

  /// What came early, as if it came now. A fault ends the link.
  std::optional<Fault> catch_up(EarlyFrames, Effects&);

 private:
  Secured restarted(Restart::Event, Context&, Effects&) &&;
  std::optional<Fault> on_message(ByteView frame, Effects&);
  std::optional<Fault> on_letter_frame(std::string_view opened, Effects&);
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

}  // namespace culver::link
