// What the tests of the second form need beside transfer_support.hpp.
#pragma once

#include <functional>

#include "core/crypto/hash.hpp"
#include "core/transfer/stream_terms.hpp"
#include "tests/core/transfer/transfer_support.hpp"

namespace culver::transfer::test {

/// A printed frame as it arrives, opened.
inline wire::stream::Frame parsed(ByteVector printed) {
  printed.resize(printed.size() - wire::stream::tag_size);
  return *wire::stream::parse(std::move(printed));
}

/// As the disk would.
inline FramesRead read_from(ByteView file, const ReadFrames& request) {
  FramesRead answer;
  const auto piece = stream::even_piece(request.bytes, request.frame);
  for (std::size_t at = 0; at < request.bytes; at += piece) {
    const auto size = std::min(piece, request.bytes - at);
    const auto bytes = file.subspan(static_cast<std::size_t>(request.offset) + at, size);
    auto& frame = answer.frames.emplace_back(wire::stream::data_overhead + size);
    std::copy(bytes.begin(), bytes.end(), frame.begin() + wire::stream::data_head);
  }
  if (request.last) answer.sha256 = crypto::sha256(file);
  return answer;
}

inline wire::stream::Slice slice_of(ByteView bytes) {
  return {ByteVector(bytes.begin(), bytes.end()), 0, bytes.size()};
}

}  // namespace culver::transfer::test
