// The messages between a client and the signaling server, as JSON text frames: one object each,
// told apart by "type". Layout and rules: docs/protocol/signaling.md. Both directions are parsed
// here and printed here; no other file knows a field name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/strong.hpp"
#include "core/base/text.hpp"
#include "core/wire/signaling_rendezvous.hpp"

namespace culver::wire::signaling {

/// JSON that is passed on untouched: already checked to be one well-formed value.
struct RawJson {
  std::string text;
  bool operator==(const RawJson&) const = default;
};

/// The messages that the server relays between two codes.
enum class RelayKind : std::uint8_t {
  offer,
  answer,
  ice_candidate,
  call_offer,
  call_answer,
  call_reject,
  call_hangup,
  call_ice
};
std::string_view name(RelayKind kind);

/// A session description as it travels in an offer or an answer. sdp is checked for size only;
/// wire::sdp::parse reads it.
struct Description {
  enum class Kind : std::uint8_t { offer, answer } kind;
  std::string sdp;
  bool operator==(const Description&) const = default;
};

/// A trickled candidate: the attribute value "candidate:..." or empty for the end of candidates.
struct TrickledCandidate {
  std::string candidate;
  std::string mid = "0";
  bool operator==(const TrickledCandidate&) const = default;
};

// ---- client -> server ---------------------------------------------------------------------------

struct Register {
  PairingCode code;
  PublicKey key;
  bool operator==(const Register&) const = default;
};
struct PairRequest {
  PairingCode target;
  std::optional<Plaintext> proposed_name;
  bool operator==(const PairRequest&) const = default;
};
struct PairResponse {
  PairingCode target;
  bool accepted;
  bool operator==(const PairResponse&) const = default;
};
struct Relay {
  RelayKind kind;
  PairingCode target;
  std::optional<RawJson> payload;
  bool operator==(const Relay&) const = default;
};
struct Ping {
  bool operator==(const Ping&) const = default;
};

using ClientMessage =
    std::variant<Register, PairRequest, PairResponse, Relay, RegisterRendezvous, Ping>;

/// Faults: too_large, malformed, missing_field, wrong_type, unknown_message, bad_pairing_code,
/// bad_public_key, weak_public_key, bad_call, those of a rendezvous. Call payloads are checked
/// (zajel-server 6.2), the others passed on.
Result<ClientMessage> parse_client(std::string_view frame);
std::string print(const ClientMessage& message);
/// Convenience for clients: the relay message that carries a description or a candidate.
Relay relay_of(const PairingCode& target, const Description& description);
Relay relay_of(const PairingCode& target, const TrickledCandidate& candidate);

// ---- server -> client ---------------------------------------------------------------------------

struct ServerInfo {
  std::string server_id;
  std::string endpoint;
  std::optional<std::string> region;  ///< printed as null when absent
  /// The newest version of the gateway's handshake that the server speaks; absent means 0, none.
  /// A hint that nobody has signed.
  unsigned gateway = 0;
  /// What it takes from one connection within a minute; absent means 0, unknown.
  std::uint32_t messages_per_minute = 0;
  /// The same of a device that has come in by the gateway, and how many of them may be requests for
  /// a pairing and registrations for rendezvous.
  std::uint32_t device_messages_per_minute = 0;
  std::uint32_t device_pair_requests_per_minute = 0;
  std::uint32_t device_rendezvous_per_minute = 0;
  bool operator==(const ServerInfo&) const = default;
};
struct Registered {
  PairingCode code;
  std::string server_id;
  bool operator==(const Registered&) const = default;
};
struct CodeCollision {
  bool operator==(const CodeCollision&) const = default;
};
struct PairIncoming {
  PairingCode from;
  PublicKey key;
  std::uint32_t expires_in_ms;
  std::optional<Plaintext> proposed_name;
  bool operator==(const PairIncoming&) const = default;
};
struct PairExpiring {
  PairingCode peer;
  std::uint32_t remaining_seconds;
  bool operator==(const PairExpiring&) const = default;
};
/// STUN or TURN servers of one account, as a browser's RTCIceServer names them.
struct IceServer {
  static constexpr std::size_t most = 16;        ///< servers, and URLs of one
  static constexpr std::size_t longest = 1'024;  ///< of each text
  std::vector<std::string> urls;
  std::string username, credential;  ///< empty: none
  bool operator==(const IceServer&) const = default;
};
struct PairMatched {
  PairingCode peer;
  PublicKey key;
  bool initiator;
  std::vector<IceServer> ice_servers = {};  ///< printed when there are any; others ignore it
  bool operator==(const PairMatched&) const = default;
};
struct PairRejected {
  PairingCode peer;
  bool operator==(const PairRejected&) const = default;
};
struct PairTimeout {
  PairingCode peer;
  bool operator==(const PairTimeout&) const = default;
};
struct PairError {
  std::string error;  ///< server's text, <= 1000 bytes, not for display without escaping
  bool operator==(const PairError&) const = default;
};
/// A side of a match left: Culver's server says so with "peer_left" {pairingCode}; Zajel's worker
/// variant has the same message.
struct PeerLeft {
  PairingCode peer;
  bool operator==(const PeerLeft&) const = default;
};
struct RelayedDescription {
  PairingCode from;
  Description description;
  bool operator==(const RelayedDescription&) const = default;
};
struct RelayedCandidate {
  PairingCode from;
  TrickledCandidate candidate;
  bool operator==(const RelayedCandidate&) const = default;
};
/// call_*: this client does not take calls and ignores it.
struct RelayedCall {
  RelayKind kind;
  PairingCode from;
  bool operator==(const RelayedCall&) const = default;
};
struct Pong {
  bool operator==(const Pong&) const = default;
};
struct Error {
  std::string message;
  std::uint32_t retry_after = 0;  ///< seconds; 0: it does not say
  bool operator==(const Error&) const = default;
};
/// A type that this client has no use for (server_identity, link_*, chunk_* ...): not an error.
struct Ignored {
  bool operator==(const Ignored&) const = default;
};

using ServerMessage = std::variant<ServerInfo, Registered, CodeCollision, PairIncoming,
                                   PairExpiring, PairMatched, PairRejected, PairTimeout, PairError,
                                   PeerLeft, RelayedDescription, RelayedCandidate, RelayedCall,
                                   RendezvousResult, RendezvousMatch, Pong, Error, Ignored>;

/// Faults: too_large, malformed, missing_field, wrong_type, bad_pairing_code, bad_public_key,
/// bad_description, bad_candidate.
Result<ServerMessage> parse_server(std::string_view frame);
/// Whether the server only passes on here what a peer has said: what is wrong with it is that
/// one's.
bool is_relayed(std::string_view frame);

// What the server prints. Field order as zajel-server 3.
std::string print(const ServerInfo&);
std::string print(const Registered&);
std::string print(const CodeCollision&);
std::string print(const PairIncoming&);
std::string print(const PairExpiring&);
std::string print(const PairMatched&);
std::string print(const PairRejected&);
std::string print(const PairTimeout&);
std::string print(const PairError&);
std::string print(const PeerLeft&);
std::string print(const Pong&);
std::string print(const Error&);
/// {"type","from","payload"?}: only these three keys survive a relay.
std::string print_relayed(RelayKind kind, const PairingCode& from,
                          const std::optional<RawJson>& payload);

}  // namespace culver::wire::signaling
