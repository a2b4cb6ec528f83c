// The reasons are the wire texts of the table of faults.
#include "core/wire/close_reason.hpp"

#include <algorithm>
#include <charconv>

namespace culver::wire {

namespace {
constexpr std::string_view before_seconds = " (retry after ", behind_seconds = " s)";
constexpr std::uint32_t longest = 3'600;
}  // namespace

std::string print_close_reason(Fault fault, std::uint32_t retry_after) {
  std::string reason(info(fault).wire);
  if (retry_after != 0)
    reason.append(before_seconds).append(std::to_string(retry_after)).append(behind_seconds);
  return reason;
}

std::uint32_t read_retry_after(std::string_view reason) {
  const auto at = reason.rfind(before_seconds);
  if (at == std::string_view::npos || !reason.ends_with(behind_seconds)) return 0;
  const auto digits =
      reason.substr(at + before_seconds.size(),
                    reason.size() - at - before_seconds.size() - behind_seconds.size());
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole ? std::min(seconds, longest) : 0;
}

std::optional<Fault> read_close_reason(std::string_view reason) {
  if (read_retry_after(reason) != 0) reason = reason.substr(0, reason.rfind(before_seconds));
  for (const auto fault : {Fault::too_many_connections, Fault::shutting_down})
    if (info(fault).wire == reason) return fault;
  // A server without a gateway knows of codes and keys, and not of devices.
  if (info(Fault::replaced).wire == reason) return Fault::device_replaced;
  constexpr auto first = static_cast<std::size_t>(Fault::handshake_required);
  constexpr auto last = static_cast<std::size_t>(Fault::session_expired);
  for (auto i = first; i <= last; ++i)
    if (const auto fault = static_cast<Fault>(i); info(fault).wire == reason) return fault;
  return std::nullopt;
}

std::optional<Fault> read_close(std::uint16_t code, std::string_view reason) {
  // A server without a gateway knows of codes and keys, and not of devices.
  if (code == close_replaced) return Fault::device_replaced;
  return read_close_reason(reason);
}

}  // namespace culver::wire
