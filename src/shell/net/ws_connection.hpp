// One accepted connection: the HTTP request, then WebSocket. It reads into events and writes from a
// bounded queue; what the messages mean it does not know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "core/relay/events.hpp"
#include "core/wire/limits.hpp"

namespace culver::net_ {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

struct WsServerConfig {
  tcp::endpoint listen{asio::ip::address_v4::loopback(), 9000};
  std::optional<asio::ip::address> trusted_proxy;
  std::size_t max_frame = wire::limits::signaling_frame_in;
  std::uint32_t max_http_header = 8'192;
  /// Waiting to be written on one connection; beyond it the reader is too slow and is cut off.
  std::size_t queue_bytes = 1 << 20;
  std::size_t queue_items = 256;
  /// The same over all connections.
  std::size_t total_queue_bytes = std::size_t{256} << 20;
  /// From our close frame to the end of the connection, whatever the client does.
  std::chrono::milliseconds close_bound{3'000};
};

using Sink = std::function<void(relay::Event)>;

/// What the connections of one server share.
struct WsShared {
  WsServerConfig config;
  Sink sink;
  std::size_t queued_bytes = 0;
  std::size_t slow_readers = 0;  ///< cut off so far
};

class WsConnection {
 public:
  WsConnection(relay::SocketId id, tcp::socket socket, WsShared& shared);
  ~WsConnection();
  WsConnection(const WsConnection&) = delete;
  WsConnection& operator=(const WsConnection&) = delete;

  /// Returns when the connection is gone. True if the client said goodbye by a close frame.
  asio::awaitable<bool> run();
  /// The TCP peer's address, or none if that is the trusted proxy.
  relay::Address address_at_accept() const;

  void send(std::string text);
  void ping();
  /// After what is queued. Before the upgrade there is nobody to tell: the connection is cut.
  void close(std::uint16_t code, std::string_view reason);
  void abort();

 private:
  struct PingItem {};
  struct CloseItem {
    std::uint16_t code;
    std::string reason;
  };
  using Item = std::variant<std::string, PingItem, CloseItem>;
  using Request = beast::http::request<beast::http::empty_body>;

  asio::awaitable<bool> upgrade();
  asio::awaitable<void> answer_http(const Request& request);
  asio::awaitable<void> read_messages();
  asio::awaitable<void> write_queue();
  asio::awaitable<bool> write(Item& item);
  asio::awaitable<void> enforce_close_bound();

  void enqueue(Item item);

  relay::SocketId id_;
  WsShared& shared_;
  beast::websocket::stream<beast::tcp_stream> ws_;
  asio::ip::address peer_;
  std::deque<Item> queue_;
  std::size_t queued_bytes_ = 0;
  asio::steady_timer wake_;         ///< cancelled when the writer has something to do
  asio::steady_timer close_bound_;  ///< set when we begin to close
  bool upgraded_ = false;
  bool closing_ = false;
  bool stopped_ = false;
  bool goodbye_ = false;
};

}  // namespace culver::net_
