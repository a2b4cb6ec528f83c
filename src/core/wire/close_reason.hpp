// What a server says as the reason of a WebSocket close, read back into the fault that it means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/fault.hpp"

namespace culver::wire {

/// A newer connection holds what this one held: who comes back takes it away from that one.
inline constexpr std::uint16_t close_replaced = 4001;

/// The fault's words, and when to come again: "Handshake timeout (retry after 12 s)".
std::string print_close_reason(Fault fault, std::uint32_t retry_after);
/// Seconds; 0 if the reason does not say.
std::uint32_t read_retry_after(std::string_view reason);
/// Only reasons for which a server has no room or ends, or a gateway lets nobody in or sends
/// somebody away: others carry no meaning that a client could act on. Nobody has signed them.
std::optional<Fault> read_close_reason(std::string_view reason);
/// The same of a whole close frame. Of a replaced connection the code says it, whatever the words.
std::optional<Fault> read_close(std::uint16_t code, std::string_view reason);

}  // namespace culver::wire
