// The addresses of STUN and TURN servers: literal ones at once, names by the system's resolver,
// which has a bounded time.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/endpoint.hpp"
#include "shell/p2p/path.hpp"

namespace culver::p2p {

class ServerNames {
 public:
  /// At most one IPv4 and one IPv6 address for each server.
  using Found = std::function<void(const IceServer&, const Endpoint&)>;
  using Done = std::function<void()>;

  explicit ServerNames(boost::asio::io_context& io);
  ~ServerNames();  ///< nothing is called afterwards
  ServerNames(const ServerNames&) = delete;
  ServerNames& operator=(const ServerNames&) = delete;

  /// Once. TURN servers over a stream are left out: the stream dials by name. `done` is called
  /// once, after 5 s at the latest, perhaps from within this call.
  void resolve(std::span<const IceServer> servers, Found found, Done done);

 private:
  using Results = boost::asio::ip::udp::resolver::results_type;
  void look_up(const IceServer& server);
  void take(const IceServer& server, const Results& results);
  void settle();

  std::vector<IceServer> servers_;
  Found found_;
  Done done_;
  std::size_t asked_ = 0;  ///< names that have no answer yet
  boost::asio::ip::udp::resolver resolver_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<ServerNames*> alive_;  ///< a handler may be queued when this dies
};

}  // namespace culver::p2p
