// The connection behind WsClient: one coroutine dials and reads, one at a time writes, and a
// watchdog bounds what could take for ever.
#include "shell/net/ws_client.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "core/wire/close_reason.hpp"
#include "core/wire/http_date.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/dial.hpp"
#include "shell/host/log_exception.hpp"
#include "shell/net/heard_socket.hpp"
#include "shell/run/awaited.hpp"

namespace culver::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using run::awaited;

using Plain = websocket::stream<HeardSocket>;
using Tls = websocket::stream<beast::ssl_stream<HeardSocket>>;
using Response = websocket::response_type;

namespace {

Fault why_closed(const websocket::close_reason& close) {
  const std::string_view reason(close.reason.data(), close.reason.size());
  return wire::read_close(close.code, reason).value_or(Fault::server_lost);
}

HeardSocket& heard_of(Plain& stream) { return stream.next_layer(); }
HeardSocket& heard_of(Tls& stream) { return stream.next_layer().next_layer(); }

/// Of an upgrade that came to nothing.
dial::Cause why_not_upgraded(error_code error, const Response& response, dial::Protocol spoken) {
  static const auto& of_http = error_code(beast::http::error::bad_version).category();
  static const auto& of_websocket = error_code(websocket::error::closed).category();
  const bool is_cut =
      error == beast::http::error::end_of_stream || error == beast::http::error::partial_message;
  const bool is_known = spoken == dial::Protocol::ssh || spoken == dial::Protocol::tls;
  if (is_known || (error.category() == of_http && !is_cut)) return dial::NotHttp{spoken};
  if (is_cut) return dial::HungUp{dial::Step::upgrading};
  if (error.category() != of_websocket) return host::cause_of(error, dial::Step::upgrading);
  dial::HttpStatus answer{response.result_int(), {}};
  if (answer.status / 100 == 3)
    answer.location = std::string(response[beast::http::field::location])
                          .substr(0, dial::HttpStatus::longest_location);
  return answer;
}

}  // namespace

/// Shared by WsClient and the coroutines: a pending operation outlives the method that drops it,
/// and must find its buffers.
class WsClient::Connection {
 public:
  using Ref = std::shared_ptr<Connection>;

  Connection(asio::io_context& io, WsClientConfig config, std::shared_ptr<Sink> sink)
      : io_(io),
        config_(std::move(config)),
        sink_(std::move(sink)),
        dialer_(io, config_.look_up),
        watchdog_(io) {}

  static void dial(Ref self);
  static void send(Ref self, std::string bytes, bool binary);
  static void hang_up(Ref self);
  /// Without a word to anybody.
  void drop();
  void mute() { sink_.reset(); }

 private:
  static asio::awaitable<void> run(Ref self);
  static asio::awaitable<Failure> live(Ref self);
  template <class Stream>
  static asio::awaitable<Failure> talk(Ref self, Stream& stream);
  template <class Stream>
  static asio::awaitable<void> write(Ref self, Stream& stream);
  static void pump(Ref self);
  static void watch(Ref self, std::chrono::milliseconds time, Failure failure);
  Failure failed(dial::Cause cause) const {
    return DialFailure{config_.url.host, config_.url.port, std::move(cause), reached_};
  }
  void unwatch() { watchdog_.expires_at(asio::steady_timer::time_point::max()); }

  void lose(Failure failure);
  void tell(WsEvent event) {
    // The listener may destroy the client, and with it all other owners of the sink.
    if (const auto listener = sink_) (*listener)(std::move(event));
  }

  asio::io_context& io_;
  const WsClientConfig config_;
  std::shared_ptr<Sink> sink_;  // none once nobody wants to know
  host::Dialer dialer_;
  std::vector<Endpoint> reached_;  ///< the address that is connected, once there is one
  asio::steady_timer watchdog_;
  Failure too_late_ = Fault::server_lost;  // what the watchdog reports
  std::optional<asio::ssl::context> tls_context_;
  std::optional<Plain> plain_;
  std::optional<Tls> tls_;
  struct Outgoing {
    std::string bytes;
    bool binary;
  };
  std::deque<Outgoing> queue_;
  std::size_t queued_ = 0;
  bool open_ = false;
  bool closing_ = false;
  bool writing_ = false;
  bool dropped_ = false;
};

