#include "shell/p2p/sctp.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <usrsctp.h>

#include "core/wire/limits.hpp"

namespace culver::p2p {
namespace {

/// What the send buffer grows by: a path of this rate is filled.
constexpr std::size_t bytes_per_millisecond = 64'000;
constexpr std::uint16_t streams = 1'024;
// What comes on top of what usrsctp takes for a packet: the SCTP header, which it does not count
// for AF_CONN, and DTLS 1.2 with GCM.
constexpr std::size_t around_packet = 12 + 37;
// Between two SACKs to a peer that sends its whole window at once. A window is about twelve packets
// at 1 % loss: with a SACK for so many our delayed SACK is the clock (2 MB/s instead of 57).
constexpr std::size_t most_packets_per_sack = 4;
constexpr std::size_t bytes_per_sack = most_packets_per_sack * 1'452;
constexpr std::size_t read_size = 65'536;

// usrsctp has this option and this answer, but not in its public header.
constexpr int sctp_get_sndbuf_use = 0x1101;
struct BufferUse {
  sctp_assoc_t association;
  std::uint32_t send;
  std::uint32_t receive;
};

template <class Option>
void set(struct ::socket* socket, int level, int name, const Option& option) {
  if (usrsctp_setsockopt(socket, level, name, &option, sizeof option) != 0)
    throw std::runtime_error("usrsctp_setsockopt failed");
}

void subscribe(struct ::socket* socket, std::uint16_t type) {
  sctp_event event{};
  event.se_assoc_id = SCTP_ALL_ASSOC;
  event.se_type = type;
  event.se_on = 1;
  set(socket, IPPROTO_SCTP, SCTP_EVENT, event);
}

sockaddr_conn at(void* address, std::uint16_t port) {
  sockaddr_conn name{};
  name.sconn_family = AF_CONN;
  name.sconn_port = htons(port);
  name.sconn_addr = address;
  return name;
}

template <class T>
bool copy(ByteView bytes, T& out) {
  if (bytes.size() < sizeof out) return false;
  std::memcpy(&out, bytes.data(), sizeof out);
  return true;
}

// Browsers send bursts of at most four packets: acknowledged more seldom, our delay would be their
// clock (measured: 0.13 MB/s).
void acknowledge_every(struct ::socket* socket, std::uint32_t packets) {
  sctp_sack_info sack{};
  sack.sack_assoc_id = SCTP_ALL_ASSOC;
  sack.sack_delay = 20;
  sack.sack_freq = packets;
  set(socket, IPPROTO_SCTP, SCTP_DELAYED_SACK, sack);
}

sctp_paddrparams packets_of(std::size_t datagram) {
  sctp_paddrparams path{};
  path.spp_address.ss_family = AF_CONN;  // of all addresses of an association
  path.spp_flags = SPP_PMTUD_DISABLE;
  path.spp_pathmtu = static_cast<std::uint32_t>(datagram - around_packet);
  return path;
}

}  // namespace

// Without a receive callback, so that data waits in the socket's buffer until we read it: that is
// what closes the window of a peer that sends faster than we write.
Association::Association(std::uint16_t peer_port, std::size_t datagram, Output output)
    : output_(std::move(output)),
      address_(*this),
      socket_(usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, nullptr, nullptr, 0, nullptr)),
      buffer_(read_size) {
  if (socket_ == nullptr) throw std::runtime_error("usrsctp_socket failed");
  try {
    configure(datagram);
    connect(peer_port);
  } catch (...) {
    usrsctp_close(socket_);
    throw;
  }
}

Association::~Association() { usrsctp_close(socket_); }

void Association::configure(std::size_t datagram) {
  usrsctp_set_non_blocking(socket_, 1);
  // Called with locks of usrsctp held: it may only take a note.
  usrsctp_set_upcall(
      socket_,
      [](struct ::socket*, void* address, int) {
        if (auto* callbacks = SctpAddress::find(address)) callbacks->on_wakeup();
      },
      address_.value());
  set(socket_, SOL_SOCKET, SO_LINGER, linger{1, 0});  // close() aborts: nothing stays behind
  set(socket_, SOL_SOCKET, SO_SNDBUF, static_cast<int>(room_));
  // The largest from the start: the peer takes the first window it hears of for the point where it
  // stops doubling its own.
  set(socket_, SOL_SOCKET, SO_RCVBUF, static_cast<int>(most_room));
  set(socket_, IPPROTO_SCTP, SCTP_NODELAY, int{1});
  set(socket_, IPPROTO_SCTP, SCTP_RECVRCVINFO, int{1});
  set(socket_, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, int{0});
  set(socket_, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET,
      sctp_assoc_value{SCTP_ALL_ASSOC,
                       SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_CHANGE_ASSOC_REQ});
  for (int type : {SCTP_ASSOC_CHANGE, SCTP_SHUTDOWN_EVENT, SCTP_STREAM_RESET_EVENT})
    subscribe(socket_, static_cast<std::uint16_t>(type));
  sctp_initmsg init{};
  init.sinit_num_ostreams = init.sinit_max_instreams = streams;
  set(socket_, IPPROTO_SCTP, SCTP_INITMSG, init);
  // A text must not wait for the file beside it: streams take turns, message by message.
  set(socket_, IPPROTO_SCTP, SCTP_PLUGGABLE_SS,
      sctp_assoc_value{SCTP_ALL_ASSOC, SCTP_SS_ROUND_ROBIN});
  acknowledge_every(socket_, 2);  // RFC 9260 section 6.2
  auto path = packets_of(datagram);
  path.spp_flags |= SPP_HB_ENABLE;
  set(socket_, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, path);
}

