// The data channels of one association: which stream is which channel, and in which phase of its
// life (RFC 8831, RFC 8832). It sends nothing itself: its answers say what is to be sent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "core/link/events.hpp"

namespace culver::p2p {

class Channels {
 public:
  /// The peer opened one: answer with ACK.
  struct OpenedByPeer {
    ChannelId channel;
    std::string label;
  };
  /// Ours was acknowledged.
  struct OpenedByUs {
    ChannelId channel;
    std::string label;
  };
  struct Nothing {};
  /// Garbage, a wrong or used id, one too many, an answer to nothing.
  struct Refused {};
  using Outcome = std::variant<Nothing, Refused, OpenedByPeer, OpenedByUs>;

  struct Reset {
    bool answer = false;  ///< reset our direction too
    bool closed = false;  ///< the channel was open until now
  };

  static constexpr std::size_t limit = 64;

  /// `streams` as the association has them. The DTLS client has the even ids.
  Channels(link::DtlsRole role, std::uint16_t streams) : role_(role), streams_(streams) {}

  /// Takes the next free id of ours. Nothing if there is none.
  std::optional<ChannelId> open(std::string label);
  /// A message with the DCEP payload identifier.
  Outcome on_control(std::uint16_t stream, ByteView bytes);
  /// Data counts as an ACK: RFC 8832 section 6 lets the peer send before its ACK arrives.
  Outcome on_data(std::uint16_t stream);
  Reset on_incoming_reset(std::uint16_t stream);
  void on_outgoing_reset(std::uint16_t stream);
  /// We close all that is open: the streams to be reset. Each is gone once the peer has answered
  /// with a reset of its own direction, which may still carry data until then.
  std::vector<std::uint16_t> close_all();
  bool empty() const { return channels_.empty(); }

  bool takes_data(ChannelId channel) const;
  /// Every stream in use: what a reset of "all streams" means.
  std::vector<std::uint16_t> streams() const;

 private:
  /// An id is free again only when both directions have been reset.
  enum class Phase : std::uint8_t {
    opening,
    open,
    closing,  ///< the peer closed it; our reset is to be confirmed
    left      ///< we closed it; the peer's reset is to come
  };
  struct Channel {
    std::string label;
    Phase phase;
  };
  bool ours(std::uint16_t stream) const {
    return (stream % 2 == 0) == (role_ == link::DtlsRole::client);
  }
  Outcome acknowledge(std::uint16_t stream);

  link::DtlsRole role_;
  std::uint16_t streams_;
  std::map<std::uint16_t, Channel> channels_;
};

}  // namespace culver::p2p
