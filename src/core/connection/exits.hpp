// What the connection machine's handlers do alike: a frame to the peer, and the end with a fault.
#pragma once

#include "core/connection/closed.hpp"
#include "core/connection/words.hpp"

namespace culver::connection {

inline void send_on(ChannelId channel, std::string_view frame, Effects& out) {
  const auto bytes = as_bytes(frame);
  out.emplace_back(TransportEffect{SendOn{channel, {bytes.begin(), bytes.end()}}});
}

inline Closed close(Fault fault, Effects& out) {
  out.emplace_back(TransportEffect{DropTransport{}});
  return Closed{fault};
}

}  // namespace culver::connection
