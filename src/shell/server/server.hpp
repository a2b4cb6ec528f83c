// The whole server: the relay's boss, the sockets below it, the clock, randomness and signals.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <tl/expected.hpp>

#include "core/base/env.hpp"
#include "core/relay/hub.hpp"
#include "shell/net/ws_server.hpp"

namespace culver::server {

inline constexpr std::string_view version = "0.1.0";

struct Config {
  net_::WsServerConfig sockets;
  relay::Limits limits;
  std::filesystem::path data_dir;
  std::optional<std::string> endpoint;  ///< public URL; the listening address if absent
};

/// The system's generator.
Rng system_rng();

/// Everything happens on the thread that calls run().
class Server {
 public:
  explicit Server(Config config);
  ~Server();

  /// Why the server cannot start, as a sentence and an exit code.
  struct Refusal {
    int exit_code;
    std::string sentence;
  };
  /// The URL at which it listens.
  tl::expected<std::string, Refusal> start();
  /// Returns after a drain: SIGTERM, SIGINT or stop().
  void run();
  /// From any thread: begins the drain.
  void stop();

  const net_::WsServer& sockets() const { return sockets_; }

 private:
  void deliver(relay::Event event);
  void perform(relay::Effect&& effect);
  void drain();
  boost::asio::awaitable<void> keep_time();
  boost::asio::awaitable<void> await_signal();

  Config config_;
  boost::asio::io_context io_{1};
  Rng rng_;
  net_::WsServer sockets_;
  std::optional<relay::Hub> hub_;  ///< from start() on
  boost::asio::steady_timer timer_;
  boost::asio::signal_set signals_;
  bool draining_ = false;
};

}  // namespace culver::server