// Both sides bind and connect: whichever INIT comes first, the other is resolved as a collision.
void Association::connect(std::uint16_t peer_port) {
  auto local = at(address_.value(), local_port);
  auto remote = at(address_.value(), peer_port);
  if (usrsctp_bind(socket_, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0)
    throw std::runtime_error("usrsctp_bind failed");
  if (usrsctp_connect(socket_, reinterpret_cast<sockaddr*>(&remote), sizeof remote) != 0 &&
      errno != EINPROGRESS)
    ended_ = true;
}

// One that has ended takes no options.
void Association::set_datagram(std::size_t bytes) {
  const auto path = packets_of(bytes);
  usrsctp_setsockopt(socket_, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
}

void Association::acknowledge_seldom() {
  acknowledges_seldom_ = true;
  acknowledge_by_size();
}

void Association::acknowledge_by_size() {
  const auto size = std::max<std::size_t>(largest_packet_, 1);
  const auto packets = static_cast<std::uint32_t>(
      std::clamp<std::size_t>(bytes_per_sack / size, 2, most_packets_per_sack));
  if (!acknowledges_seldom_ || packets == packets_per_sack_) return;
  packets_per_sack_ = packets;
  acknowledge_every(socket_, packets);
}

void Association::input(ByteView packet) {
  if (packet.size() > largest_packet_) {
    largest_packet_ = packet.size();
    acknowledge_by_size();
  }
  usrsctp_conninput(address_.value(), packet.data(), packet.size(), 0);
}

bool Association::has_unread() const {
  return !told_end_ && (ended_ || (usrsctp_get_events(socket_) & SCTP_EVENT_READ) != 0);
}

SctpEvent Association::end() {
  ended_ = told_end_ = true;
  return AssociationEnded{};
}

std::optional<SctpEvent> Association::next() {
  while (!told_end_) {
    if (ended_) return end();
    if (!readable_ || (paused_ && up_)) return std::nullopt;
    sockaddr_conn from{};
    socklen_t from_size = sizeof from;
    sctp_rcvinfo info{};
    socklen_t info_size = sizeof info;
    unsigned info_type = 0;
    int flags = 0;
    const auto size =
        usrsctp_recvv(socket_, buffer_.data(), buffer_.size(), reinterpret_cast<sockaddr*>(&from),
                      &from_size, &info, &info_size, &info_type, &flags);
    if (size < 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
      readable_ = false;
      return std::nullopt;
    }
    if (size <= 0) return end();  // zero: the peer shut down
    const auto part = ByteView(buffer_).first(static_cast<std::size_t>(size));
    const bool last = (flags & MSG_EOR) != 0;
    auto event = (flags & MSG_NOTIFICATION) != 0
                     ? notice(part)
                     : take(part, info.rcv_sid, ntohl(info.rcv_ppid), last);
    if (event) return event;
  }
  return std::nullopt;
}

// Parts of one message come one after the other: interleaving is off.
std::optional<SctpEvent> Association::take(ByteView part, std::uint16_t stream, std::uint32_t ppid,
                                           bool last) {
  if (!partial_) partial_ = SctpMessage{stream, ppid, {}};
  const bool foreign = partial_->stream != stream;
  if (foreign || partial_->bytes.size() + part.size() > wire::limits::channel_frame_in)
    return end();
  partial_->bytes.insert(partial_->bytes.end(), part.begin(), part.end());
  if (!last) return std::nullopt;
  SctpEvent whole = std::move(*partial_);
  partial_.reset();
  return whole;
}

std::optional<SctpEvent> Association::notice(ByteView notification) {
  std::uint16_t type = 0;
  if (!copy(notification, type)) return std::nullopt;
  if (type == SCTP_SHUTDOWN_EVENT) return end();
  if (type == SCTP_ASSOC_CHANGE) {
    sctp_assoc_change change{};
    if (!copy(notification, change)) return std::nullopt;
    if (change.sac_state != SCTP_COMM_UP || up_) return end();
    up_ = true;
    make_room();
    pump();
    return AssociationUp{change.sac_outbound_streams};
  }
  sctp_stream_reset_event reset{};
  if (type != SCTP_STREAM_RESET_EVENT || !copy(notification, reset)) return std::nullopt;
  // Denied or failed: only of our own requests; the stream then stays half open, and unused.
  if (reset.strreset_flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED))
    return std::nullopt;
  StreamsReset event{(reset.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) != 0, {}};
  const auto list = notification.subspan(sizeof reset);
  event.streams.resize(list.size() / sizeof(std::uint16_t));
  std::memcpy(event.streams.data(), list.data(), event.streams.size() * sizeof(std::uint16_t));
  return event;
}

// By the time that the handshake took on an idle path: once there is data, it includes waiting in
// queues, which a larger buffer would only make longer.
void Association::make_room() {
  sctp_status status{};
  socklen_t size = sizeof status;
  if (usrsctp_getsockopt(socket_, IPPROTO_SCTP, SCTP_STATUS, &status, &size) != 0) return;
  const std::size_t held = status.sstat_primary.spinfo_srtt * bytes_per_millisecond;
  room_ = std::clamp(held, least_room, most_room);
  set(socket_, SOL_SOCKET, SO_SNDBUF, static_cast<int>(room_));
}

bool Association::send(SctpMessage message) {
  if (queued_ + message.bytes.size() > queue_limit) return false;
  queued_ += message.bytes.size();
  queues_[message.stream].push_back(std::move(message));
  pump();
  return true;
}

void Association::pump() {
  if (!up_) return;
  while (!ended_ && hand_over_next()) {
  }
  if (!ended_) ask_resets();
}

// One message, of the next stream that has one which fits. False if none does.
bool Association::hand_over_next() {
  auto turn = queues_.lower_bound(next_stream_);
  for (std::size_t tried = 0; tried < queues_.size() && !ended_; ++tried, ++turn) {
    if (turn == queues_.end()) turn = queues_.begin();
    auto& [stream, queue] = *turn;
    if (!hand_over(queue.front())) continue;
    queued_ -= queue.front().bytes.size();
    queue.pop_front();
    next_stream_ = static_cast<std::uint16_t>(stream + 1);
    if (queue.empty()) queues_.erase(turn);
    return true;
  }
  return false;
}

void Association::ask_resets() {
  std::erase_if(resets_, [this](std::uint16_t stream) {
    alignas(sctp_reset_streams) std::byte room[sizeof(sctp_reset_streams) + sizeof stream] = {};
    sctp_reset_streams request{};
    request.srs_flags = SCTP_STREAM_RESET_OUTGOING;
    request.srs_number_streams = 1;
    std::memcpy(room, &request, sizeof request);
    std::memcpy(room + offsetof(sctp_reset_streams, srs_stream_list), &stream, sizeof stream);
    // One request is under way at a time (EALREADY); the others wait here.
    return usrsctp_setsockopt(socket_, IPPROTO_SCTP, SCTP_RESET_STREAMS, room, sizeof room) == 0;
  });
}

// False if usrsctp's buffer is full, or the association is over.
bool Association::hand_over(const SctpMessage& message) {
  sctp_sendv_spa info{};
  info.sendv_flags = SCTP_SEND_SNDINFO_VALID;
  info.sendv_sndinfo.snd_sid = message.stream;
  info.sendv_sndinfo.snd_ppid = htonl(message.ppid);
  info.sendv_sndinfo.snd_flags = SCTP_EOR;
  const auto sent = usrsctp_sendv(socket_, message.bytes.data(), message.bytes.size(), nullptr, 0,
                                  &info, sizeof info, SCTP_SENDV_SPA, 0);
  if (sent >= 0) return true;
  if (errno != EWOULDBLOCK && errno != ENOBUFS) ended_ = true;
  return false;
}

void Association::reset(std::uint16_t stream) {
  if (const auto found = queues_.find(stream); found != queues_.end()) {
    for (const auto& message : found->second) queued_ -= message.bytes.size();
    queues_.erase(found);
  }
  if (std::find(resets_.begin(), resets_.end(), stream) == resets_.end()) resets_.push_back(stream);
  pump();
}

std::size_t Association::buffered() const {
  BufferUse use{};
  socklen_t size = sizeof use;
  if (usrsctp_getsockopt(socket_, IPPROTO_SCTP, sctp_get_sndbuf_use, &use, &size) != 0)
    return queued_;
  return queued_ + use.send;
}

void Association::shutdown() { usrsctp_shutdown(socket_, SHUT_WR); }

}  // namespace culver::p2p
