// What both ends of the second form of files keep to: sizes, windows and how long each waits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/env.hpp"
#include "core/wire/stream.hpp"

namespace culver::transfer::stream {

/// What the disk is asked for at a time, and where an earlier attempt may be continued.
inline constexpr std::size_t block = std::size_t{1} << 20;
/// How far the sender may be ahead of what the receiver's disk has written.
inline constexpr std::uint32_t window = std::uint32_t{4} << 20;
/// Credit is told in steps of at least this much, so that few frames carry it.
inline constexpr std::uint32_t credit_step = window / 4;
/// What the receiver gathers before it asks the disk to write.
inline constexpr std::size_t write_batch = block;
/// What the disk is asked to hash at a time, so that it can be stopped and says how far it is.
inline constexpr std::size_t hash_step = 4 * block;
/// How often the peer is told how far that is.
inline constexpr Duration word_interval = std::chrono::seconds(1);
/// A Data frame has at least so many bytes of the file, unless it ends the file: what a window of
/// frames can cost its receiver is bounded by that.
inline constexpr std::size_t least_data = 16'384;
/// A receiver must offer so much, or nothing would ever move.
inline constexpr std::uint32_t least_window = 65'536;

/// How long the peer may think before it accepts: a person may be asked.
inline constexpr Duration answer_patience = std::chrono::minutes(10);
/// The same for our own person: longer, so that it is the sender who ends it.
inline constexpr Duration decision_patience = std::chrono::minutes(12);
/// How long the channel may take nothing while it could.
inline constexpr Duration stall_patience = std::chrono::seconds(60);
/// How long our own disk may report nothing.
inline constexpr Duration disk_patience = std::chrono::minutes(4);
/// How long the peer's disk may: a little longer, so that the peer can say so.
inline constexpr Duration peer_disk_patience = std::chrono::minutes(5);

/// The most bytes of a file that each of the fewest possible frames needs for this many.
constexpr std::size_t even_piece(std::size_t bytes, std::size_t frame) {
  const std::size_t most = frame - wire::stream::data_overhead;
  const std::size_t pieces = std::max<std::size_t>(1, (bytes + most - 1) / most);
  return (bytes + pieces - 1) / pieces;
}

}  // namespace culver::transfer::stream
