// What a server says first, with the version of its gateway.
#pragma once

#include "core/wire/signaling.hpp"

namespace culver::client {

inline std::string server_info(unsigned gateway) {
  return wire::signaling::print(wire::signaling::ServerInfo{"id", "ws://x", std::nullopt, gateway});
}

}  // namespace culver::client
