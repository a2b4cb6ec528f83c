// The two messages of the Data Channel Establishment Protocol (RFC 8832), as bytes and as values.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

namespace culver::wire::dcep {

// SCTP payload protocol identifiers, RFC 8831 section 8.
inline constexpr std::uint32_t ppid_dcep = 50;
inline constexpr std::uint32_t ppid_string = 51;
inline constexpr std::uint32_t ppid_binary = 53;
inline constexpr std::uint32_t ppid_string_empty = 56;  ///< carries one byte that is not data
inline constexpr std::uint32_t ppid_binary_empty = 57;

/// How hard the channel tries, RFC 8832 section 5.1.
enum class Reliability : std::uint8_t { reliable = 0, limited_retransmits = 1, limited_time = 2 };

/// DATA_CHANNEL_OPEN. The priority is read and ignored: we have no use for it.
struct Open {
  std::string label;     ///< <= limits::channel_label
  std::string protocol;  ///< <= limits::channel_label
  Reliability reliability = Reliability::reliable;
  bool ordered = true;
  std::uint32_t limit = 0;  ///< retransmissions or milliseconds, by reliability
  bool operator==(const Open&) const = default;
};
/// DATA_CHANNEL_ACK.
struct Ack {
  bool operator==(const Ack&) const = default;
};
using Message = std::variant<Open, Ack>;

/// Exactly one message and nothing behind it. Faults: malformed, unknown_message, too_large.
Result<Message> parse(ByteView bytes);
ByteVector print(const Open& open);
ByteVector print(const Ack& ack);

}  // namespace culver::wire::dcep
