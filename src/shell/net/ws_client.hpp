// The client's socket to the signaling server: one WebSocket at a time, over TCP or TLS. It knows
// nothing of what the frames mean, and does not retry: the session decides that.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "core/base/dial_failure.hpp"
#include "core/base/endpoint.hpp"
#include "core/base/env.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/url.hpp"
#include "shell/host/name_lookup.hpp"

namespace culver::net {

struct WsClientConfig {
  wire::WsUrl url;
  /// Room for what other devices of the account are told, sealed.
  std::size_t frame_in = wire::limits::gateway_frame_in + wire::limits::signaling_frame_in;
  std::size_t queue_bytes = 1'048'576;          ///< waiting to be sent; beyond it Lost{queue_full}
  std::chrono::milliseconds dial_time{10'000};  ///< resolve, connect, TLS and upgrade together
  std::chrono::milliseconds close_time{2'000};  ///< for the closing handshake
  std::string extra_ca_file;  ///< PEM, trusted besides the system's store; empty for none
  host::LookUp look_up = host::system_look_up;
};

/// True if what is sent can be read on the way: ws:// to another machine. Worth one warning.
inline bool exposed(const WsClientConfig& config) {
  return !config.url.secure && !config.url.loopback();
}

struct WsOpened {
  std::optional<Endpoint> server = {};       ///< where it was reached
  std::optional<WallTime> server_time = {};  ///< by its Date header
};
struct WsFrame {
  std::string text;  ///< of a text or a binary frame, not validated beyond its size
};
/// The end of this connection; nothing follows until the next dial(). A DialFailure with its fault;
/// or server_lost, too_large, queue_full, or why the server says that it closes
/// (wire/close_reason.hpp).
struct WsLost {
  Failure fault;
};
using WsEvent = std::variant<WsOpened, WsFrame, WsLost>;

class WsClient {
 public:
  /// Called on the io_context's thread, never from inside a method of WsClient. It may call any
  /// method, but must not destroy the client.
  using Sink = std::function<void(WsEvent)>;

  WsClient(boost::asio::io_context& io, WsClientConfig config, Sink sink);
  /// Drops the socket at once; the sink is not called any more.
  ~WsClient();
  WsClient(const WsClient&) = delete;
  WsClient& operator=(const WsClient&) = delete;

  /// Begins a connection, dropping the one that there may be.
  void dial();
  /// Queues one frame. Without an open connection it is dropped.
  void send(std::string bytes, bool binary = false);
  /// Sends what is queued, closes with 1000 and waits at most close_time for the answer, all in the
  /// background. No event of this connection follows.
  void hang_up();

 private:
  class Connection;
  boost::asio::io_context& io_;
  WsClientConfig config_;
  std::shared_ptr<Sink> sink_;  // shared with the coroutines, which let go of it when told
  std::shared_ptr<Connection> connection_;
};

}  // namespace culver::net
