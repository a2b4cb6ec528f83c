// A UDP socket that moves many datagrams with one system call: segmentation offload (UDP_SEGMENT,
// UDP_GRO; udp(7)) where the kernel has it, sendmmsg and recvmmsg where not, and one call for each
// datagram where those are refused. What is refused is found out by trying, once.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <sys/socket.h>

#include "core/base/endpoint.hpp"
#include "shell/p2p/path.hpp"

namespace culver::p2p {

/// The system calls that a kernel or a sandbox may lack. A test puts refusing ones in their place.
struct UdpCalls {
  int (*set_option)(int, int, int, const void*, socklen_t) = ::setsockopt;
  ssize_t (*send_one)(int, const msghdr*, int) = ::sendmsg;
  int (*send_many)(int, mmsghdr*, unsigned, int) = ::sendmmsg;
  ssize_t (*receive_one)(int, msghdr*, int) = ::recvmsg;
  int (*receive_many)(int, mmsghdr*, unsigned, int, timespec*) = ::recvmmsg;
};

/// A datagram that came in. The bytes live for the call that hands it over.
struct Arrival {
  Endpoint from;
  Datagram bytes;
};

/// Where datagrams are received into: 512 KiB, used by one socket at a time. The sockets of a
/// thread may share one, and it outlives them.
class UdpBuffer {
 public:
  UdpBuffer();

 private:
  friend class UdpSocket;
  std::unique_ptr<std::byte[]> bytes_;  // touched, and thus resident, only as far as it is used
  std::vector<Arrival> arrivals_;
};

/// All on the io_context's thread.
class UdpSocket {
 public:
  /// Called by the loop, never from within a member; must not destroy the socket.
  using Sink = std::function<void(std::span<const Arrival>)>;

  /// Bound to this address, port 0 for any. Null if it cannot be.
  static std::unique_ptr<UdpSocket> open(boost::asio::io_context& io, const Endpoint& local,
                                         UdpBuffer& buffer, Sink sink, const UdpCalls& calls = {});
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  const Endpoint& local() const { return local_; }
  /// In order. What the kernel does not take, for whatever reason, is lost. Datagrams of equal size
  /// that lie one behind the other in memory cost least.
  void send_batch(const Endpoint& to, std::span<const Datagram> batch);
  /// Lost too if it is longer than this machine knows the way to carry in one piece.
  void send_whole(const Endpoint& to, Datagram datagram);

  // Whether these are still believed to work; for tests.
  bool segments() const { return largest_segment_ > 0; }
  bool merges() const { return merges_; }
  bool sends_many() const { return sends_many_; }
  bool receives_many() const { return receives_many_; }

 private:
  UdpSocket(boost::asio::io_context& io, int descriptor, const Endpoint& local, UdpBuffer& buffer,
            Sink sink, const UdpCalls& calls);
  struct Outgoing;
  struct Incoming;
  void set_options();
  bool set_option(int level, int name, int value);
  /// How many datagrams are done with, sent or lost; nothing if the rest is lost too.
  std::optional<std::size_t> send(Outgoing& out);
  void wait();
  void read();
  std::size_t receive(std::span<mmsghdr> messages);

  UdpCalls calls_;
  Endpoint local_;
  UdpBuffer& buffer_;
  Sink sink_;
  boost::asio::posix::stream_descriptor descriptor_;
  std::size_t largest_segment_ = std::numeric_limits<std::size_t>::max();  ///< 0: none at all
  bool merges_ = true, sends_many_ = true, receives_many_ = true;
  std::shared_ptr<UdpSocket*> alive_;  ///< a handler that was queued may run after the socket died
};

}  // namespace culver::p2p
