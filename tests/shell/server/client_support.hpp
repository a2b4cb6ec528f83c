// A real server on a thread of its own, and blocking clients with a bound on every wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "shell/server/server.hpp"

namespace culver::server {

using boost::asio::ip::tcp;

/// A folder that is gone afterwards.
struct TemporaryFolder {
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path path;
};

class RunningServer {
 public:
  /// In a folder of its own, unless one is named.
  explicit RunningServer(Config config = {}, Rng rng = host::system_rng());
  ~RunningServer();
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::uint16_t metrics_port() const { return metrics_port_; }
  /// The thread that runs it stands still for so long, as all of a process does that is stopped.
  void suspend(std::chrono::milliseconds time);
  void begin_drain() { server_->stop(); }
  /// After the drain.
  void join();
  /// Once joined.
  Server::End end() const { return end_; }
  /// Once joined.
  const net_::WsServer& sockets() const { return server_->sockets(); }

 private:
  TemporaryFolder folder_;
  std::optional<Server> server_;
  std::uint16_t port_ = 0, metrics_port_ = 0;
  Server::End end_ = Server::End::drained;
  std::thread thread_;
};

class Client {
 public:
  static constexpr std::chrono::seconds patience{20};

  /// Connected, upgraded, and the greeting read into `greeting`.
  explicit Client(std::uint16_t port, std::string_view path = "/",
                  std::string_view forwarded_for = {});

  void send(std::string_view text, bool binary = false);
  /// The next message; empty when the connection ended instead (see close_code).
  std::string receive();
  std::uint16_t close_code() const;
  std::string close_reason() const;
  /// Reads on until the server ends the connection.
  void await_end();
  void enroll(std::string_view code, std::string_view key);
  void close();
  /// As when the cable is pulled: no close frame.
  void drop();
  std::size_t pings() const { return pings_; }
  boost::beast::tcp_stream& tcp() { return ws_.next_layer(); }

  std::string greeting;

 private:
  boost::system::error_code wait();

  boost::asio::io_context io_;
  boost::beast::websocket::stream<boost::beast::tcp_stream> ws_;
  boost::system::error_code last_;
  std::size_t pings_ = 0;
  bool done_ = false;
};

/// Raw bytes over TCP: what the server answers until it closes.
std::string talk(std::uint16_t port, std::string_view request);

inline constexpr std::string_view ana_key = "MRZIz7Ln7Mq3S2Ry/Ddd1ALWAwG7fQeWeOBeV4BvGoA=";
inline constexpr std::string_view bob_key = "cgVU93gaHhBhy1WtJO2xNKN/rEZtnlH/S6Fh0+K9YIw=";

}  // namespace culver::server
