// What one side tells the other about a failed transfer, and what it means when heard: the one
// place with the words of the `reason` and `error` fields, and
// with the numbers of the second form.
#pragma once

#include <string>
#include <string_view>

#include "core/base/fault.hpp"
#include "core/wire/stream.hpp"

namespace culver::transfer {

/// The reasons that Zajel's web client accepts in a transfer_cancel; it drops any other.
inline constexpr std::string_view cancelled_by_user = "user_cancelled";
inline constexpr std::string_view cancelled_by_timeout = "timeout";

/// For file_error, file_start_ack and file_complete_ack.
std::string reason_of(Fault fault);

/// What the peer's reason means to us. Words that we do not know are peer_file_failed.
Fault fault_of(std::string_view reason);

/// The same of a file_start_ack that does not accept: whatever else it says, that is a no.
Fault refusal_of(std::string_view reason);

/// Whether the peer itself told us of this fault, so that it need not be told back.
bool told_by_peer(Fault fault);

/// The same for the second form.
wire::stream::Reason stream_reason_of(Fault fault);
Fault fault_of(wire::stream::Reason reason);

}  // namespace culver::transfer
