// Certificates, candidates and session keys, told apart by a number.
#pragma once

#include "core/connection/stream_seal.hpp"
#include "core/wire/sdp.hpp"

namespace culver::connection {

inline wire::sdp::Fingerprint fingerprint_of(int fill) {
  wire::sdp::Fingerprint fingerprint;
  fingerprint.data.fill(static_cast<std::byte>(fill));
  return fingerprint;
}

inline wire::sdp::Candidate candidate(std::uint16_t port) {
  return {"1", 100, "192.0.2.1", port, wire::sdp::CandidateType::host, "", 0};
}

inline SessionKey key_of(int fill) {
  SessionKey key;
  for (auto& byte : key.expose_to_fill()) byte = static_cast<std::byte>(fill);
  return key;
}

}  // namespace culver::connection
