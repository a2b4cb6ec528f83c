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

/// RFC 4145. What a description leaves unstated is active in an offer, passive in an answer.
enum class Setup : std::uint8_t { actpass, active, passive, unstated };

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
/// Puts it behind the others. There are limits::candidates at most: then it takes the place of the
/// last of the kind (family and type) that has most, if that is more than its own kind has, and is
/// else dropped. So a peer's many addresses of one kind do not keep out its one of another.
void keep_evenly(std::vector<Candidate>& candidates, Candidate candidate);

/// SHA-256 of a DTLS certificate, and the longer ones that a peer may name instead.
using Fingerprint = Bytes<struct FingerprintTag, 32>;
using Fingerprint384 = Bytes<struct FingerprintTag, 48>;
using Fingerprint512 = Bytes<struct FingerprintTag, 64>;

/// A certificate by each hash function that we know.
struct PeerCertificate {
  Fingerprint sha256;
  Fingerprint384 sha384{};
  Fingerprint512 sha512{};
};

/// What a description says of certificates: each is one of those with these digests (RFC 8122
/// section 5).
struct Fingerprints {
  std::vector<Fingerprint> sha256;
  std::vector<Fingerprint384> sha384;
  std::vector<Fingerprint512> sha512;

  Fingerprints() = default;
  Fingerprints(const Fingerprint& one) : sha256{one} {}
  explicit Fingerprints(const PeerCertificate& one)
      : sha256{one.sha256}, sha384{one.sha384}, sha512{one.sha512} {}
  bool empty() const { return sha256.empty() && sha384.empty() && sha512.empty(); }
  /// By the first hash function that both have, SHA-256 before the others, one digest at least is
  /// the same.
  bool share_one_with(const Fingerprints& other) const;
  bool operator==(const Fingerprints&) const = default;
};

/// RFC 8839 allows 256, everybody has 4 to 32, and each check repeats it.
inline constexpr std::size_t longest_ufrag = 64;

struct IceCredentials {
  std::string ufrag;  ///< 4..longest_ufrag ice-chars
  std::string pwd;    ///< 22..256 ice-chars
  bool operator==(const IceCredentials&) const = default;
};

struct SessionDescription {
  IceCredentials ice;
  Fingerprints fingerprint;
  Setup setup = Setup::actpass;
  std::string mid = "0";
  std::uint16_t sctp_port = 5000;
  std::uint32_t max_message_size = 65'536;  ///< RFC 8841: absent means 64 KiB, 0 means no limit
  std::vector<Candidate> candidates;        ///< usable ones only, at most limits::candidates
  bool end_of_candidates = false;
  bool legacy = false;  ///< "DTLS/SCTP 5000" + sctpmap, as aiortc 1.4 offers
  bool operator==(const SessionDescription&) const = default;
};

/// Attributes at session level apply to the media section unless it has its own, and so do those of
/// the section that speaks for the bundle (RFC 8843). The first section of data channels counts
/// that is not refused (port 0 without a=bundle-only). Fault::bad_description, too_large.
Result<SessionDescription> parse(std::string_view text);
/// A data-channel-only description as browsers accept it (webrtc.md section 6).
std::string print(const SessionDescription& description);

}  // namespace culver::wire::sdp
