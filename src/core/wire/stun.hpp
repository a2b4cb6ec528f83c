// STUN (RFC 8489, and 5389 as everybody still speaks it), the attributes of ICE (RFC 8445) and
// TURN (RFC 8656), and TURN's ChannelData: bytes and values. It knows no transaction and no time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/endpoint.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace culver::wire::stun {

enum class Class : std::uint8_t { request, indication, success, error };

/// Those that we speak; any other is Fault::unknown_message.
enum class Method : std::uint16_t {
  binding = 0x001,
  allocate = 0x003,
  refresh = 0x004,
  send = 0x006,
  data = 0x007,
  create_permission = 0x008,
  channel_bind = 0x009,
};

using TransactionId = Bytes<struct TransactionIdTag, 12>;

/// What is longer is Fault::malformed. RFC 8489 sections 14.3, 14.8 to 14.10; in bytes.
inline constexpr std::size_t max_username = 508;
inline constexpr std::size_t max_realm = 763;
inline constexpr std::size_t max_nonce = 763;
inline constexpr std::size_t max_reason = 763;
/// Of a list of attributes that are not understood, only so many distinct ones are kept.
inline constexpr std::size_t max_unknown = 32;

struct ErrorCode {
  std::uint16_t code;  ///< 300..699
  std::string reason;  ///< at most max_reason; the other side's words, for no log
  bool operator==(const ErrorCode&) const = default;
};

// Error codes that mean something to us.
inline constexpr std::uint16_t unauthenticated = 401;
inline constexpr std::uint16_t forbidden = 403;
inline constexpr std::uint16_t unknown_attribute = 420;
inline constexpr std::uint16_t allocation_mismatch = 437;
inline constexpr std::uint16_t stale_nonce = 438;
inline constexpr std::uint16_t role_conflict = 487;

struct Message {
  Class kind;
  Method method;
  TransactionId id;

  // What is absent is not printed. An attribute that occurs twice counts once, the first time.
  std::optional<std::string> username;  ///< at most max_username
  std::optional<std::string> realm;     ///< at most max_realm
  std::optional<std::string> nonce;     ///< at most max_nonce
  std::optional<Endpoint> mapped;       ///< XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS of old servers
  std::optional<Endpoint> peer;         ///< XOR-PEER-ADDRESS
  std::optional<Endpoint> relayed;      ///< XOR-RELAYED-ADDRESS
  std::optional<std::uint32_t> priority;
  std::optional<std::uint64_t> controlling, controlled;  ///< tie-breakers
  bool use_candidate = false;
  std::optional<ErrorCode> error;
  std::optional<std::uint32_t> lifetime;  ///< seconds
  std::optional<std::uint16_t> channel;   ///< 0x4000..0x4FFF
  std::optional<std::uint8_t> requested_transport;
  std::optional<std::uint8_t> requested_family;  ///< 1 IPv4, 2 IPv6
  std::optional<ByteVector> data;
  std::vector<std::uint16_t> unknown_attributes;  ///< UNKNOWN-ATTRIBUTES of a 420
  /// PROBE-PADDING: so many bytes that mean nothing. They are printed as zeros, and not compared.
  std::optional<std::uint16_t> probe_padding;
  std::optional<std::uint32_t> largest_datagram;  ///< LARGEST-DATAGRAM that its sender takes, bytes
  bool operator==(const Message&) const = default;
};

/// A message and what it takes to check it. The bytes must outlive it.
struct Received {
  Message message;
  ByteView raw;
  std::optional<std::size_t> integrity_at;  ///< of MESSAGE-INTEGRITY; only FINGERPRINT counts after
  bool has_fingerprint = false;             ///< it was there, the last, and right
  /// Comprehension-required attributes, for a 420; at most max_unknown.
  std::vector<std::uint16_t> not_understood;
};

/// One whole message and nothing behind it. Faults: malformed (also a wrong fingerprint),
/// unknown_message (a method or class that we do not speak).
Result<Received> parse(ByteView datagram);

/// What proves that a message came from whom we think: HMAC-SHA1 (RFC 8489 section 14.5).
class Key {
 public:
  static Key short_term(std::string_view password);
  /// MD5(user ":" realm ":" password), RFC 8489 section 9.2.2. The texts are taken as they are,
  /// without OpaqueString preparation (RFC 8265), which changes nothing in ASCII.
  static Key long_term(std::string_view user, std::string_view realm, std::string_view password);
  Key(Key&&) noexcept = default;
  Key& operator=(Key&&) noexcept = default;

 private:
  friend bool authentic(const Received&, const Key&);
  friend ByteVector print(const Message&, const Key*);
  explicit Key(SecretBytes bytes) : bytes_(std::move(bytes)) {}
  SecretBytes bytes_;
};

/// Compared in constant time. False if there is no MESSAGE-INTEGRITY.
bool authentic(const Received& received, const Key& key);

/// With MESSAGE-INTEGRITY if there is a key, and with FINGERPRINT always. Empty if it does not fit
/// into a STUN message, which takes data of more than 64000 bytes.
ByteVector print(const Message& message, const Key* key);

// ---- telling apart what shares a socket, RFC 7983 -----------------------------------------------

enum class Kind : std::uint8_t { stun, channel_data, dtls, unknown };
/// By the first byte; for stun also by the magic cookie. Cheap: called for every datagram.
Kind kind_of(ByteView datagram);

// ---- ChannelData, RFC 8656 section 12.4 ---------------------------------------------------------

inline constexpr std::size_t channel_header = 4;
inline constexpr std::uint16_t first_channel = 0x4000;
inline constexpr std::uint16_t last_channel = 0x4FFF;
bool is_channel(std::uint16_t number);

struct ChannelData {
  std::uint16_t channel;
  ByteView payload;
};
/// Padding behind it, at most 3 bytes, is allowed. Fault::malformed.
Result<ChannelData> parse_channel_data(ByteView bytes);
std::array<std::byte, channel_header> print_channel_header(std::uint16_t channel,
                                                           std::uint16_t payload);

// ---- over a stream (TURN over TCP and TLS) ------------------------------------------------------

/// What frame_size says at most: a STUN message with a length of 0xFFFC.
inline constexpr std::size_t max_frame = 20 + 0xFFFC;

/// How long the message at the front of a stream is, padding included; nothing until its first four
/// bytes are there. Fault::malformed if no message begins like this.
Result<std::optional<std::size_t>> frame_size(ByteView stream);

}  // namespace culver::wire::stun
