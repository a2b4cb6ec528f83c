// What the halves of the gateway's wire have in common: hex fields, bounded numbers, and the
// envelope of what is sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/wire/gateway.hpp"
#include "core/wire/json.hpp"

namespace culver::wire::gateway {

/// The largest whole number that every reader of JSON keeps exactly: 2^53 - 1.
inline constexpr std::uint64_t largest_number = 9'007'199'254'740'991;

/// Exactly as many digits as the bytes need; `fault` for whatever else is there, or nothing.
template <class B>
Result<Hex<B>> read_hex(const json::Fields& fields, std::string_view key, Fault fault) {
  const auto text = fields.text(key);
  if (!text) return fail(fault);
  const auto value = parse_hex<B>(*text);
  if (!value) return fail(fault);
  return Hex<B>{*value, std::string(*text)};
}

template <class B>
Result<B> read_bytes(const json::Fields& fields, std::string_view key, Fault fault) {
  const auto text = fields.text(key);
  const auto value = text ? parse_hex<B>(*text) : std::nullopt;
  if (!value) return fail(fault);
  return *value;
}

template <class B>
Result<std::optional<B>> read_bytes_if_any(const json::Fields& fields, std::string_view key,
                                           Fault fault) {
  if (fields.is_null_or_absent(key)) return std::nullopt;
  TRY(const auto value, read_bytes<B>(fields, key, fault));
  return value;
}

/// A whole number from `smallest` to 2^53 - 1; `fault` for whatever else is there, or nothing.
inline Result<std::uint64_t> read_number(const json::Fields& fields, std::string_view key,
                                         std::uint64_t smallest, Fault fault) {
  const auto number = fields.number(key, largest_number, fault);
  if (!number || *number < smallest) return fail(fault);
  return *number;
}

inline Result<std::optional<std::uint64_t>> read_number_if_any(const json::Fields& fields,
                                                               std::string_view key,
                                                               std::uint64_t smallest,
                                                               Fault fault) {
  if (fields.is_null_or_absent(key)) return std::nullopt;
  TRY(const auto number, read_number(fields, key, smallest, fault));
  return number;
}

/// The same for a time or a length of time: a longer one is as good as 2^53 - 1.
inline Result<std::uint64_t> read_time(const json::Fields& fields, std::string_view key,
                                       Fault fault) {
  const auto time = fields.number_or_largest(key, largest_number, fault);
  if (!time) return fail(fault);
  return *time;
}

/// What a device calls itself, if it says: at most limits::device_name characters.
Result<std::optional<Plaintext>> read_device_name(const json::Fields& fields);

/// Names a place in the account of the device that asks, so there is nothing in it to protect.
inline std::string print_token(std::uint64_t cursor) { return "c" + std::to_string(cursor); }

inline json::Writer payload_of_type(std::string_view type, std::size_t expected_size = 256) {
  json::Writer payload(expected_size);
  payload.text("type", type);
  return payload;
}

inline std::string in_envelope(std::string_view type, std::string_view payload) {
  json::Writer out(type.size() + payload.size() + 32);
  out.text("type", type).raw("payload", payload);
  return std::move(out).finish();
}

inline std::string in_envelope(std::string_view type, json::Writer&& payload) {
  return in_envelope(type, std::move(payload).finish());
}

/// The fault of that name; server_refused for a name that is not known.
inline Fault fault_named(std::optional<std::string_view> name) {
  for (std::size_t i = 0; name && i < fault_count; ++i)
    if (info(static_cast<Fault>(i)).name == *name) return static_cast<Fault>(i);
  return Fault::server_refused;
}

}  // namespace culver::wire::gateway
