#include "shell/p2p/udp.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/udp.h>

#include "core/ice/path_mtu.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/p2p/socket_address.hpp"

namespace culver::p2p {
namespace {

constexpr int buffer_size = 4 << 20;  // asked for; without privilege the kernel caps it

// Of one segmented send: what Linux has taken since 4.18.
constexpr std::size_t segment_limit = 64;
constexpr std::size_t run_bytes = 65'507;  // what fits into one datagram of IPv4

constexpr std::size_t message_limit = 64;  // of one sendmmsg
constexpr std::size_t piece_limit = 256;

// Of one receiving call: merged runs, or datagrams of the largest size that we ask for.
constexpr std::size_t merged_slot = 65'536;
constexpr std::size_t merged_slots = 8;
constexpr std::size_t single_slot = 16'384;
constexpr std::size_t single_slots = 32;
static_assert(single_slot >= ice::path_mtu::largest);

// Of one turn of the loop, so that one peer does not keep the others waiting.
constexpr std::size_t turn_bytes = std::size_t{256} << 10;
constexpr std::size_t turn_calls = 16;

union Control {
  cmsghdr align;
  char room[CMSG_SPACE(sizeof(int))];
};

bool is_full(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

// A segment that is refused for its size is above Ethernet's.
constexpr std::size_t ethernet_payload = 1'472;

// EIO: the device cannot compute checksums. EINVAL, EMSGSIZE: a segment is above the path's MTU;
// as a datagram of its own it is fragmented.
bool refuses_segments(int error) {
  return error == EIO || error == EINVAL || error == EMSGSIZE || error == ENOPROTOOPT ||
         error == EOPNOTSUPP;
}

}  // namespace

UdpBuffer::UdpBuffer()
    : bytes_(std::make_unique_for_overwrite<std::byte[]>(merged_slots * merged_slot)) {
  arrivals_.reserve(merged_slots * segment_limit);
}

// ---- sending ------------------------------------------------------------------------------------

/// What one sendmmsg takes: runs of equal datagrams, or datagrams, to one address. Not initialised
/// as a whole, since it is 12 KiB and made for every batch.
struct UdpSocket::Outgoing {
  std::array<mmsghdr, message_limit> messages;
  std::array<Control, message_limit> controls;
  std::array<std::size_t, message_limit> counts;  ///< datagrams of each message
  std::array<iovec, piece_limit> pieces;
  std::size_t size;  ///< messages

  explicit Outgoing() {}

  void fill(std::span<const Datagram> batch, SocketAddress& to, bool many,
            std::size_t largest_segment) {
    const std::size_t limit = many ? message_limit : 1;
    std::size_t used = 0;
    for (size = 0; size < limit && used < piece_limit && !batch.empty(); ++size) {
      const bool one_by_one = batch[0].size() > largest_segment;
      const auto run = batch.first(one_by_one ? 1 : run_of(batch, piece_limit - used));
      batch = batch.subspan(run.size());
      counts[size] = run.size();
      msghdr& header = messages[size].msg_hdr;
      header = {};
      header.msg_name = &to.storage;
      header.msg_namelen = to.size;
      header.msg_iov = &pieces[used];
      header.msg_iovlen = gather(run, used);
      used += header.msg_iovlen;
      if (run.size() > 1) set_segment(header, controls[size], run[0].size());
    }
  }

  /// How many datagrams at the front are of one size; the last may be shorter.
  static std::size_t run_of(std::span<const Datagram> batch, std::size_t pieces_left) {
    const std::size_t first = batch[0].size();
    const std::size_t limit = std::min({batch.size(), segment_limit, pieces_left});
    std::size_t count = 1;
    std::size_t bytes = first;
    while (count < limit && batch[count].size() <= first && !batch[count].empty() &&
           bytes + batch[count].size() <= run_bytes) {
      bytes += batch[count].size();
      if (batch[count++].size() < first) break;
    }
    return count;
  }

  /// Neighbours in memory become one piece.
  std::size_t gather(std::span<const Datagram> run, std::size_t at) {
    std::size_t count = 0;
    const std::byte* end = nullptr;
    for (const auto& datagram : run) {
      if (count != 0 && datagram.data() == end)
        pieces[at + count - 1].iov_len += datagram.size();
      else
        pieces[at + count++] = {const_cast<std::byte*>(datagram.data()), datagram.size()};
      end = datagram.data() + datagram.size();
    }
    return count;
  }

