// The state of a connection whose peer is proven (secured.cpp): the one that sends and delivers.
#pragma once

#include <optional>
#include <string_view>

#include "core/connection/alike.hpp"
#include "core/connection/closed.hpp"
#include "core/connection/context.hpp"
#include "core/connection/session.hpp"
#include "core/connection/stream_seal.hpp"
#include "core/connection/waiting_frames.hpp"
#include "core/connection/words.hpp"

namespace culver::connection {

struct Secured;
struct Parting;
struct Refusing;
struct Leaving;

/// The peer showed, by a frame that nobody else could have sealed, the key that it paired with; a
/// Culver by one that also names both handshakes. Only the checks in proof.cpp make one; Secured
/// cannot be built without.
class PeerKeyProven {
 private:
  PeerKeyProven() = default;
  friend struct Proof;
};

/// Letters, on a connection between two that speak them.
struct LetterTalk {
  bool goodbyes;  ///< each says when it has said everything
  bool peer_said_goodbye = false;
  std::uint64_t sent = 0;      ///< letters
  std::uint64_t received = 0;  ///< letters
  std::uint64_t answered = 0;  ///< of those that were received

  /// The peer has said everything, and knows that we have it.
  bool is_over() const { return peer_said_goodbye && answered == received; }
};

/// Keys agree and the peer is who it paired as. The one state that delivers.
struct Secured {
  static constexpr std::string_view name = "Secured";
  Session session;
  PeerKeyProven proof;
  std::optional<StreamSeal> stream;     ///< where the second form of files is spoken
  bool handshake_seen;                  ///< not yet, where a v1 peer spoke before its handshake
  std::optional<LetterTalk> letters{};  ///< where both speak them
  std::optional<TimePoint> deadline{};  ///< the path is in doubt: it is back by then, or lost
  fsm::OneOf<Secured, Closed> on(ChannelData&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(PathReady&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(PathDoubted&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(ChannelOpen&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(ChannelClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(Window&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(AllSent&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(SendText&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(SendLetter&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(SendFileFrame&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(SendFileChunk&&, Context&, Effects&) &&;
  fsm::OneOf<Secured> on(SendStreamFrame&&, Context&, Effects&) &&;
  fsm::OneOf<Parting, Leaving, Closed> on(Goodbye&&, Context&, Effects&) &&;
  fsm::OneOf<Secured, Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(TransportClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Refusing, Closed> on(Abandon&&, Context&, Effects&) &&;
  template <
      Among<LocalDescription, LocalCandidate, RemoteDescription, RemoteCandidate, SignalingBack> E>
  auto on(E&& event, Context& context, Effects& out) && {
    return alike(std::move(*this), std::move(event), context, out);
  }

  /// What came early, as if it came now. A fault ends the connection.
  std::optional<Fault> catch_up(WaitingFrames, Context&, Effects&);
  /// A frame of `messages`. A fault ends the connection.
  std::optional<Fault> on_message(ByteView frame, Context&, Effects&);
  /// One that was opened.
  std::optional<Fault> on_opened(ByteView plaintext, Effects&);
  /// False: the session is worn out.
  [[nodiscard]] bool send_letter(SendLetter&&, Effects&);

 private:
  Secured restarted(Restart::Event, Context&, Effects&) &&;
  std::optional<Fault> on_letter_frame(std::string_view opened, Effects&);
  std::optional<Fault> on_late_handshake(const wire::peer::Handshake&, Effects&);
  std::optional<Fault> on_file_frame(ByteVector bytes, Context&, Effects&);
  std::optional<Fault> on_stream_frame(ByteVector bytes, Effects&);
  std::optional<Fault> on_chunk(wire::peer::FileChunk, Context&, Effects&);
};

/// A chunk that passed the seal, as its transfer wants it.
void take_chunk(wire::peer::FileChunk chunk, ByteView opened, Effects&);

}  // namespace culver::connection
