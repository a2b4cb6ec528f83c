// What the transports dropped or had to repeat. Numbers only, for metrics and tests.
#pragma once

#include <cstdint>

namespace culver::p2p {

struct Counters {
  std::uint64_t datagrams_not_dtls = 0;    ///< first byte outside 20..63
  std::uint64_t datagrams_early = 0;       ///< kept until DTLS began
  std::uint64_t datagrams_overflow = 0;    ///< did not fit a bounded queue
  std::uint64_t dtls_retransmissions = 0;  ///< the DTLS timer fired
  std::uint64_t channels_refused = 0;      ///< OPEN with a wrong id, twice, garbage, or too many
  std::uint64_t messages_dropped = 0;      ///< on no channel, or of an unknown kind
};

}  // namespace culver::p2p