// ---- WsClient -----------------------------------------------------------------------------------

WsClient::WsClient(asio::io_context& io, WsClientConfig config, Sink sink)
    : io_(io), config_(std::move(config)), sink_(std::make_shared<Sink>(std::move(sink))) {}

WsClient::~WsClient() {
  if (!connection_) return;
  connection_->mute();
  connection_->drop();
}

void WsClient::dial() {
  if (connection_) {
    connection_->mute();
    connection_->drop();
  }
  connection_ = std::make_shared<Connection>(io_, config_, sink_);
  Connection::dial(connection_);
}

void WsClient::send(std::string bytes, bool binary) {
  if (connection_) Connection::send(connection_, std::move(bytes), binary);
}

void WsClient::hang_up() {
  if (auto connection = std::exchange(connection_, nullptr)) Connection::hang_up(connection);
}

// ---- what WsClient asks of a connection ---------------------------------------------------------

void WsClient::Connection::dial(Ref self) {
  asio::co_spawn(self->io_, run(self), log::Caught{"a connection to the server ended"});
}

void WsClient::Connection::send(Ref self, std::string bytes, bool binary) {
  if (!self->open_) return;
  if (self->queued_ + bytes.size() > self->config_.queue_bytes) {
    self->open_ = false;
    asio::post(self->io_, [self] { self->lose(Fault::queue_full); });
    return;
  }
  self->queued_ += bytes.size();
  self->queue_.push_back({std::move(bytes), binary});
  pump(self);
}

void WsClient::Connection::hang_up(Ref self) {
  self->mute();
  if (!self->open_) return self->drop();
  self->open_ = false;
  self->closing_ = true;
  watch(self, self->config_.close_time, Fault::server_lost);
  pump(self);
}

void WsClient::Connection::drop() {
  dropped_ = true;
  open_ = false;
  unwatch();
  dialer_.cancel();
  error_code ignored;
  if (plain_) heard_of(*plain_).next_layer().close(ignored);
  if (tls_) heard_of(*tls_).next_layer().close(ignored);
}

void WsClient::Connection::lose(Failure failure) {
  drop();
  const auto listener = std::exchange(sink_, nullptr);
  if (!listener) return;
  if (failure.why)
    log::info("server not reached", failure.fault, name_of(failure.why->cause));
  else
    log::info("server lost", failure.fault);
  (*listener)(WsLost{std::move(failure)});
}

/// The coroutine that runs owns the connection; the watchdog alone does not keep it.
void WsClient::Connection::watch(Ref self, std::chrono::milliseconds time, Failure failure) {
  self->too_late_ = std::move(failure);
  self->watchdog_.expires_after(time);
  self->watchdog_.async_wait([weak = std::weak_ptr(self)](error_code error) {
    const auto watched = weak.lock();
    if (error || !watched) return;
    // It may have been set anew while this was waiting to run.
    if (watched->watchdog_.expiry() > asio::steady_timer::clock_type::now()) return;
    watched->lose(watched->too_late_);
  });
}

// ---- dialing and reading ------------------------------------------------------------------------

asio::awaitable<void> WsClient::Connection::run(Ref self) {
  // co_spawn begins inside of dial(), where nothing may be told yet.
  co_await asio::post(self->io_, awaited);
  auto failure = co_await live(self);
  self->lose(std::move(failure));
}