  static void set_segment(msghdr& header, Control& control, std::size_t bytes) {
    const auto segment = static_cast<std::uint16_t>(bytes);
    header.msg_control = control.room;
    header.msg_controllen = CMSG_SPACE(sizeof segment);
    std::memset(control.room, 0, header.msg_controllen);  // the kernel takes its padding as well
    cmsghdr* option = CMSG_FIRSTHDR(&header);
    option->cmsg_level = SOL_UDP;
    option->cmsg_type = UDP_SEGMENT;
    option->cmsg_len = CMSG_LEN(sizeof segment);
    std::memcpy(CMSG_DATA(option), &segment, sizeof segment);
  }
};

void UdpSocket::send_batch(const Endpoint& to, std::span<const Datagram> batch) {
  SocketAddress address = to_socket(to);
  Outgoing out;
  while (!batch.empty()) {
    out.fill(batch, address, sends_many_, largest_segment_);
    const auto done = send(out);
    if (!done) return;
    batch = batch.subspan(*done);
  }
}

// Elsewhere the kernel may fragment: only the answer to a whole one says what a path carries.
void UdpSocket::send_whole(const Endpoint& to, Datagram datagram) {
  const bool v4 = local_.family() == Endpoint::Family::v4;
  const int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
  const int name = v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER;
  if (!set_option(level, name, v4 ? IP_PMTUDISC_DO : IPV6_PMTUDISC_DO)) return;
  SocketAddress address = to_socket(to);
  iovec piece{const_cast<std::byte*>(datagram.data()), datagram.size()};
  msghdr header{};
  header.msg_name = &address.storage;
  header.msg_namelen = address.size;
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  calls_.send_one(descriptor_.native_handle(), &header, MSG_DONTWAIT);
  set_option(level, name, v4 ? IP_PMTUDISC_WANT : IPV6_PMTUDISC_WANT);
}

std::optional<std::size_t> UdpSocket::send(Outgoing& out) {
  const int socket = descriptor_.native_handle();
  int sent = 0;
  if (sends_many_)
    sent = calls_.send_many(socket, out.messages.data(), static_cast<unsigned>(out.size),
                            MSG_DONTWAIT);
  else if (calls_.send_one(socket, &out.messages[0].msg_hdr, MSG_DONTWAIT) < 0)
    sent = -1;
  else
    sent = 1;
  if (sent > 0) {
    std::size_t datagrams = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(sent); ++i) datagrams += out.counts[i];
    return datagrams;
  }
  if (is_full(errno)) return std::nullopt;
  if (errno == EINTR) return 0;
  if (errno == ENOSYS && sends_many_) {
    sends_many_ = false;
    return 0;
  }
  if (out.counts[0] > 1 && refuses_segments(errno)) {
    const bool too_large = out.pieces[0].iov_len / out.counts[0] > ethernet_payload;
    largest_segment_ = too_large ? ethernet_payload : 0;
    return 0;
  }
  // An ICMP answer to an earlier datagram, or no way to this peer: its packets are lost.
  return out.counts[0];
}

// ---- receiving ----------------------------------------------------------------------------------

/// What one recvmmsg fills.
struct UdpSocket::Incoming {
  std::array<mmsghdr, single_slots> messages;
  std::array<Control, single_slots> controls;
  std::array<sockaddr_storage, single_slots> from;
  std::array<iovec, single_slots> pieces;

  explicit Incoming() {}

  std::span<mmsghdr> prepare(std::byte* bytes, bool merges) {
    const std::size_t slot = merges ? merged_slot : single_slot;
    const std::size_t count = merges ? merged_slots : single_slots;
    for (std::size_t i = 0; i < count; ++i) {
      pieces[i] = {bytes + i * slot, slot};
      messages[i] = {};
      msghdr& header = messages[i].msg_hdr;
      header.msg_name = &from[i];
      header.msg_namelen = sizeof from[i];
      header.msg_iov = &pieces[i];
      header.msg_iovlen = 1;
      header.msg_control = controls[i].room;
      header.msg_controllen = sizeof controls[i].room;
    }
    return std::span(messages).first(count);
  }

