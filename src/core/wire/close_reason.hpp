// What a server says as the reason of a WebSocket close, read back into the fault that it means.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/fault.hpp"

namespace culver::wire {

/// Only reasons for which a server has no room or ends, or a gateway lets nobody in or sends
/// somebody away: others carry no meaning that a client could act on. Nobody has signed them.
std::optional<Fault> read_close_reason(std::string_view reason);

}  // namespace culver::wire
