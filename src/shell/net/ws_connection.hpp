// One accepted connection: the HTTP request, then WebSocket, both by Beast. It reads into events
// and writes from a bounded queue; what the messages mean it does not know. While it is idle one
// read is pending; it has no timer and no buffer but Beast's and the inbox.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/beast/websocket/stream.hpp>

#include "core/relay/events.hpp"
#include "shell/net/gathering_socket.hpp"
#include "shell/net/http_request.hpp"
#include "shell/net/inbox.hpp"
#include "shell/net/outbox.hpp"
#include "shell/net/ws_shared.hpp"

namespace culver::net_ {

/// Everything runs on the thread of the loop. Pending operations keep it alive.
class WsConnection : public std::enable_shared_from_this<WsConnection> {
 public:
  WsConnection(relay::SocketId id, Socket socket, Door door, const asio::ip::address& peer,
               WsShared& shared);
  ~WsConnection();
  WsConnection(const WsConnection&) = delete;
  WsConnection& operator=(const WsConnection&) = delete;

  /// From here on it tells what happens to it, until WsShared::gone.
  void start() { read_header(); }
  /// The TCP peer's address, or none if that is a trusted proxy.
  relay::Address address_at_accept() const;

  void send(std::string_view bytes, bool binary);
  void ping();
  void limit_frames(std::size_t bytes) { inbox_.limit(bytes); }
  /// Answers the HTTP request, after which the connection ends.
  void respond(unsigned status, std::string_view content_type, std::string_view body,
               std::string_view proof = {});
  /// After what is queued. Before the upgrade there is nobody to tell: the connection is cut.
  void close(std::uint16_t code, std::string_view reason);
  void abort();

  /// What Beast writes: to be flushed at the end of the turn.
  void gather(std::string_view bytes);
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
  using ErrorCode = boost::system::error_code;

  // One chain of reads goes on for as long as the connection lives, and ends it.
  void read_header();
  void on_header(ErrorCode error);
  void read_body();
  void on_body(ErrorCode error);
  void read_message();
  void on_message_bytes(ErrorCode error, std::size_t size);
  void on_messages_over(ErrorCode error);
  void drain();
  void finish();

  void give_leave();
  void upgrade();
  void serve_page();
  void ask();
  void refuse(unsigned status);
  void take(std::size_t size);
  void count_queued(std::size_t more, std::size_t less);
  void count_unfinished(std::size_t before);
  /// That all of them, or those of its address, hold of messages that are not complete.
  bool is_too_much() const;
  void send_away();
  void on_control(boost::beast::websocket::frame_type kind, std::size_t size);
  void tell(relay::Event event);

  relay::Address client() const;
  /// Messages may be written: neither side has begun to close.
  bool is_open() const { return phase_ == Phase::open && ws_.is_open(); }
  /// False if the queue is full: then the reader is too slow, and the connection is cut.
  bool has_room(std::size_t bytes);
  void begin_last_word();
  Socket& socket() { return ws_.next_layer().next_layer(); }

  relay::SocketId id_;
  Door door_;
  WsShared& shared_;
  Share share_;
  std::unique_ptr<Request> request_;
  std::string allowed_;  ///< to read the answer: the origin that asks, "*", or nobody
  Inbox inbox_;
  Outbox outbox_;
  boost::beast::websocket::stream<GatheringSocket, false> ws_;
  Phase phase_ = Phase::request;
  bool flush_is_due_ = false;      ///< in the list, or waiting for the socket to take more
  bool has_hung_up_ = false;       ///< and waits for the client to do so
  bool hangs_up_at_once_ = false;  ///< both have said goodbye
  bool goodbye_ = false;
};

}  // namespace culver::net_
