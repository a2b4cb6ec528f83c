// The accept loop and the table of connections.
#include "shell/net/ws_server.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace culver::net_ {
namespace {

constexpr auto await = asio::as_tuple(asio::use_awaitable);
/// When the process is out of file descriptors: until a connection ends there is no use in trying.
constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

WsServer::WsServer(asio::io_context& io, WsServerConfig config, Sink sink)
    : io_(io), shared_{std::move(config), std::move(sink)}, acceptor_(io) {}

tl::expected<tcp::endpoint, boost::system::error_code> WsServer::listen() {
  const auto& endpoint = shared_.config.listen;
  boost::system::error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return tl::unexpected(error);
  asio::co_spawn(io_, accept(), asio::detached);
  return acceptor_.local_endpoint();
}

void WsServer::stop_accepting() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

asio::awaitable<void> WsServer::accept() {
  asio::steady_timer pause(io_);
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(await);
    if (!acceptor_.is_open()) break;
    if (error) {
      pause.expires_after(accept_pause);
      co_await pause.async_wait(await);
    } else {
      asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
    }
  }
}

asio::awaitable<void> WsServer::serve(tcp::socket socket) {
  const relay::SocketId id{++last_id_.value};
  bool goodbye = false;
  try {
    WsConnection connection(id, std::move(socket), shared_);
    connections_.emplace(id, &connection);
    shared_.sink(relay::Accepted{id, connection.address_at_accept()});
    goodbye = co_await connection.run();
  } catch (const std::exception&) {
    // A failure inside one connection ends that connection only.
  }
  connections_.erase(id);
  shared_.sink(relay::SocketClosed{id, goodbye});
}

void WsServer::send(relay::SocketId socket, std::string text) {
  if (auto* connection = find(socket)) connection->send(std::move(text));
}

void WsServer::ping(relay::SocketId socket) {
  if (auto* connection = find(socket)) connection->ping();
}

void WsServer::close(relay::SocketId socket, std::uint16_t code, std::string_view reason) {
  if (auto* connection = find(socket)) connection->close(code, reason);
}

void WsServer::abort_all() {
  for (const auto& [id, connection] : connections_) connection->abort();
}

WsConnection* WsServer::find(relay::SocketId socket) {
  const auto found = connections_.find(socket);
  return found == connections_.end() ? nullptr : found->second;
}

}  // namespace culver::net_
