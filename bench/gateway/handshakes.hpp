// What it costs the server to let somebody in: the connection, the handshake on a connection that
// is there, and both together. Each prints one JSON object.
#pragma once

#include <cstddef>

#include "bench/gateway/process.hpp"

namespace culver::bench {

/// TCP, the upgrade, the server's first frame, and the end.
void connections(const Target& target, std::size_t count);
/// From client_hello to session_established, on connections that are open already. A new device is
/// one that the server sees for the first time.
void handshakes_of_new_devices(const Target& target, std::size_t count);
void handshakes_of_known_devices(const Target& target, std::size_t count);
/// Connection, handshake and end, of devices that come again and again.
void whole_handshakes(const Target& target, std::size_t count);

}  // namespace culver::bench
