// The accept loop and the table of connections.
#include "shell/net/ws_server.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "shell/host/log.hpp"
#include "shell/net/ws_connection.hpp"
#include "shell/run/awaited.hpp"
#include "shell/run/rethrown.hpp"

namespace culver::net_ {
namespace {

using run::awaited;

/// When the process is out of file descriptors: until a connection ends there is no use in trying.
constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

WsServer::WsServer(asio::io_context& io, WsServerConfig config, Sink sink, Pages pages)
    : io_(io),
      shared_(io, std::move(config), std::move(sink), std::move(pages)),
      clients_(io),
      operators_(io) {
  shared_.gone = [this](relay::SocketId id, bool goodbye) {
    connections_.erase(id);
    shared_.sink(relay::SocketClosed{id, goodbye});
  };
}

tl::expected<tcp::endpoint, boost::system::error_code> WsServer::listen() {
  return open(clients_, Door::clients, shared_.config.listen);
}

tl::expected<tcp::endpoint, boost::system::error_code> WsServer::listen_for_operators() {
  return open(operators_, Door::operators, *shared_.config.operators);
}

tl::expected<tcp::endpoint, boost::system::error_code> WsServer::open(
    Acceptor& acceptor, Door door, const tcp::endpoint& endpoint) {
  boost::system::error_code error, ignored;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  // Inherited by what it accepts. Messages gather in the outbox, never in the kernel.
  if (!error) acceptor.set_option(tcp::no_delay(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    acceptor.close(ignored);
    return tl::unexpected(error);
  }
  asio::co_spawn(io_, accept(acceptor, door), run::rethrown);
  return acceptor.local_endpoint();
}

void WsServer::stop_accepting() {
  boost::system::error_code ignored;
  clients_.close(ignored);
  operators_.close(ignored);
}

asio::awaitable<void> WsServer::accept(Acceptor& acceptor, Door door) {
  asio::steady_timer pause(io_);
  while (acceptor.is_open()) {
    tcp::endpoint peer;
    Socket socket(io_);
    const auto [error] = co_await acceptor.async_accept(socket, peer, awaited);
    if (!acceptor.is_open()) break;
    if (error) {
      if (!std::exchange(shared_.accept_has_failed, true))
        log::warn("no connection can be accepted: out of file descriptors or memory",
                  error.value());
      pause.expires_after(accept_pause);
      co_await pause.async_wait(awaited);
    } else {
      shared_.accept_has_failed = false;
      adopt(std::move(socket), door, peer);
    }
  }
}

void WsServer::adopt(Socket socket, Door door, const tcp::endpoint& peer) {
  const relay::SocketId id{++last_id_.value};
  const auto connection =
      std::make_shared<WsConnection>(id, std::move(socket), door, peer.address(), shared_);
  connections_.emplace(id, connection);
  shared_.sink(relay::Accepted{id, connection->address_at_accept()});
  connection->start();
}

void WsServer::send(relay::SocketId socket, std::string_view bytes, bool binary) {
  if (auto* connection = find(socket)) connection->send(bytes, binary);
}

void WsServer::ping(relay::SocketId socket) {
  if (auto* connection = find(socket)) connection->ping();
}

void WsServer::limit_frames(relay::SocketId socket, std::size_t bytes) {
  if (auto* connection = find(socket)) connection->limit_frames(bytes);
}

void WsServer::respond(relay::SocketId socket, unsigned status, std::string_view json,
                       std::string_view proof) {
  if (auto* connection = find(socket)) connection->respond(status, "application/json", json, proof);
}

void WsServer::close(relay::SocketId socket, std::uint16_t code, std::string_view reason) {
  if (auto* connection = find(socket)) connection->close(code, reason);
}

void WsServer::abort_all() {
  for (const auto& [id, connection] : connections_) connection->abort();
}

WsConnection* WsServer::find(relay::SocketId socket) {
  const auto found = connections_.find(socket);
  return found == connections_.end() ? nullptr : found->second.get();
}

}  // namespace culver::net_
