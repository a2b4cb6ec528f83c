// The STUN and TURN servers that a match is told of, and the passwords that it gets for them: those
// of coturn's use-auth-secret, each good for a while.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/base/env.hpp"
#include "core/base/secret.hpp"
#include "core/relay/events.hpp"
#include "core/wire/signaling.hpp"

namespace culver::relay {

struct IceOffer {
  std::vector<std::string> stun, turn;  ///< their URLs
  SecretBytes secret;                   ///< shared with the TURN servers
  std::chrono::minutes life{24 * 60};   ///< of a password
};

/// For one socket, now. The name is when the password ends, in seconds since 1970, and the socket's
/// number: nothing about whose it is.
std::vector<wire::signaling::IceServer> offered(const IceOffer& offer, SocketId socket,
                                                WallTime now);

}  // namespace culver::relay