  /// The size of each datagram of a merged run but the last; of a datagram its own.
  static std::size_t segment_of(mmsghdr& message) {
    msghdr& header = message.msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO) continue;
      int segment = 0;
      std::memcpy(&segment, CMSG_DATA(c), sizeof segment);
      if (segment > 0) return static_cast<std::size_t>(segment);
    }
    return message.msg_len;
  }

  static void split(mmsghdr& message, std::vector<Arrival>& out) {
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) return;  // longer than any of ours
    const auto from = from_socket(*static_cast<sockaddr*>(message.msg_hdr.msg_name));
    if (!from) return;
    const auto* bytes = static_cast<const std::byte*>(message.msg_hdr.msg_iov->iov_base);
    ByteView rest(bytes, message.msg_len);
    const std::size_t segment = segment_of(message);
    do {
      const auto datagram = rest.first(std::min(segment, rest.size()));
      out.push_back({*from, datagram});
      rest = rest.subspan(datagram.size());
    } while (!rest.empty());
  }
};

// How many messages there are. An error is nobody's: an ICMP answer says nothing that a missing
// answer does not say as well.
std::size_t UdpSocket::receive(std::span<mmsghdr> messages) {
  const int socket = descriptor_.native_handle();
  if (receives_many_) {
    const int got = calls_.receive_many(
        socket, messages.data(), static_cast<unsigned>(messages.size()), MSG_DONTWAIT, nullptr);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != ENOSYS) return 0;
    receives_many_ = false;
  }
  std::size_t count = 0;
  for (; count < messages.size(); ++count) {
    const auto got = calls_.receive_one(socket, &messages[count].msg_hdr, MSG_DONTWAIT);
    if (got < 0) break;
    messages[count].msg_len = static_cast<unsigned>(got);
  }
  return count;
}

void UdpSocket::read() {
  Incoming in;
  std::size_t bytes = 0;
  for (std::size_t call = 0; call < turn_calls && bytes < turn_bytes; ++call) {
    const auto messages = in.prepare(buffer_.bytes_.get(), merges_);
    const std::size_t count = receive(messages);
    buffer_.arrivals_.clear();
    for (auto& message : messages.first(count)) {
      bytes += message.msg_len;
      Incoming::split(message, buffer_.arrivals_);
    }
    if (!buffer_.arrivals_.empty()) sink_(buffer_.arrivals_);
    if (count < messages.size()) return;
  }
}

void UdpSocket::wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [alive = alive_](const boost::system::error_code& error) {
                           if (error || *alive == nullptr) return;
                           (*alive)->read();
                           (*alive)->wait();
                         });
}

// ---- life ---------------------------------------------------------------------------------------

std::unique_ptr<UdpSocket> UdpSocket::open(boost::asio::io_context& io, const Endpoint& local,
                                           UdpBuffer& buffer, Sink sink, const UdpCalls& calls) {
  const int family = local.family() == Endpoint::Family::v4 ? AF_INET : AF_INET6;
  host::FileDescriptor made(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made) return nullptr;
  const int on = 1;
  if (family == AF_INET6 &&
      ::setsockopt(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
    return nullptr;
  SocketAddress name = to_socket(local);
  auto* address = reinterpret_cast<sockaddr*>(&name.storage);
  if (::bind(made.get(), address, name.size) != 0) return nullptr;
  if (::getsockname(made.get(), address, &name.size) != 0) return nullptr;
  const auto bound = from_socket(*address);
  if (!bound) return nullptr;
  std::unique_ptr<UdpSocket> socket(
      new UdpSocket(io, made.get(), *bound, buffer, std::move(sink), calls));
  made.release();
  socket->wait();
  return socket;
}

UdpSocket::UdpSocket(boost::asio::io_context& io, int descriptor, const Endpoint& local,
                     UdpBuffer& buffer, Sink sink, const UdpCalls& calls)
    : calls_(calls),
      local_(local),
      buffer_(buffer),
      sink_(std::move(sink)),
      descriptor_(io, descriptor),
      alive_(std::make_shared<UdpSocket*>(this)) {
  set_options();
}

UdpSocket::~UdpSocket() { *alive_ = nullptr; }

// The kernel's default for path MTU discovery stays: the don't-fragment bit is set, and what is
// larger than a path is known to carry is fragmented here.
void UdpSocket::set_options() {
  for (const auto& [forced, asked] :
       {std::pair{SO_RCVBUFFORCE, SO_RCVBUF}, std::pair{SO_SNDBUFFORCE, SO_SNDBUF}})
    if (!set_option(SOL_SOCKET, forced, buffer_size)) set_option(SOL_SOCKET, asked, buffer_size);
  merges_ = set_option(SOL_UDP, UDP_GRO, 1);
}

bool UdpSocket::set_option(int level, int name, int value) {
  return calls_.set_option(descriptor_.native_handle(), level, name, &value, sizeof value) == 0;
}

}  // namespace culver::p2p
