// How a file is cut into chunks, what a chunk costs on the wire, and whether arriving chunks are
// the ones that were announced.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/result.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/limits.hpp"

namespace culver::transfer {

/// What the disk is asked for at a time: a whole number of our chunks, so that no chunk spans two.
inline constexpr std::size_t block_size = 16 * wire::limits::chunk_out;

/// For peers whose SCTP takes next to nothing.
inline constexpr std::size_t least_chunk = 1'024;

constexpr std::uint64_t chunk_count(std::uint64_t size, std::uint64_t chunk) {
  return size / chunk + (size % chunk != 0 ? 1 : 0);
}

/// Bytes of the frame that carries a chunk: base64 of (nonce, sealed base64, tag) in an envelope
/// with the longest file id.
constexpr std::size_t wire_cost(std::size_t chunk) {
  constexpr std::size_t nonce_and_tag = 28;
  constexpr std::size_t envelope = 200;
  return wire::base64::encoded_size(wire::base64::encoded_size(chunk) + nonce_and_tag) + envelope;
}

/// The order that chunks must keep. Receivers may not assume a chunk length (4,096 and 16,384 are
/// both in use), so the first chunk tells it and the announced count must agree.
class ChunkOrder {
 public:
  ChunkOrder(std::uint64_t size, std::uint64_t chunks) : size_(size), chunks_(chunks) {}

  /// Fault::file_protocol for a duplicate, a gap, a wrong length or one too many; then nothing is
  /// changed.
  Result<void> take(std::uint64_t index, std::size_t length) {
    if (index != next_ || index >= chunks_) return fail(Fault::file_protocol);
    if (length > wire::limits::chunk_in) return fail(Fault::file_protocol);
    if (size_ > 0) {
      if (length == 0) return fail(Fault::file_protocol);
      const std::uint64_t full = index == 0 ? length : length_;
      if (chunk_count(size_, full) != chunks_) return fail(Fault::file_protocol);
      if (length != std::min(full, size_ - received_)) return fail(Fault::file_protocol);
      length_ = full;
    } else if (length != 0) {
      return fail(Fault::file_protocol);
    }
    received_ += length;
    ++next_;
    return {};
  }

  /// An empty file may come with one empty chunk or with none.
  bool complete() const { return received_ == size_; }
  std::uint64_t received() const { return received_; }

 private:
  std::uint64_t size_;
  std::uint64_t chunks_;
  std::uint64_t length_ = 0;  ///< of every chunk but the last
  std::uint64_t next_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace culver::transfer
