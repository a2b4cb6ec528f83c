// The states of a connection that we end (parting.cpp). Nothing new is sent; what comes is still
// taken, since the peer sent it before it could know.
#pragma once

#include <string_view>
#include <variant>

#include "core/connection/secured.hpp"
#include "core/connection/unproven.hpp"

namespace culver::connection {

/// We said goodbye to a peer that says it too, when it has said everything. Until then, and until
/// all of them are acknowledged, its letters are taken.
struct Parting {
  static constexpr std::string_view name = "Parting";
  Secured from;
  TimePoint deadline;
  fsm::OneOf<Parting, Leaving, Closed> on(ChannelData&&, Context&, Effects&) &&;
  fsm::OneOf<Parting, Leaving, Closed> on(SendLetter&&, Context&, Effects&) &&;
  fsm::OneOf<Parting, Closed> on(ChannelClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Leaving> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(TransportClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

/// The transport hangs up. What comes meanwhile is taken, and proves its peer as ever; nothing is
/// answered.
struct Leaving {
  static constexpr std::string_view name = "Leaving";
  std::variant<Unproven, Secured> from;
  TimePoint deadline;
  fsm::OneOf<Leaving> on(ChannelData&&, Context&, Effects&) &&;
  fsm::OneOf<Leaving> on(FramesRead&&, Context&, Effects&) &&;
  fsm::OneOf<Leaving, Closed> on(TransportClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

/// We end the connection for a reason that the peer is told, and hang up behind it. The session is
/// gone: nothing is taken any more.
struct Refusing {
  static constexpr std::string_view name = "Refusing";
  Fault fault;
  TimePoint deadline;
  fsm::OneOf<Refusing> on(ChannelData&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(TransportClosed&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Tick&&, Context&, Effects&) &&;
  fsm::OneOf<Closed> on(Abandon&&, Context&, Effects&) &&;
};

Leaving hang_up(std::variant<Unproven, Secured> from, Context&, Effects&);

}  // namespace culver::connection
