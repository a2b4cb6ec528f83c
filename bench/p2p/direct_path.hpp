// A path without ICE: one socket on loopback, and the peer is where its one candidate says. What
// DTLS and SCTP cost over UDP, without what finds the way.
#pragma once

#include "shell/p2p/path.hpp"

namespace culver::p2p::bench {

PathFactory direct_paths();

}  // namespace culver::p2p::bench
