// A whole Culver client: the engine, and the socket, the transports and the disk that perform for
// it, on one loop. Whoever uses it speaks core/engine/api.hpp.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/wall_clock.hpp"
#include "core/engine/engine.hpp"
#include "shell/client/book_watch.hpp"
#include "shell/client/disk.hpp"
#include "shell/host/account.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/lived_clock.hpp"
#include "shell/host/trouble.hpp"
#include "shell/host/uptime.hpp"
#include "shell/net/ws_client.hpp"
#include "shell/p2p/address_watch.hpp"
#include "shell/p2p/stack.hpp"

namespace culver::client {

/// Fault::bad_config, and how an address should look.
host::Outcome<wire::WsUrl> parse_server(const std::string& url);

struct Config {
  std::string server_url;
  std::filesystem::path download_dir;
  std::optional<Plaintext> display_name;
  bool is_hosts_name = false;  ///< nobody has chosen it: peers hear engine::default_name()
  std::vector<p2p::IceServer> ice_servers;
  engine::Trust trust = engine::Trust::on_first_use;
  bool only_one = false;  ///< as engine::Config
  engine::PairRequests pair_requests = engine::PairRequests::ask;
  bool goes_online = true;  ///< else it takes none of the places that a data folder has on a server
  p2p::OnRelayTrouble on_relay_trouble = {};  ///< on the loop, once for each server
};

class Client {
 public:
  /// Called on the loop, never from inside a method.
  using OnNotice = std::function<void(engine::Notice)>;

  /// Opens the identity, the account and the books; nothing touches the network before GoOnline.
  /// Faults: bad_config (the URL), identity_unreadable, store_failed.
  static host::Outcome<std::unique_ptr<Client>> open(boost::asio::io_context& loop,
                                                     const host::Vault& vault, Config config,
                                                     OnNotice on_notice);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Carried out on the loop, in order.
  void command(engine::Command command);

  struct OpenedFile {
    TransferId id;
    Plaintext name;
    std::uint64_t size;
    transfer::Attributes attributes;
  };
  /// Opens a file so that SendFile can name it. Fault::file_unreadable.
  Result<OpenedFile> open_file(const std::filesystem::path& path);
  /// One that is not sent after all.
  void close_file(TransferId file);

  /// The peer book, as it was last read.
  const std::vector<engine::Known>& book() const { return book_; }
  const PublicKey& public_key() const { return engine_.public_key(); }
  /// What is said to the server can be read on the way.
  bool server_is_exposed() const { return exposed_; }
  engine::Census census() const { return engine_.census(); }
  /// The server's if it tells it.
  WallTime wall() const { return clock_.at(host::uptime(), host::wall_now()); }

  /// Leaves everybody and the server, then calls `done` on the loop, after `patience` at the
  /// latest.
  void shut_down(std::function<void()> done,
                 std::chrono::steady_clock::duration patience = std::chrono::seconds(7));

 private:
  Client(boost::asio::io_context& loop, host::DeviceSlot slot, engine::Config engine,
         net::WsClientConfig server, p2p::StackConfig transports, std::string download_dir,
         Books books, const std::filesystem::path& book, OnNotice on_notice);

  void feed(engine::Event event);
  void pump();
  void perform(engine::Effect effect);
  void arm();
  void opened(std::optional<WallTime> server_time);
  void read_book();
  void finish_if_left(bool patience_is_over);

  boost::asio::io_context& loop_;
  OnNotice on_notice_;
  host::DeviceSlot seat_;
  std::vector<engine::Known> book_;  ///< as it was last read
  bool exposed_ = false;
  bool reading_book_ = false;
  bool book_is_old_ = false;  ///< it was written while it was being read
  engine::Engine engine_;
  WallClock clock_;
  bool told_clock_ = false;
  net::WsClient server_;
  p2p::Stack transports_;
  p2p::AddressWatch addresses_;
  Disk disk_;
  BookWatch book_watch_;
  boost::asio::steady_timer deadline_;
  host::LivedClock lived_;
  std::optional<TimePoint> armed_;  ///< in lived time
  std::deque<engine::Event> events_;
  bool pumping_ = false;
  std::uint32_t next_file_ = 1;
  std::function<void()> left_;
  boost::asio::steady_timer patience_;
  std::shared_ptr<Client*> alive_;  // posted handlers may run after the client has died
};

}  // namespace culver::client
