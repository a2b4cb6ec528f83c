// The messages between a device and the gateway, as JSON frames: the handshake, and the session
// behind it. Layout and rules: docs/protocol/gateway.md. Both directions are parsed here and
// printed here; no other file knows a field name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/crypto/p256.hpp"
#include "core/crypto/sign.hpp"

namespace culver::wire::gateway {

/// What a hex field meant, and how it was written: signatures of version 1 cover the spelling.
template <class B>
struct Hex {
  B value;
  std::string text;
  /// Spelled in lower case.
  static Hex of(const B& value) { return {value, print_hex(value.data)}; }
  bool operator==(const Hex&) const = default;
};

using HandshakeNonce = Bytes<struct HandshakeNonceTag, 32>;
/// Proof that its sender holds the keys of the handshake; version 2 only.
using Confirmation = Bytes<struct ConfirmationTag, 32>;

inline constexpr unsigned oldest_version = 1;
inline constexpr unsigned newest_version = 2;

// ---- handshake ----------------------------------------------------------------------------------

struct ClientHello {
  Hex<crypto::P256Public> ephemeral;  ///< not yet known to be on the curve
  Hex<HandshakeNonce> nonce;
  unsigned version = 1;  ///< the newest that the client speaks; absent on the wire means 1
  bool operator==(const ClientHello&) const = default;
};

struct ServerHello {
  Hex<crypto::P256Public> ephemeral;
  Hex<crypto::VerifyKey> identity;
  crypto::Signature signature;
  Hex<HandshakeNonce> nonce;
  // Version 2. Absent on the wire means version 1.
  unsigned version = 1;         ///< that both will speak
  unsigned client_version = 1;  ///< echo of what the client offered
  std::optional<Confirmation> confirmation;
  bool operator==(const ServerHello&) const = default;
};

enum class DeviceType : std::uint8_t { mobile, desktop, web };
std::string_view name(DeviceType type);
/// None for a type that is not known here, which newer clients may have.
std::optional<DeviceType> device_type_named(std::string_view name);

struct ClientAuth {
  Hex<UserId> user;
  DeviceId device;
  std::string device_text;  ///< as it was written
  crypto::Signature signature;
  Hex<HandshakeNonce> nonce2;
  std::optional<Plaintext> device_name;      ///< at most limits::device_name characters
  std::optional<std::string> device_type;    ///< as it was written, also one that is not known
  std::optional<Confirmation> confirmation;  ///< version 2
  bool operator==(const ClientAuth&) const = default;
};

struct SessionEstablished {
  std::string device_text;  ///< as the client wrote it
  std::uint64_t last_ack_device_seq = 0;
  WallTime expires_at = 0;
  // What the original does not tell.
  std::optional<UserId> user;  ///< the account, which may be another one's after linking
  std::optional<std::uint64_t> cursor;
  std::optional<SessionId> session;  ///< version 2
  bool operator==(const SessionEstablished&) const = default;
};

using HandshakeFromClient = std::variant<ClientHello, ClientAuth>;
using HandshakeFromServer = std::variant<ServerHello, SessionEstablished>;

/// True if this is a frame for the handshake rather than for open signaling: its type, or that of
/// its payload, is client_hello or client_auth. Never throws, never fails; bounded like the
/// parsers.
bool is_handshake(std::string_view frame);
/// Both envelope forms. Faults: too_large, malformed, unknown_message, and one per field:
/// bad_ephemeral_key, bad_handshake_nonce, bad_user_id, bad_device_id, bad_signature,
/// bad_device_name; malformed for what the others need not tell apart. The first byte of a point
/// is checked here.
Result<HandshakeFromClient> parse_handshake_client(std::string_view frame);
/// Fault::unknown_message for every other type, which a client ignores.
Result<HandshakeFromServer> parse_handshake_server(std::string_view frame);
/// The wrapped form; payloads repeat their type.
std::string print(const ClientHello& message);
std::string print(const ServerHello& message);
std::string print(const ClientAuth& message);
std::string print(const SessionEstablished& message);

// ---- session, device -> server ------------------------------------------------------------------

/// 1 to 256 of [A-Za-z0-9:_-].
using StreamId = std::string;

/// An event to be stored and handed to the other devices of the account.
struct NewEvent {
  EventId id;
  std::optional<UserId> user;  ///< none: the session's
  DeviceId device;
  std::uint64_t device_seq;  ///< 1 .. 2^53-1, chosen by the device
  StreamId stream;
  std::string type;               ///< 1 to 64 of the same characters
  std::string encrypted_payload;  ///< strict base64, as it was written
  std::size_t payload_size;       ///< decoded
  std::optional<WallTime> expires_at;
  bool operator==(const NewEvent&) const = default;
};
/// Of events received. A device of the original names the sender's device_seq only.
struct AckReceived {
  std::optional<std::uint64_t> cursor;
  std::optional<std::uint64_t> device_seq;
  bool operator==(const AckReceived&) const = default;
};
struct ReplayRequest {
  std::uint32_t limit;  ///< 1 .. 1000
  /// Where to go on: a cursor that the device knows, or that of the token it was given. None: where
  /// the device's acknowledgements ended.
  std::optional<std::uint64_t> after;
  bool is_continuation = false;
  bool operator==(const ReplayRequest&) const = default;
};
/// As many events as are given to somebody who does not say how many.
inline constexpr std::uint32_t usual_page = 100;
struct Ping {
  bool operator==(const Ping&) const = default;
};
/// Handed on to the other devices that are connected now; not stored. JSON, checked.
struct ScratchpadSync {
  std::string payload;
  bool operator==(const ScratchpadSync&) const = default;
};
struct InitiatePairing {
  bool asks = false;  ///< whoever comes by the code is asked about first
  bool operator==(const InitiatePairing&) const = default;
};
struct CompletePairing {
  std::string code;  ///< of a LinkCode
  bool operator==(const CompletePairing&) const = default;
};
/// Whether the device of a PairingRequested is let in.
struct AnswerPairing {
  std::uint64_t id;
  bool accepted;
  bool operator==(const AnswerPairing&) const = default;
};

using SessionMessage = std::variant<NewEvent, AckReceived, ReplayRequest, Ping, ScratchpadSync,
                                    InitiatePairing, CompletePairing, AnswerPairing>;

/// Why a message was refused, and as much of its name as could be read, so that the refusal can be
/// told apart from others.
struct Refusal {
  Fault fault;
  std::optional<EventId> event;
  std::optional<std::uint64_t> device_seq;
};
/// Whose rules hold where the two differ: the original bears what is out of range.
enum class Dialect : std::uint8_t { original, own };
/// Fault::unknown_message also for the messages of open signaling: try its parser then.
tl::expected<SessionMessage, Refusal> parse_session(std::string_view frame,
                                                    Dialect dialect = Dialect::own);
/// True if only a device within its session says this.
bool is_of_session(std::string_view frame);
// What a client says; the client of tests and benches speaks it too.
std::string print(const NewEvent& message);
std::string print(const AckReceived& message);
std::string print(const ReplayRequest& message);
std::string print(const Ping& message);
std::string print(const InitiatePairing& message);
std::string print(const CompletePairing& message);
std::string print(const AnswerPairing& message);

// ---- session, server -> device ------------------------------------------------------------------

/// An event as the store has it.
struct StoredEvent {
  std::uint64_t cursor;      ///< its place in the order of the account, growing
  std::uint64_t stream_seq;  ///< its place in its stream, 1, 2, 3
  std::string body;          ///< from body_of()
  std::uint64_t device_seq = 0;
};
/// What the other devices will be told about the event, but for what the store adds: members of a
/// JSON object, without braces.
std::string body_of(const NewEvent& event, const UserId& user, WallTime created_at);
/// As far as it does not depend on when the event was stored: two events with one beginning are
/// one.
std::string beginning_of_body(const NewEvent& event, const UserId& user);
/// An `event` frame.
std::string print_event(const StoredEvent& event);

struct Ack {
  std::uint64_t device_seq;
  EventId event;
};
struct ReplayResponse {
  std::vector<StoredEvent> events;
  bool has_more;
  std::uint64_t cursor;  ///< of the last event that was looked at
  std::optional<std::uint64_t>
      lost;  ///< events up to this cursor were removed before they were read
};
struct DeviceStatusChanged {
  UserId user;
  DeviceId device;
  std::optional<Plaintext> device_name;
  std::optional<DeviceType> device_type;
  bool is_online;
  WallTime timestamp;
};
struct DeviceRevoked {
  WallTime timestamp;
};
struct SessionExpiringSoon {
  std::uint64_t expires_in_seconds;
  WallTime expires_at;
};
struct Pong {
  WallTime timestamp;
};
struct PairingInitiated {
  std::string code;
  std::uint64_t expires_in_ms;
  bool asks = false;  ///< as it was asked for: an older server does not know how
};
struct PairingCompleted {
  UserId linked_user;
};
struct PairingFailed {
  Fault fault;
  std::optional<std::uint64_t> retry_after_ms = {};  ///< what is too much now may be tried then
};
struct DevicePaired {
  DeviceId device;
  WallTime timestamp;
};
/// To the device that shows a code which asks: another one has used it.
struct PairingRequested {
  std::uint64_t id;
  DeviceId device;
  UserId device_key;  ///< its own, by which it came in
  std::optional<Plaintext> device_name;
  std::optional<DeviceType> device_type;
  std::uint64_t expires_in_ms;
};
/// That device does not wait any more, though nobody has refused it.
struct PairingWithdrawn {
  std::uint64_t id;
  Fault fault;
};
/// To the device that has used the code: it is being asked about.
struct PairingPending {
  std::uint64_t expires_in_ms;
};
/// The original's word for a replay that is refused.
struct ReplayFailed {
  Fault fault;
};
/// The answer to everything that is refused. `code` on the wire is info(fault).name.
struct Error {
  Fault fault;
  std::optional<std::uint64_t> retry_after_ms;
  std::optional<EventId> event;
  std::optional<std::uint64_t> device_seq;
};

std::string print(const Ack& message);
std::string print(const ReplayResponse& message);
std::string print(const DeviceStatusChanged& message);
std::string print(const DeviceRevoked& message);
std::string print(const SessionExpiringSoon& message);
std::string print(const Pong& message);
std::string print(const PairingInitiated& message);
std::string print(const PairingCompleted& message);
std::string print(const PairingFailed& message);
std::string print(const DevicePaired& message);
std::string print(const PairingRequested& message);
std::string print(const PairingWithdrawn& message);
std::string print(const PairingPending& message);
std::string print(const ReplayFailed& message);
std::string print(const Error& message);
std::string print_scratchpad(std::string_view payload);

/// What a client wants to know of a session in which devices are linked. An `error` is read as
/// PairingFailed.
using LinkingMessage = std::variant<PairingInitiated, PairingCompleted, PairingFailed, DevicePaired,
                                    PairingRequested, PairingWithdrawn, PairingPending>;
/// unknown_message for every other type, bad_link_code, bad_user_id, bad_device_id,
/// bad_device_name, malformed.
Result<LinkingMessage> parse_linking(std::string_view frame);

}  // namespace culver::wire::gateway
