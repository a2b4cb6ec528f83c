// Which records of a datagram OpenSSL is shown. Anybody can put a datagram on a path, and a record
// that its session could not have made is dropped here (RFC 6347 section 4.1.2.7), whatever the
// library would do with it: some versions end the session.
#pragma once

#include <cstddef>

#include "shell/p2p/path.hpp"

namespace culver::p2p {

/// Explicit nonce and tag of AES-GCM (RFC 5288): what a protected record has at least. ChaCha20 has
/// the tag only (RFC 7905).
inline constexpr std::size_t gcm_overhead = 8 + 16;
inline constexpr std::size_t chacha_overhead = 16;

struct RecordRules {
  /// Our handshake is done: what comes in the clear is nobody's any more.
  bool up;
  /// The body of a protected record has so many bytes at least.
  std::size_t overhead;
};

/// The records that may pass, in order: the datagram itself if all may, else a copy in `room`. What
/// follows a record whose length cannot be right is dropped with it.
Datagram admitted(Datagram datagram, RecordRules rules, ByteVector& room);

}  // namespace culver::p2p
