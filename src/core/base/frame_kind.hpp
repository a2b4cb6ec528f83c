// What a frame was that is dropped: for the log, which never has its content.
#pragma once

#include <cstdint>

#include "core/base/text.hpp"

namespace culver {

enum class FrameKind : std::uint8_t {
  server_message,   ///< of the server itself, or one that cannot be read
  pair_request,     ///< somebody wants to pair
  pair_match,       ///< the server has paired us
  description,      ///< the offer or answer of a peer, by way of the server
  candidate,        ///< likewise
  handshake,        ///< of the keys of a peer
  message,          ///< on the channel `messages`
  acknowledgement,  ///< of letters
  file_frame,       ///< on the channel `files`
  other_channel     ///< on one that is neither
};

constexpr LogName name_of(FrameKind kind) {
  switch (kind) {
    case FrameKind::server_message:
      return "server_message";
    case FrameKind::pair_request:
      return "pair_request";
    case FrameKind::pair_match:
      return "pair_match";
    case FrameKind::description:
      return "description";
    case FrameKind::candidate:
      return "candidate";
    case FrameKind::handshake:
      return "handshake";
    case FrameKind::message:
      return "message";
    case FrameKind::acknowledgement:
      return "acknowledgement";
    case FrameKind::file_frame:
      return "file_frame";
    case FrameKind::other_channel:
      break;
  }
  return "frame_of_another_channel";
}

}  // namespace culver
