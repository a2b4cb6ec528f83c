// Accepts connections, tells what happens to them, and addresses them by id. Each begins with one
// HTTP request: an upgrade to WebSocket on any path, a page, or a question for whoever takes the
// events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <tl/expected.hpp>

#include "core/relay/events.hpp"
#include "shell/net/ws_shared.hpp"

namespace culver::net_ {

/// It must outlive every connection: destroy it only after io_context::run() has returned.
class WsServer {
 public:
  WsServer(asio::io_context& io, WsServerConfig config, Sink sink, Pages pages);

  /// Binds and starts to accept. The endpoint has the port that the kernel chose if it was 0.
  tl::expected<tcp::endpoint, boost::system::error_code> listen();
  /// The same with WsServerConfig::operators, which must be there.
  tl::expected<tcp::endpoint, boost::system::error_code> listen_for_operators();
  void stop_accepting();
  /// For the connections that come from now on.
  void trust(Proxies proxies) { shared_.config.trusted_proxies = std::move(proxies); }
  void allow(wire::AllowedOrigins origins) { shared_.config.origins = std::move(origins); }

  void send(relay::SocketId socket, std::string_view bytes, bool binary);
  void ping(relay::SocketId socket);
  /// Before that WsServerConfig::first_frames.
  void limit_frames(relay::SocketId socket, std::size_t bytes);
  /// `proof`: a header of its own (wire::gateway::AnswerProof), if there is one.
  void respond(relay::SocketId socket, unsigned status, std::string_view json,
               std::string_view proof);
  void close(relay::SocketId socket, std::uint16_t code, std::string_view reason);
  /// Cuts every connection.
  void abort_all();

  std::size_t connections() const { return connections_.size(); }
  const WsCounters& counters() const { return shared_.counters; }

 private:
  using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

  tl::expected<tcp::endpoint, boost::system::error_code> open(Acceptor& acceptor, Door door,
                                                              const tcp::endpoint& endpoint);
  asio::awaitable<void> accept(Acceptor& acceptor, Door door);
  void adopt(Socket socket, Door door, const tcp::endpoint& peer);
  WsConnection* find(relay::SocketId socket);

  asio::io_context& io_;
  WsShared shared_;
  Acceptor clients_, operators_;
  std::unordered_map<relay::SocketId, std::shared_ptr<WsConnection>> connections_;
  relay::SocketId last_id_{0};
};

}  // namespace culver::net_
