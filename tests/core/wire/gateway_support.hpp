// Well-formed random messages of the gateway, for properties, and the fixed ones that examples use.
#pragma once

#include <string>

#include <rapidcheck.h>

#include "core/wire/base64.hpp"
#include "core/wire/gateway.hpp"
#include "tests/core/wire/generators_support.hpp"

namespace culver::testing::gateway {

inline const std::string user_text =
    "29acbae141bccaf0b22e1a94d34d0bc7361e526d0bfe12c89794bc9322966dd7";
inline const std::string device_text = "550e8400-e29b-41d4-a716-446655440000";
inline const std::string event_text = "018f2b5c-7a10-7c3e-9b1d-0123456789ab";
inline const std::string names =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_-";

/// Gen of a UUID with that version and the variant of RFC 9562.
template <class Id>
rc::Gen<Id> uuid(unsigned version) {
  return rc::gen::map(fixed_bytes<Id>(), [version](Id id) {
    id.data[6] = (id.data[6] & std::byte{0x0f}) | std::byte(version << 4);
    id.data[8] = (id.data[8] & std::byte{0x3f}) | std::byte{0x80};
    return id;
  });
}

inline rc::Gen<std::uint64_t> number(std::uint64_t smallest) {
  return rc::gen::oneOf(
      rc::gen::inRange<std::uint64_t>(smallest, 9'007'199'254'740'992),
      rc::gen::elementOf(std::vector<std::uint64_t>{smallest, 9'007'199'254'740'991}));
}

template <class T>
std::optional<T> maybe(const rc::Gen<T>& gen) {
  return *rc::gen::arbitrary<bool>() ? std::optional<T>(*gen) : std::nullopt;
}

inline std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

/// In either spelling.
template <class B>
wire::gateway::Hex<B> hex(const B& value) {
  auto hex = wire::gateway::Hex<B>::of(value);
  if (*rc::gen::arbitrary<bool>()) hex.text = upper(hex.text);
  return hex;
}

inline wire::gateway::Hex<crypto::P256Public> point() {
  auto bytes = *fixed_bytes<crypto::P256Public>();
  bytes.data[0] = std::byte{4};
  return hex(bytes);
}

inline wire::gateway::NewEvent new_event() {
  const auto payload = *rc::gen::nonEmpty(rc::gen::arbitrary<std::vector<std::uint8_t>>());
  return {*uuid<EventId>(7),
          maybe(fixed_bytes<UserId>()),
          *uuid<DeviceId>(4),
          *number(1),
          *text_of(names, 1, 256),
          *text_of(names, 1, 64),
          wire::base64::encode(std::as_bytes(std::span(payload))),
          payload.size(),
          maybe(rc::gen::map(number(0), [](std::uint64_t n) { return static_cast<WallTime>(n); }))};
}

}  // namespace culver::testing::gateway
