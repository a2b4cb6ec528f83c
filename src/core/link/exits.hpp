// What the link machine's handlers do alike: a frame to the peer, and the end with a fault.
#pragma once

#include "core/link/closed.hpp"
#include "core/link/words.hpp"

namespace culver::link {

inline void send_on(ChannelId channel, std::string_view frame, Effects& out) {
  const auto bytes = as_bytes(frame);
  out.emplace_back(TransportEffect{SendOn{channel, {bytes.begin(), bytes.end()}}});
}

inline Closed close(Fault fault, Effects& out) {
  out.emplace_back(TransportEffect{DropTransport{}});
  return Closed{fault};
}

}  // namespace culver::link
