// One SCTP association (usrsctp without threads): whole messages in and out of streams, with
// back-pressure in both directions. It knows nothing of channels nor of what carries its packets.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "shell/p2p/usrsctp.hpp"

struct socket;  // usrsctp's

namespace culver::p2p {

struct SctpMessage {
  std::uint16_t stream;
  std::uint32_t ppid;
  ByteVector bytes;
};
struct AssociationUp {
  std::uint16_t streams;  ///< that we may send on
};
struct StreamsReset {
  bool incoming;                       ///< the peer's direction, else ours
  std::vector<std::uint16_t> streams;  ///< empty: all
};
/// The peer ended it, broke a bound, or does not answer. Nothing follows.
struct AssociationEnded {};
using SctpEvent = std::variant<SctpMessage, AssociationUp, StreamsReset, AssociationEnded>;

class Association final : private SctpCallbacks {
 public:
  using Output = std::function<void(ByteView packet)>;
  static constexpr std::uint16_t local_port = 5000;
  static constexpr std::size_t queue_limit = std::size_t{16} << 20;
  static constexpr std::size_t least_room = std::size_t{1} << 20;
  static constexpr std::size_t most_room = std::size_t{4} << 20;

  /// Connects at once. `output` is called from within any member, also by the destructor. Packets
  /// are such that a datagram of DTLS around one has `datagram` bytes at most.
  Association(std::uint16_t peer_port, std::size_t datagram, Output output);
  ~Association();  ///< aborts what still lives
  Association(const Association&) = delete;
  Association& operator=(const Association&) = delete;

  /// One packet from the peer.
  void input(ByteView packet);
  /// What happened next, while there is something. While paused only until the association is up.
  std::optional<SctpEvent> next();
  /// Stops reading: data stays in the receive buffer, so the window closes and the peer waits.
  void pause(bool paused) { paused_ = paused; }
  /// For a peer that sends its whole window at once: one SACK for four small packets, or two large.
  void acknowledge_seldom();
  /// From now on. Messages are cut into the pieces that they began with or smaller ones; where more
  /// fits, several go in one packet.
  void set_datagram(std::size_t bytes);
  /// Whether next() would have something, paused or not.
  bool has_unread() const;

  /// Queues a message behind those of its stream; the streams take turns, so that a short one does
  /// not wait for a long queue. False if that would pass queue_limit: it is not queued then.
  [[nodiscard]] bool send(SctpMessage message);
  /// Ends our direction of a stream. What is queued for it is forgotten.
  void reset(std::uint16_t stream);
  /// Bytes that the peer has not acknowledged yet, queued ones included.
  std::size_t buffered() const;
  /// How many bytes should be on their way at once: more on a longer path, once it is up.
  std::size_t room() const { return room_; }
  /// Sends what usrsctp takes now of the queue.
  void pump();
  /// Says goodbye to a peer that has everything.
  void shutdown();

 private:
  void on_packet(ByteView packet) override { output_(packet); }
  void on_wakeup() override { readable_ = true; }

  void configure(std::size_t datagram);
  void connect(std::uint16_t peer_port);
  void make_room();
  void acknowledge_by_size();
  bool hand_over(const SctpMessage& message);
  bool hand_over_next();
  void ask_resets();
  std::optional<SctpEvent> take(ByteView part, std::uint16_t stream, std::uint32_t ppid, bool last);
  std::optional<SctpEvent> notice(ByteView notification);
  SctpEvent end();

  Output output_;
  SctpAddress address_;
  struct ::socket* socket_;
  std::size_t room_ = least_room;
  bool up_ = false;
  bool ended_ = false;
  bool told_end_ = false;
  bool paused_ = false;
  bool readable_ = true;
  bool acknowledges_seldom_ = false;
  std::size_t largest_packet_ = 0;  ///< that came
  std::uint32_t packets_per_sack_ = 2;
  std::optional<SctpMessage> partial_;
  std::map<std::uint16_t, std::deque<SctpMessage>> queues_;  ///< by stream, none empty
  std::uint16_t next_stream_ = 0;  ///< whose turn it is to hand a message over
  std::size_t queued_ = 0;
  std::vector<std::uint16_t> resets_;  ///< asked for, not yet taken by usrsctp
  ByteVector buffer_;
};

}  // namespace culver::p2p
