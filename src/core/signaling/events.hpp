// The words between the signaling session, the socket below it and the engine above it. Types only.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/dial_failure.hpp"
#include "core/base/fsm.hpp"
#include "core/base/strong.hpp"
#include "core/wire/signaling.hpp"

namespace culver::signaling {

using fsm::Origin;

// ---- events -------------------------------------------------------------------------------------

/// Register with the server under a fresh code and stay there.
struct Start {
  static constexpr std::string_view name = "Start";
  static constexpr Origin origin = Origin::ours;
};
/// The WebSocket is open.
struct SocketOpened {
  static constexpr std::string_view name = "SocketOpened";
  static constexpr Origin origin = Origin::ours;
};
struct Frame {
  static constexpr std::string_view name = "Frame";
  static constexpr Origin origin = Origin::peer;
  wire::signaling::ServerMessage message;
};
/// A frame that could not be parsed.
struct BadFrame {
  static constexpr std::string_view name = "BadFrame";
  static constexpr Origin origin = Origin::peer;
  Fault fault;
};
/// The socket is gone, or could not be opened. Not told after a Hangup.
struct SocketLost {
  static constexpr std::string_view name = "SocketLost";
  static constexpr Origin origin = Origin::ours;
  Failure fault;
  bool final = false;  ///< another try would end in the same way
};
/// Also an effect of Pairing, so that the engine can pass it on as it is.
struct SendMessage {
  static constexpr std::string_view name = "SendMessage";
  static constexpr Origin origin = Origin::ours;
  wire::signaling::ClientMessage message;
};
/// This machine has other addresses than before: the socket may hang on one that is gone.
struct NetworkChanged {
  static constexpr std::string_view name = "NetworkChanged";
  static constexpr Origin origin = Origin::ours;
};
struct Tick {
  static constexpr std::string_view name = "Tick";
  static constexpr Origin origin = Origin::ours;
};
/// Leave the server. Whoever says it knows, so nothing is announced.
struct Stop {
  static constexpr std::string_view name = "Stop";
  static constexpr Origin origin = Origin::ours;
};

using SessionEvent = std::variant<Start, SocketOpened, Frame, BadFrame, SocketLost, SendMessage,
                                  NetworkChanged, Tick, Stop>;

// ---- notices ------------------------------------------------------------------------------------

/// Registered under this code, for the first time or again.
struct WentOnline {
  PairingCode code;
};
/// Told once for each loss, and once when the first attempt fails; retries are silent.
struct WentOffline {
  Failure fault;
  bool retrying;
};
/// A message about pairing, a relayed one, or an error; only while online.
struct Received {
  wire::signaling::ServerMessage message;
};

using SessionNotice = std::variant<WentOnline, WentOffline, Received>;

// ---- effects ------------------------------------------------------------------------------------

/// Open a socket to the server; answered by SocketOpened or SocketLost.
struct Dial {};
struct SendFrame {
  std::string text;
};
/// Close the socket. No event of it may follow.
struct Hangup {};
struct Announce {
  SessionNotice notice;
};
/// A SendMessage came while there was no place on the server: nothing is kept for later.
struct NotSent {
  wire::signaling::ClientMessage message;
};

using SessionEffect = std::variant<Dial, SendFrame, Hangup, Announce, NotSent>;
using SessionEffects = std::vector<SessionEffect>;

}  // namespace culver::signaling
