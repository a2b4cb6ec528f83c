// The whole server: the relay's boss, the sockets below it, the store beside it, the clock,
// randomness and signals.
#pragma once

#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <tl/expected.hpp>

#include "core/base/env.hpp"
#include "core/relay/hub.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/lived_clock.hpp"
#include "shell/net/ws_server.hpp"
#include "shell/server/store_counters.hpp"
#include "shell/store/log_thread.hpp"
#include "shell/store/sqlite/event_log.hpp"

namespace culver::server {

inline constexpr std::string_view event_log_name = "gateway.db";

/// What becomes of it: relay::IceOffer.
struct IceSettings {
  std::vector<std::string> stun, turn;
  std::filesystem::path secret_file;  ///< if there is a TURN server
  std::chrono::minutes life{24 * 60};
};

struct Config {
  net_::WsServerConfig sockets;
  bool must_show_metrics = false;  ///< not starting without the door of the operators
  IceSettings ice;
  relay::Limits limits;
  std::filesystem::path data_dir;
  std::optional<std::filesystem::path> key_file;  ///< of the data folder; absent: in it
  std::optional<std::string> endpoint;            ///< public URL; the listening address if absent
  bool require_handshake = false;
};

/// Everything but the store happens on the thread that calls run().
class Server {
 public:
  /// The configuration as it is written now; nothing if it cannot be used, which has been said
  /// then.
  using Reread = std::function<std::optional<Config>()>;
  explicit Server(Config config, Reread reread = nullptr, Rng rng = host::system_rng());
  ~Server();

  /// Why the server cannot start, as a sentence and an exit code.
  struct Refusal {
    int exit_code;
    std::string sentence;
  };
  struct Started {
    std::string url;                     ///< at which it listens
    std::string identity;                ///< its public key in lower-case hex
    std::optional<std::string> metrics;  ///< their URL
  };
  tl::expected<Started, Refusal> start();
  enum class End : std::uint8_t {
    drained,  ///< by SIGTERM, SIGINT, SIGQUIT or stop()
    broken    ///< by a fault of its own, which the log has
  };
  /// SIGHUP has the configuration read again.
  End run();
  /// From any thread: begins the drain.
  void stop();

  const net_::WsServer& sockets() const { return sockets_; }

 private:
  using Log = CountedLog<store::sqlite::EventLog>;

  void deliver(relay::Event event);
  void take_answer(std::uint64_t number, relay::Answer answer);
  void perform(relay::Effect&& effect);
  std::optional<net_::Page> page(net_::Door door, std::string_view path) const;
  tl::expected<std::optional<std::string>, Refusal> open_to_operators();
  host::Outcome<relay::session::ServerName> name_of(const Config& config) const;
  void reload();
  TimePoint due() const;
  void drain();
  void step(relay::Event&& event);
  void break_off(const std::exception& error);
  void stop_waiting();
  boost::asio::awaitable<void> keep_time();
  boost::asio::awaitable<void> await_signal();

  Config config_;
  Reread reread_;
  std::string id_, url_;
  boost::asio::io_context io_{1};
  Rng rng_;
  net_::WsServer sockets_;
  host::LivedClock clock_;
  boost::asio::steady_timer timer_;
  boost::asio::signal_set signals_;
  std::shared_ptr<StoreCounters> store_counters_ = std::make_shared<StoreCounters>();
  // From start() on. The log goes first: its answers are for the hub.
  std::optional<relay::Hub> hub_;
  std::optional<store::LogThread<Log>> log_;
  bool store_failing_ = false;
  enum class Phase : std::uint8_t {
    serving,
    draining,
    broken  ///< a step was left half-way: the hub is not asked any more
  } phase_ = Phase::serving;
};

}  // namespace culver::server
