// Accepts connections and gives each its coroutine; addresses them by id. GET /health and WebSocket
// upgrades on any path; every other request gets 404.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <tl/expected.hpp>

#include "core/relay/events.hpp"
#include "shell/net/ws_connection.hpp"

namespace culver::net_ {

/// It must outlive every connection: destroy it only after io_context::run() has returned.
class WsServer {
 public:
  WsServer(asio::io_context& io, WsServerConfig config, Sink sink);

  /// Binds and starts to accept. The endpoint has the port that the kernel chose if it was 0.
  tl::expected<tcp::endpoint, boost::system::error_code> listen();
  void stop_accepting();

  void send(relay::SocketId socket, std::string text);
  void ping(relay::SocketId socket);
  void close(relay::SocketId socket, std::uint16_t code, std::string_view reason);
  /// Cuts every connection.
  void abort_all();

  std::size_t connections() const { return connections_.size(); }
  std::size_t queued_bytes() const { return shared_.queued_bytes; }
  std::size_t slow_readers() const { return shared_.slow_readers; }

 private:
  asio::awaitable<void> accept();
  asio::awaitable<void> serve(tcp::socket socket);
  WsConnection* find(relay::SocketId socket);

  asio::io_context& io_;
  WsShared shared_;
  tcp::acceptor acceptor_;
  std::map<relay::SocketId, WsConnection*> connections_;  ///< each owned by its coroutine
  relay::SocketId last_id_{0};
};

}  // namespace culver::net_
