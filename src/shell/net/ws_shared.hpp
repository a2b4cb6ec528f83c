// What the connections of one server share: settings, counters, and the two things that would cost
// each of them a timer or an operation of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/relay/events.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/origin.hpp"
#include "shell/net/client_address.hpp"

namespace culver::net_ {

namespace asio = boost::asio;
using asio::ip::tcp;
/// A plain executor instead of the one for all kinds: it is copied into every pending operation.
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;

class WsConnection;

struct WsServerConfig {
  tcp::endpoint listen{asio::ip::address_v4::loopback(), 9000};
  std::optional<tcp::endpoint> operators;  ///< for pages that are not for everybody
  Proxies trusted_proxies;
  wire::AllowedOrigins origins;  ///< of pages
  /// Of a connection about which nothing is known yet.
  std::size_t first_frames = wire::limits::signaling_frame_in;
  std::uint32_t max_http_header = 8'192;
  std::size_t max_http_body = 16'384;
  /// Waiting to be written on one connection; beyond it the reader is too slow and is cut off.
  std::size_t queue_bytes = std::size_t{4} << 20;
  /// The same over all connections.
  std::size_t total_queue_bytes = std::size_t{256} << 20;
  /// Of messages that are not complete, over all connections; beyond it whoever sends is sent away.
  std::size_t total_unfinished_bytes = std::size_t{256} << 20;
  /// Both over the connections of one address, so that it leaves room for others.
  std::size_t queue_bytes_per_address = std::size_t{64} << 20;
  std::size_t unfinished_bytes_per_address = std::size_t{64} << 20;
  /// From our close frame to the end of the connection, whatever the client does.
  std::chrono::milliseconds close_bound{3'000};
};

/// Takes every event, and throws nothing: what came half-way is not for a connection to judge. It
/// may call WsServer: nothing there tells another event before it returns.
using Sink = std::function<void(relay::Event)>;

/// Which of the two doors a connection came through.
enum class Door : std::uint8_t {
  clients,   ///< everybody's
  operators  ///< pages only
};

struct Page {
  unsigned status;
  std::string_view content_type;
  std::string body;
};
/// What GET gives at this path without asking the hub; nullopt: there is no such page.
using Pages = std::function<std::optional<Page>(Door door, std::string_view path)>;

struct WsCounters {
  std::size_t queued_bytes = 0;        ///< now
  std::size_t unfinished_bytes = 0;    ///< now
  std::size_t slow_readers = 0;        ///< cut off so far, as all that follows
  std::size_t unfinished_refused = 0;  ///< sent away for what they had not finished
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t writes = 0;  ///< calls of the kernel that carried them out
};

/// What the upgraded connections of one address hold of what is bounded over all of them.
struct Held {
  std::size_t connections = 0;
  std::size_t queued_bytes = 0;
  std::size_t unfinished_bytes = 0;
};
using HeldByAddress = std::map<relay::Address, Held>;

/// A connection's part in that. Before it has joined an address, it holds nothing of anybody's.
class Share {
 public:
  explicit Share(HeldByAddress& all) : all_(all), joined_(all.end()) {}
  ~Share() {
    if (joined_ != all_.end() && --joined_->second.connections == 0) all_.erase(joined_);
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  void join(const relay::Address& address) {
    joined_ = all_.try_emplace(address).first;
    ++joined_->second.connections;
  }
  void count_queued(std::size_t more, std::size_t less) {
    if (joined_ != all_.end()) joined_->second.queued_bytes += more - less;
  }
  void count_unfinished(std::size_t more, std::size_t less) {
    if (joined_ != all_.end()) joined_->second.unfinished_bytes += more - less;
  }
  /// By all connections of its address.
  Held held() const { return joined_ == all_.end() ? Held{} : joined_->second; }

 private:
  HeldByAddress& all_;
  HeldByAddress::iterator joined_;
};

/// Connections that have something to write. They write at the end of the turn of the loop, so that
/// all that one turn gives them leaves in one call.
class FlushList {
 public:
  explicit FlushList(asio::io_context& io) : io_(io) {}
  void add(std::shared_ptr<WsConnection> connection);

 private:
  asio::io_context& io_;
  std::vector<std::shared_ptr<WsConnection>> waiting_;
};

/// Connections that have begun to close. The bound is the same for all, so that who began first
/// ends first, and one timer is enough.
class CloseBounds {
 public:
  CloseBounds(asio::io_context& io, std::chrono::milliseconds bound) : timer_(io), bound_(bound) {}
  void add(std::weak_ptr<WsConnection> connection);
  /// A connection has ended: without any left, nothing keeps the loop alive.
  void forget_ended();

 private:
  using Clock = std::chrono::steady_clock;
  void wait();
  void enforce();

  asio::steady_timer timer_;
  std::chrono::milliseconds bound_;
  std::deque<std::pair<Clock::time_point, std::weak_ptr<WsConnection>>> closing_;
};

struct WsShared {
  WsShared(asio::io_context& io, WsServerConfig settings, Sink to, Pages at)
      : config(std::move(settings)),
        sink(std::move(to)),
        pages(std::move(at)),
        flush_list(io),
        close_bounds(io, config.close_bound) {}

  WsServerConfig config;
  Sink sink;
  Pages pages;
  /// The connection is gone, told once. True in `goodbye` if its client closed it properly.
  std::function<void(relay::SocketId, bool goodbye)> gone;
  WsCounters counters;
  HeldByAddress held;
  FlushList flush_list;
  CloseBounds close_bounds;
  bool proxy_was_unreadable = false;  ///< and that was said
  bool accept_has_failed = false;     ///< since the last that succeeded
};

}  // namespace culver::net_
