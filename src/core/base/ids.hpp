// Accounts, devices and events as the gateway names them: fixed bytes, so that one thing has one
// name however it was spelled. What travelled as text stays text where a signature covers it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"

namespace culver {

/// An account: the Ed25519 public key that founded it. RFC 8032.
using UserId = Bytes<struct UserIdTag, 32>;
/// A device of an account: a UUID of version 4. RFC 9562.
using DeviceId = Bytes<struct DeviceIdTag, 16>;
/// One event, chosen by the device that made it: a UUID of version 7. RFC 9562.
using EventId = Bytes<struct EventIdTag, 16>;
/// One authenticated connection, bound to everything that was said before it existed.
using SessionId = Bytes<struct SessionIdTag, 16>;

/// Hex digits of either case, of exactly that many bytes.
template <class B>
std::optional<B> parse_hex(std::string_view text);
std::string print_hex(ByteView bytes);  ///< lower case
std::string print_upper_hex(ByteView bytes);

/// 8-4-4-4-12 hex digits of either case, with the version and the variant of RFC 9562. No braces.
std::optional<DeviceId> parse_device_id(std::string_view text);
std::optional<EventId> parse_event_id(std::string_view text);
std::string print_uuid(std::span<const std::byte, 16> uuid);  ///< lower case

namespace detail {
bool decode_hex(std::string_view text, std::span<std::byte> out);
}  // namespace detail

template <class B>
std::optional<B> parse_hex(std::string_view text) {
  B bytes;
  if (!detail::decode_hex(text, bytes.data)) return std::nullopt;
  return bytes;
}

}  // namespace culver
