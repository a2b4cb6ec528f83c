// The data channels of one association: which stream is which channel, how far each is in its life,
// and what a message on a stream means (RFC 8831, RFC 8832).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/strong.hpp"

namespace culver::dcep {

/// Whose streams are whose: the DTLS client opens channels on the even ones (RFC 8832 section 6).
enum class Ids : std::uint8_t { even, odd };

// ---- what is to be done, in order ---------------------------------------------------------------

/// One message of SCTP.
struct SendOnStream {
  std::uint16_t stream;
  std::uint32_t ppid;
  ByteVector bytes;
};
/// Our direction of the stream ends.
struct ResetStream {
  std::uint16_t stream;
};
/// The peer opened it, or has acknowledged ours.
struct Opened {
  ChannelId channel;
  std::string label;
};
struct Data {
  ChannelId channel;
  ByteVector bytes;
  bool binary;
};
struct Closed {
  ChannelId channel;
};
/// A message that broke the rules, or came or went when there was no such channel.
struct Dropped {
  enum class What : std::uint8_t { control, data } what;
};
/// What was to be sent is larger than the peer takes. Leaving it out would break the order.
struct TooLarge {};
using Effect = std::variant<SendOnStream, ResetStream, Opened, Data, Closed, Dropped, TooLarge>;
using Effects = std::vector<Effect>;

// ---- the table ----------------------------------------------------------------------------------

class Channels {
 public:
  static constexpr std::size_t limit = 64;

  struct Association {
    Ids ours;
    std::uint16_t streams;       ///< that both may use
    std::uint32_t largest_sent;  ///< message that the peer takes; 0: any
  };
  explicit Channels(Association association) : association_(association) {}

  /// On the next free stream of ours. Nothing is done if there is none.
  Effects open(std::string label);
  Effects send(ChannelId channel, ByteVector bytes, bool binary);
  /// A message came.
  Effects take(std::uint16_t stream, std::uint32_t ppid, ByteVector bytes);
  /// The peer has ended its direction of these streams. None named means all.
  Effects on_incoming_reset(std::vector<std::uint16_t> streams);
  /// Ours has ended.
  void on_outgoing_reset(std::vector<std::uint16_t> streams);
  /// Closes all that is open. Each is gone once the peer has answered with a reset of its own
  /// direction, which may still carry data until then.
  std::vector<ResetStream> close_all();
  bool empty() const { return channels_.empty(); }

 private:
  // An id is free again only when both directions have been reset.
  struct Opening {  ///< ours, not acknowledged yet
    std::string label;
  };
  struct Open {};
  struct Closing {};  ///< the peer closed it; our reset is to be confirmed
  struct Left {       ///< we closed it; the peer's reset is to come
    bool was_open;    ///< and that it closes is to be told
  };
  using Channel = std::variant<Opening, Open, Closing, Left>;
  using Table = std::map<std::uint16_t, Channel>;

  bool ours(std::uint16_t stream) const {
    return (stream % 2 == 0) == (association_.ours == Ids::even);
  }
  Effects take_control(std::uint16_t stream, ByteView bytes);
  Effects take_open(std::uint16_t stream, std::string label);
  Effects take_ack(std::uint16_t stream);
  void become_open(Table::value_type& entry, Effects& out);
  void on_incoming_reset(std::uint16_t stream, Effects& out);
  std::vector<std::uint16_t> meant(std::vector<std::uint16_t> streams) const;

  Association association_;
  Table channels_;
};

}  // namespace culver::dcep
