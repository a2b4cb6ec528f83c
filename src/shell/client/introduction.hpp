// Has a server prove who it is, and leaves before saying who we are: the handshake up to the
// verified server_hello.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/result.hpp"
#include "core/crypto/sign.hpp"
#include "core/handshake/client.hpp"
#include "shell/net/ws_client.hpp"

namespace culver::client {

/// What the server has signed for.
struct ServerProof {
  crypto::VerifyKey identity;
  unsigned version;
};

class Introduction {
 public:
  /// Called once, on the loop. server_not_authentic also if the server has no identity at all.
  using Proven = tl::expected<ServerProof, Failure>;
  using Done = std::function<void(Proven)>;

  /// `known` is what the server must still be; nothing for whoever it is.
  Introduction(boost::asio::io_context& loop, net::WsClientConfig server,
               handshake::client::Pin known, Done done);
  ~Introduction() { *alive_ = nullptr; }
  Introduction(const Introduction&) = delete;
  Introduction& operator=(const Introduction&) = delete;

 private:
  void on(net::WsOpened&&);
  void on(net::WsFrame&&);
  void on(net::WsLost&&);
  void step(handshake::client::Event event);
  void wait_until(TimePoint deadline);
  void finish(Proven result);

  Done done_;
  handshake::client::Account nobody_;  ///< made up: it is never told
  handshake::client::Pin known_;
  std::optional<handshake::client::Machine::State> machine_;
  bool has_identity_ = true;  ///< by its server_info
  boost::asio::steady_timer patience_;
  net::WsClient server_;
  std::shared_ptr<Introduction*> alive_;  ///< the timer's handler may be queued when this dies
};

}  // namespace culver::client
