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

constexpr std::array<Row, 13> rows{{
    {"no_space", Fault::no_space, Fault::peer_no_space},
    {"declined", Fault::file_refused_by_us, Fault::file_refused},
    {"too_large", Fault::file_too_large, Fault::file_too_large},
    {"damaged", Fault::file_damaged, Fault::file_damaged},
    {"timeout", Fault::file_stalled, Fault::file_stalled},
    {"too_large", Fault::file_too_large_here, Fault::file_too_large},
    {"timeout", Fault::disk_stalled, Fault::file_stalled},
    {"folder", Fault::folder_read_only, Fault::peer_cannot_store},
    {"folder", Fault::folder_missing, Fault::peer_cannot_store},
    {"folder", Fault::folder_not_folder, Fault::peer_cannot_store},
    {"folder", Fault::folder_unfit, Fault::peer_cannot_store},
    {"folder", Fault::file_unwritable, Fault::peer_cannot_store},
    // Zajel's web client; never said by us, since the row above comes first.
    {"File too large", Fault::file_too_large, Fault::file_too_large},
}};

using wire::stream::Reason;

struct StreamRow {
  Reason reason;
  Fault ours;
  Fault heard;
};

constexpr std::array<StreamRow, 16> stream_rows{{
    {Reason::declined, Fault::file_refused_by_us, Fault::file_refused},
    {Reason::no_space, Fault::no_space, Fault::peer_no_space},
    {Reason::too_large, Fault::file_too_large, Fault::file_too_large},
    {Reason::damaged, Fault::file_damaged, Fault::file_damaged},
    {Reason::timeout, Fault::file_stalled, Fault::file_stalled},
    {Reason::cancelled, Fault::cancelled, Fault::peer_cancelled},
    {Reason::changed, Fault::file_changed, Fault::file_changed},
    {Reason::busy, Fault::queue_full, Fault::peer_file_failed},
    {Reason::protocol, Fault::file_protocol, Fault::peer_file_failed},
    {Reason::folder, Fault::folder_read_only, Fault::peer_cannot_store},
    {Reason::folder, Fault::folder_missing, Fault::peer_cannot_store},
    {Reason::folder, Fault::folder_not_folder, Fault::peer_cannot_store},
    {Reason::folder, Fault::folder_unfit, Fault::peer_cannot_store},
    {Reason::folder, Fault::file_unwritable, Fault::peer_cannot_store},
    {Reason::too_large, Fault::file_too_large_here, Fault::file_too_large},
    {Reason::timeout, Fault::disk_stalled, Fault::file_stalled},
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

/// The name of one of our faults is said by a Culver that failed, and did not refuse.
Fault refusal_of(std::string_view reason) {
  const auto heard = fault_of(reason);
  if (heard != Fault::peer_file_failed) return heard;
  for (std::size_t i = 0; i < fault_count; ++i)
    if (info(static_cast<Fault>(i)).name == reason) return heard;
  return Fault::file_refused;
}

Reason stream_reason_of(Fault fault) {
  for (const auto& row : stream_rows)
    if (row.ours == fault) return row.reason;
  return Reason::other;
}

Fault fault_of(Reason reason) {
  for (const auto& row : stream_rows)
    if (row.reason == reason) return row.heard;
  return Fault::peer_file_failed;
}

bool told_by_peer(Fault fault) {
  for (const auto& row : rows)
    if (row.heard == fault) return true;
  return fault == Fault::peer_file_failed;
}

}  // namespace culver::transfer
