// One accepted connection: the HTTP request, then WebSocket. It reads into events and writes from a
// bounded queue; what the messages mean it does not know. While it is idle it holds no buffer and
// no timer, and one operation waits for it to become readable (docs/decisions/websocket-frames.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/relay/events.hpp"
#include "core/wire/websocket.hpp"
#include "shell/net/http_request.hpp"
#include "shell/net/outbox.hpp"
#include "shell/net/ws_shared.hpp"

namespace culver::net_ {

/// Everything runs on the thread of the loop. Pending operations keep it alive.
class WsConnection : public std::enable_shared_from_this<WsConnection> {
 public:
  WsConnection(relay::SocketId id, Socket socket, const asio::ip::address& peer, WsShared& shared);
  ~WsConnection();
  WsConnection(const WsConnection&) = delete;
  WsConnection& operator=(const WsConnection&) = delete;

  /// From here on it tells what happens to it, until WsShared::gone.
  void start() { await_readable(); }
  /// The TCP peer's address, or none if that is the trusted proxy.
  relay::Address address_at_accept() const;

  void send(std::string bytes, bool binary);
  void ping();
  /// Answers the HTTP request, after which the connection ends.
  void respond(unsigned status, std::string_view content_type, std::string_view body);
  /// After what is queued. Before the upgrade there is nobody to tell: the connection is cut.
  void close(std::uint16_t code, std::string_view reason);
  void abort();

  /// Writes what the socket takes; goes on by itself when it takes more.
  void flush();
  bool has_ended() const { return phase_ == Phase::ended; }

 private:
  enum class Phase : std::uint8_t {
    request,    ///< the HTTP request is being read
    asked,      ///< its answer is being made
    open,       ///< upgraded
    closing,    ///< our close frame is queued or sent; the client's is awaited
    last_word,  ///< nothing is listened to any more; when all is written, we hang up
    ended
  };
  /// Needed until the request has been read, and by few connections at a time.
  struct Request {
    HttpReader reader;
    asio::ip::address peer;
  };

  void await_readable();
  void read();
  void take(std::string_view input);
  void take_request(std::string_view& input);
  void take_frames(std::string_view& input);

  void on(UpgradeRequest&& request);
  void on(PlainRequest&& request);
  void on(RefusedRequest&& request);
  void on(Unreadable&&);
  void on(ContinueExpected&&);
  void on(wire::websocket::Message&& message);
  void on(wire::websocket::TooLong&&);
  void on(wire::websocket::PingFrame&& ping);
  void on(wire::websocket::PongFrame&&);
  void on(wire::websocket::CloseFrame&& close);
  void on(wire::websocket::Broken&& broken);

  relay::Address client_of(std::string_view forwarded_for) const;
  /// False if the queue is full: then the reader is too slow, and the connection is cut.
  bool has_room(std::size_t bytes);
  void queue(wire::websocket::Opcode opcode, std::string payload);
  void queue_raw(std::string bytes);
  void finish();

  relay::SocketId id_;
  WsShared& shared_;
  Socket socket_;
  std::unique_ptr<Request> request_;
  wire::websocket::Reader frames_;
  Outbox outbox_;
  Phase phase_ = Phase::request;
  bool flush_is_due_ = false;      ///< in the list, or waiting for the socket to take more
  bool drains_ = false;            ///< we have hung up, and wait for the client to do so
  bool hangs_up_at_once_ = false;  ///< both have said goodbye
  bool goodbye_ = false;
};

}  // namespace culver::net_
