// The part of SDP (RFC 8866) that a data channel needs (RFC 8839, 8841, 8842), and ICE candidate
// lines (RFC 8839 section 5.1).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

namespace culver::wire::sdp {

enum class Setup : std::uint8_t { actpass, active, passive };

enum class CandidateType : std::uint8_t { host, server_reflexive, peer_reflexive, relayed };

/// One usable candidate: UDP, component 1, a literal IPv4 or IPv6 address.
struct Candidate {
  std::string foundation;  ///< 1..32 ice-chars
  std::uint32_t priority;
  std::string address;  ///< literal address, never a name
  std::uint16_t port;
  CandidateType type;
  std::string related_address;  ///< empty if absent
  std::uint16_t related_port = 0;
  bool operator==(const Candidate&) const = default;
};

/// What reading a candidate line gives. A line that is well-formed but that we do not use (.local
/// names, tcp, component 2) is `skipped`: connectivity then comes from peer-reflexive pairs.
struct ParsedCandidate {
  bool skipped = false;
  Candidate candidate;
};

/// "candidate:..." with or without a leading "a=". Fault::bad_candidate.
Result<ParsedCandidate> parse_candidate(std::string_view line);
/// "candidate:..." without "a=".
std::string print(const Candidate& candidate);

/// SHA-256 of a DTLS certificate.
using Fingerprint = Bytes<struct FingerprintTag, 32>;

struct IceCredentials {
  std::string ufrag;  ///< 4..256 ice-chars
  std::string pwd;    ///< 22..256 ice-chars
  bool operator==(const IceCredentials&) const = default;
};

struct SessionDescription {
  IceCredentials ice;
  Fingerprint fingerprint;
  Setup setup = Setup::actpass;
  std::string mid = "0";
  std::uint16_t sctp_port = 5000;
  std::uint32_t max_message_size = 65'536;  ///< RFC 8841: absent means 64 KiB, 0 means no limit
  std::vector<Candidate> candidates;        ///< usable ones only, at most limits::candidates
  bool end_of_candidates = false;
  bool legacy = false;  ///< "DTLS/SCTP 5000" + sctpmap, as aiortc 1.4 offers
  bool operator==(const SessionDescription&) const = default;
};

/// Attributes at session level apply to the media section unless it has its own. The first
/// application section counts. Only sha-256 fingerprints. Fault::bad_description, too_large.
Result<SessionDescription> parse(std::string_view text);
/// A data-channel-only description as browsers accept it (webrtc.md section 6).
std::string print(const SessionDescription& description);

}  // namespace culver::wire::sdp
