// The words between the relay's boss (hub) and the sockets below it (shell/net/ws_server). Types
// only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/fault.hpp"
#include "core/base/strong.hpp"
#include "core/relay/directory.hpp"
#include "core/wire/close_reason.hpp"

namespace culver::relay {

/// One accepted connection, never reused within the life of the process.
using SocketId = Strong<struct SocketIdTag, std::uint64_t>;

/// The bytes by which connections are counted together: an IPv4 address, or the first 64 bits of
/// an IPv6 address. Empty when it is not known yet (a proxy will name it).
using Address = std::string;

// ---- from the sockets ---------------------------------------------------------------------------

/// A connection was accepted; its HTTP upgrade has not been read.
struct Accepted {
  SocketId socket;
  Address address;
};
/// The upgrade is done. The address counts if it was not known at Accepted.
struct SocketOpened {
  SocketId socket;
  Address address;
};
/// One whole message, text or binary, of at most wire::limits::gateway_frame_in bytes.
struct Frame {
  SocketId socket;
  std::string text;
};
/// A message became longer than that; the rest of it is being thrown away.
struct Oversized {
  SocketId socket;
};
/// A sign of life that is not a message: a WebSocket ping or pong.
struct Alive {
  SocketId socket;
};
/// The connection is gone. With `goodbye` the client ended it by a close frame.
struct SocketClosed {
  SocketId socket;
  bool goodbye;
};
/// What the store says to the Ask of this number. The answers come in the order of the questions.
struct Answered {
  std::uint64_t number;
  Answer answer;
};
/// A whole HTTP request that is neither an upgrade nor for the shell itself (/health, /metrics).
/// Answered by one Respond.
struct HttpRequest {
  SocketId socket;
  Address address;
  std::string method;
  std::string target;
  std::string authorization;  ///< the header of that name, empty if absent
  std::string body;
};
/// The deadline has passed.
struct Tick {};
/// The server ends: everybody is sent away, nobody is let in.
struct Drain {};

using Event = std::variant<Accepted, SocketOpened, Frame, Oversized, Alive, SocketClosed, Answered,
                           HttpRequest, Tick, Drain>;

// ---- to the sockets -----------------------------------------------------------------------------

struct SendToSocket {
  SocketId socket;
  std::string text;
  bool binary = false;  ///< a sealed record
};
struct Ping {
  SocketId socket;
};
/// From here on no longer frame is read from it: as long as the signaling frames before the first
/// of these, the shortest while it shakes hands, the longest once it is known who it is.
struct LimitFrames {
  SocketId socket;
  std::size_t bytes;
};
/// The last effect of a socket. What was sent before goes out first. SocketClosed follows.
struct Close {
  SocketId socket;
  std::uint16_t code;  ///< RFC 6455 section 7.4; the reason is wire::print_close_reason
  Fault fault;
  std::uint32_t retry_after = 0;  ///< seconds, if there is something to wait for
};

/// A question to the store. Those without an answer (SaveCursor, Prune) have a number all the same.
struct Ask {
  std::uint64_t number;
  Question question;
};
/// Of the HTTP request on this socket, which is then closed.
struct Respond {
  SocketId socket;
  unsigned status;
  std::string json;
  std::string proof = {};  ///< a wire::gateway::AnswerProof, unless nothing was read of the request
};

/// The clock on the wall was set. To be told to whoever runs the server.
struct ClockStepped {
  std::chrono::milliseconds by;
};

using Effect = std::variant<SendToSocket, Ping, LimitFrames, Close, Ask, Respond, ClockStepped>;
using Effects = std::vector<Effect>;

/// The WebSocket close code of a fault. 4001 is our own: a client so told should not reconnect.
constexpr std::uint16_t close_code(Fault fault) {
  switch (fault) {
    case Fault::shutting_down:
      return 1001;
    case Fault::too_large:
      return 1009;
    case Fault::too_many_connections:
      return 1013;
    case Fault::internal:
      return 1011;
    case Fault::replaced:
      return wire::close_replaced;
    case Fault::device_replaced:
      return 1000;
    default:
      return 1008;
  }
}

}  // namespace culver::relay