/// Ends with the failure to report; after a drop nobody hears it.
asio::awaitable<Failure> WsClient::Connection::live(Ref self) {
  if (self->dropped_) co_return Fault::cancelled;
  const auto& config = self->config_;
  const auto begun = host::now();
  auto socket = co_await self->dialer_.connect(config.url.host, config.url.port, config.dial_time);
  if (self->dropped_) co_return Fault::cancelled;
  if (!socket) co_return std::move(socket.error());
  self->reached_ = host::remote_of(*socket);
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(host::now() - begun);
  const auto left = std::max(config.dial_time - spent, std::chrono::milliseconds(0));
  HeardSocket heard(std::move(*socket));
  if (!config.url.secure) {
    watch(self, left, self->failed(dial::Silent{dial::Step::upgrading}));
    self->plain_.emplace(std::move(heard));
    co_return co_await talk(self, *self->plain_);
  }
  error_code error;
  self->tls_context_ = host::make_tls_context(config.extra_ca_file, error);
  if (error) co_return self->failed(dial::Untrusted{dial::Untrusted::Why::no_store});
  watch(self, left, self->failed(dial::Silent{dial::Step::securing}));
  self->tls_.emplace(std::move(heard), *self->tls_context_);
  auto trouble = co_await host::secure(self->tls_->next_layer(), config.url.host);
  if (self->dropped_) co_return Fault::cancelled;
  if (trouble) {
    auto* other = std::get_if<dial::NotTls>(&*trouble);
    const auto spoken = heard_of(*self->tls_).protocol();
    if (other && spoken == dial::Protocol::ssh) other->spoken = spoken;
    co_return self->failed(std::move(*trouble));
  }
  self->too_late_ = self->failed(dial::Silent{dial::Step::upgrading});
  co_return co_await talk(self, *self->tls_);
}

template <class Stream>
asio::awaitable<Failure> WsClient::Connection::talk(Ref self, Stream& stream) {
  const auto limit = self->config_.frame_in;
  const auto host = self->config_.url.authority();
  const auto target = self->config_.url.target;
  stream.read_message_max(0);  // the buffer is the limit: Beast's own ends in a polite long goodbye
  stream.control_callback([weak = std::weak_ptr(self)](websocket::frame_type kind, auto) {
    // After a close frame Beast waits for the other side to close the socket.
    const auto closed = weak.lock();
    if (closed && kind == websocket::frame_type::close && !closed->closing_)
      watch(closed, closed->config_.close_time, Fault::server_lost);
  });

  Response response;
  auto [refused] = co_await stream.async_handshake(response, host, target, awaited);
  if (self->dropped_) co_return Fault::cancelled;
  if (refused)
    co_return self->failed(why_not_upgraded(
        refused, response,
        self->config_.url.secure ? dial::Protocol::unknown : heard_of(stream).protocol()));
  self->unwatch();
  self->open_ = true;
  const auto server = self->reached_.empty() ? std::nullopt : std::optional(self->reached_[0]);
  self->tell(WsOpened{server, wire::parse_http_date(response[beast::http::field::date])});

  beast::flat_buffer buffer(limit + 1);
  while (!self->dropped_) {
    auto [error, size] = co_await stream.async_read(buffer, awaited);
    if (error == websocket::error::buffer_overflow || buffer.size() > limit)
      co_return Fault::too_large;
    if (error == websocket::error::closed) co_return why_closed(stream.reason());
    if (error) co_return self->failed(dial::HungUp{dial::Step::talking});
    WsFrame frame{beast::buffers_to_string(buffer.data())};
    buffer.consume(buffer.size());
    self->tell(std::move(frame));
  }
  co_return Fault::cancelled;
}

// ---- writing ------------------------------------------------------------------------------------

void WsClient::Connection::pump(Ref self) {
  if (self->writing_ || self->dropped_) return;
  self->writing_ = true;
  if (self->plain_)
    asio::co_spawn(self->io_, write(self, *self->plain_),
                   log::Caught{"a connection to the server ended"});
  else
    asio::co_spawn(self->io_, write(self, *self->tls_),
                   log::Caught{"a connection to the server ended"});
}

template <class Stream>
asio::awaitable<void> WsClient::Connection::write(Ref self, Stream& stream) {
  while (!self->queue_.empty()) {
    const auto frame = asio::buffer(self->queue_.front().bytes);
    stream.binary(self->queue_.front().binary);
    auto [error, size] = co_await stream.async_write(frame, awaited);
    if (self->dropped_) co_return;
    if (error) co_return self->lose(self->failed(dial::HungUp{dial::Step::talking}));
    self->queued_ -= self->queue_.front().bytes.size();
    self->queue_.pop_front();
  }
  if (self->closing_) {
    co_await stream.async_close(websocket::close_code::normal, awaited);
    self->drop();
  }
  self->writing_ = false;
}

}  // namespace culver::net
