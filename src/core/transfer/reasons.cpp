// The table behind reasons.hpp.
#include "core/transfer/reasons.hpp"

#include <array>

namespace culver::transfer {
namespace {

struct Row {
  std::string_view reason;
  Fault ours;   ///< the side that says it
  Fault heard;  ///< the side that is told
};

constexpr std::array<Row, 6> rows{{
    {"no_space", Fault::no_space, Fault::peer_no_space},
    {"declined", Fault::file_refused_by_us, Fault::file_refused},
    {"too_large", Fault::file_too_large, Fault::file_too_large},
    {"damaged", Fault::file_damaged, Fault::file_damaged},
    {"timeout", Fault::file_stalled, Fault::file_stalled},
    // Zajel's web client; never said by us, since the row above comes first.
    {"File too large", Fault::file_too_large, Fault::file_too_large},
}};

}  // namespace

std::string reason_of(Fault fault) {
  for (const auto& row : rows)
    if (row.ours == fault) return std::string(row.reason);
  return std::string(info(fault).name);
}

Fault fault_of(std::string_view reason) {
  for (const auto& row : rows)
    if (row.reason == reason) return row.heard;
  return Fault::peer_file_failed;
}

bool told_by_peer(Fault fault) {
  for (const auto& row : rows)
    if (row.heard == fault) return true;
  return fault == Fault::peer_file_failed;
}

}  // namespace culver::transfer
