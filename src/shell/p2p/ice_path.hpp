// A path by ICE: performs what the agent (core/ice) decides on sockets, timers and names, and moves
// the data along the route that it selected.
#pragma once

#include "shell/p2p/path.hpp"

namespace culver::p2p {

/// The paths that one of these makes share what they receive into: one thread for all.
PathFactory ice_paths();

}  // namespace culver::p2p
