// Two stacks in one process, connected by a tiny signaling that hands descriptions and candidates
// over, and by whatever path the test wants below them.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "shell/p2p/stack.hpp"

namespace culver::p2p::test {

inline constexpr ConnectionId link_id{7};
inline constexpr std::size_t frame = 65'536;  ///< the largest that is sent

/// One end: records what it is told and answers as the connection machine does.
struct End {
  End(boost::asio::io_context& io, bool offers, StackConfig config);

  void perform(connection::TransportEffect effect) {
    performing = true;
    stack->perform(link_id, std::move(effect));
    performing = false;
  }
  void send(ChannelId channel, std::size_t size, char fill = 'x');
  std::size_t count(std::string_view name) const;
  bool saw(std::string_view name) const { return count(name) != 0; }
  ChannelId channel(const std::string& label) const { return channels.at(label); }
  bool has(const std::string& label) const { return channels.contains(label); }
  /// Of ICE, together with the other end; once, if it was asked for already.
  void restart();
  /// Bytes received on all channels.
  std::size_t received() const { return received_bytes; }

  bool offers;
  End* peer = nullptr;
  bool auto_dtls = true;  ///< StartDtls as soon as the remote description is known
  bool auto_sctp = true;  ///< StartSctp as soon as the fingerprint is found right
  bool keep_data = true;
  bool restarts_when_doubted = false;
  bool tells_candidates = true;                        ///< the other end is told ours
  std::optional<wire::sdp::CandidateType> tells_only;  ///< and only these of them
  std::vector<std::string> names;                      ///< of every event, in order
  std::map<std::string, ChannelId> channels;
  std::map<ChannelId, std::size_t> windows;
  std::vector<ByteVector> data;
  std::size_t received_bytes = 0;
  std::optional<connection::PathKind> path;
  std::optional<wire::sdp::Fingerprint> own_fingerprint, seen_fingerprint;
  std::function<void(const connection::TransportEvent&)> also;  ///< for a test to react at once
  bool performing = false;  ///< to prove that the sink is not nested
  std::unique_ptr<Stack> stack;

 private:
  void on(connection::TransportEvent event);
  void answer(const connection::TransportEvent& event);
  void prepared(wire::sdp::IceCredentials ice);

  std::optional<wire::sdp::IceCredentials> fresh;  ///< ours, of a restart that has not begun
};

struct Pair {
  explicit Pair(StackConfig config = on_loopback()) : Pair(config, config) {}
  Pair(StackConfig for_a, StackConfig for_b);

  static StackConfig on_loopback();
  /// Begins on both sides.
  void start();
  /// Runs the loop until `done`; false after a generous time.
  bool until(const std::function<bool()>& done,
             std::chrono::seconds limit = std::chrono::seconds(30));
  /// Until both have a channel "messages", opened by a.
  bool open();
  /// One more turn of the loop, for as long as something is ready.
  void settle() { io.poll(); }

  boost::asio::io_context io;
  End a, b;
};

/// Descriptors and threads of this process.
std::size_t open_descriptors();
std::size_t running_threads();

}  // namespace culver::p2p::test
