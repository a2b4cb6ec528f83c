// What the engine has to do yet before a step is over, in order. The machines get their events from
// here and from nowhere else, so that no effect of one changes another in the middle of a loop:
// docs/decisions/013-the-standing-of-a-peer.md.
#pragma once

#include <deque>
#include <utility>
#include <variant>

#include "core/engine/events.hpp"
#include "core/engine/server_channel.hpp"
#include "core/signaling/pairing.hpp"
#include "core/signaling/session.hpp"

namespace culver::engine::queued {

struct ForServerChannel {
  server_channel::Event event;
};
struct ForSession {
  signaling::SessionEvent event;
};
/// Void if the connection is gone by then.
struct ForConnection {
  ConnectionId connection;
  connection::Machine::Event event;
};
/// A signal to this code cannot leave. It ends the establishment that it was for.
struct Unsaid {
  PairingCode target;
};
/// Nothing that waits for the server can leave any more.
struct SignalingGone {};
/// A connection is to be made, if there is room.
struct Begin {
  signaling::Matched match;
  bool is_sought;  ///< and nobody typed a code
};
/// The book has this peer, and those that make room for it are told.
struct Admit {
  ConnectionId connection;
};
/// `Effect`: comes behind what the events before it bring about.
using Item = std::variant<ForServerChannel, ForSession, ForConnection, Unsaid, SignalingGone, Begin,
                          Admit, Effect>;

}  // namespace culver::engine::queued

namespace culver::engine {

/// It holds what one event has brought about and is empty after a step: its bound is that of what
/// connections, transfers, letters and the pacer hold.
using Queue = std::deque<queued::Item>;

}  // namespace culver::engine
