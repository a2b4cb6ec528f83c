// The reasons are the wire texts of the table of faults.
#include "core/wire/close_reason.hpp"

namespace culver::wire {

std::optional<Fault> read_close_reason(std::string_view reason) {
  for (const auto fault : {Fault::too_many_connections, Fault::shutting_down})
    if (info(fault).wire == reason) return fault;
  constexpr auto first = static_cast<std::size_t>(Fault::handshake_required);
  constexpr auto last = static_cast<std::size_t>(Fault::session_expired);
  for (auto i = first; i <= last; ++i)
    if (const auto fault = static_cast<Fault>(i); info(fault).wire == reason) return fault;
  return std::nullopt;
}

}  // namespace culver::wire
