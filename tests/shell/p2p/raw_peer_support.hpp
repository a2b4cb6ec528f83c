// A peer made by hand of DTLS and SCTP, without channels: it says what no honest peer would. And
// the path in memory that connects a stack with it.
#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "shell/p2p/dtls.hpp"
#include "shell/p2p/sctp.hpp"
#include "tests/shell/p2p/pair_support.hpp"

namespace culver::p2p::test {

/// The stack's end is "b" of a Pair whose "a" is this: the stack is the DTLS server.
class RawPeer {
 public:
  RawPeer();
  ~RawPeer();

  boost::asio::io_context io;
  std::vector<std::string> names;  ///< of the stack's events
  std::vector<connection::TransportEvent> events;

  /// Until the association is up.
  bool connect();
  bool until(const std::function<bool()>& done,
             std::chrono::seconds limit = std::chrono::seconds(20));
  bool saw(std::string_view name) const;
  std::size_t count(std::string_view name) const;

  void say(std::uint16_t stream, std::uint32_t ppid, ByteVector bytes);
  void say(std::uint16_t stream, std::uint32_t ppid, std::string_view text);
  void open_channel(std::uint16_t stream, std::string label);
  /// Any bytes behind DTLS, as if they were an SCTP packet.
  void say_packet(ByteView packet);
  /// Any bytes as a datagram.
  void say_datagram(Datagram datagram);
  void reset(std::uint16_t stream);

  /// What the stack sent to us.
  std::vector<SctpMessage> heard;
  std::vector<StreamsReset> resets;
  std::vector<ByteVector> datagrams;  ///< that we sent, to be sent again damaged
  std::size_t largest_datagram = 0;   ///< that the stack sent
  std::unique_ptr<Stack> stack;

 private:
  class MemoryPath;
  void on_batch(const std::vector<ByteVector>& batch);
  void flush();
  void read();

  DtlsIdentity identity_;
  Batch out_;
  PathSink sink_;  ///< of the stack
  Dtls dtls_;
  std::unique_ptr<Association> sctp_;
};

}  // namespace culver::p2p::test
