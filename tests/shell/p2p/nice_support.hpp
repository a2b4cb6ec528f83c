// A path by ICE (RFC 8445), done by libnice.
#pragma once

#include "shell/p2p/path.hpp"

namespace culver::p2p::test {

/// Holds GLib's thread as long as it lives.
PathFactory nice_paths();

}  // namespace culver::p2p::test
