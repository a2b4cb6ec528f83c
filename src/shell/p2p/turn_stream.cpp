// The connection behind TurnStream: one coroutine dials and reads, one at a time writes, and a
// watchdog bounds the dialing.
#include "shell/p2p/turn_stream.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "core/wire/stun.hpp"
#include "shell/host/dial.hpp"
#include "shell/host/log_exception.hpp"
#include "shell/p2p/socket_address.hpp"
#include "shell/run/awaited.hpp"

namespace culver::p2p {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using run::awaited;
using Tls = asio::ssl::stream<tcp::socket>;

/// Shared by TurnStream and the coroutines: a pending operation outlives the method that drops it,
/// and must find its buffers.
class TurnStream::Connection {
 public:
  using Ref = std::shared_ptr<Connection>;

  Connection(asio::io_context& io, TurnStreamConfig config, TurnStreamSink sink)
      : io_(io),
        config_(std::move(config)),
        sink_(std::make_shared<TurnStreamSink>(std::move(sink))),
        dialer_(io, config_.look_up),
        watchdog_(io),
        plain_(io) {}

  static void dial(Ref self);
  static bool send(Ref self, ByteView head, ByteView tail);
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
  static void watch(Ref self);

  tcp::socket& socket() { return tls_ ? tls_->next_layer() : plain_; }
  /// Hands up what is whole. False: what follows is no message.
  bool take_messages();
  void lose(Failure failure);
  Failure failed(Fault fault, dial::Cause cause) const;

  asio::io_context& io_;
  const TurnStreamConfig config_;
  // None once nobody wants to know. The listener may destroy the stream, and with it this owner.
  std::shared_ptr<TurnStreamSink> sink_;
  host::Dialer dialer_;
  std::vector<Endpoint> reached_;  ///< the address that is connected, once there is one
  asio::steady_timer watchdog_;
  tcp::socket plain_;
  std::optional<asio::ssl::context> tls_context_;
  std::optional<Tls> tls_;
  ByteVector in_ = ByteVector(wire::stun::max_frame);
  std::size_t filled_ = 0;  ///< of in_
  ByteVector pending_, out_;
  bool open_ = false;
  bool writing_ = false;
  bool dropped_ = false;
};

// ---- TurnStream ---------------------------------------------------------------------------------

TurnStream::TurnStream(asio::io_context& io, TurnStreamConfig config, TurnStreamSink sink)
    : connection_(std::make_shared<Connection>(io, std::move(config), std::move(sink))) {
  Connection::dial(connection_);
}

TurnStream::~TurnStream() {
  connection_->mute();
  connection_->drop();
}

bool TurnStream::send(ByteView head, ByteView tail) {
  return Connection::send(connection_, head, tail);
}

// ---- what TurnStream asks of its connection -----------------------------------------------------

void TurnStream::Connection::dial(Ref self) {
  watch(self);
  asio::co_spawn(self->io_, run(self), log::Caught{"a connection to a TURN server ended"});
}

bool TurnStream::Connection::send(Ref self, ByteView head, ByteView tail) {
  const auto size = head.size() + tail.size();
  const auto padding = (4 - size % 4) % 4;
  auto& pending = self->pending_;
  if (!self->open_ ||
      pending.size() + self->out_.size() + size + padding > self->config_.queue_bytes)
    return false;
  pending.insert(pending.end(), head.begin(), head.end());
  pending.insert(pending.end(), tail.begin(), tail.end());
  pending.insert(pending.end(), padding, std::byte{});
  if (std::exchange(self->writing_, true)) return true;
  if (self->tls_)
    asio::co_spawn(self->io_, write(self, *self->tls_),
                   log::Caught{"a connection to a TURN server ended"});
  else
    asio::co_spawn(self->io_, write(self, self->plain_),
                   log::Caught{"a connection to a TURN server ended"});
  return true;
}

void TurnStream::Connection::drop() {
  dropped_ = true;
  open_ = false;
  watchdog_.cancel();
  dialer_.cancel();
  error_code ignored;
  socket().close(ignored);
}

void TurnStream::Connection::lose(Failure failure) {
  drop();
  if (const auto listener = std::exchange(sink_, nullptr))
    listener->on_event(TurnStreamLost{std::move(failure)});
}

/// For a relay other words stand in the table of faults than for the server.
Failure TurnStream::Connection::failed(Fault fault, dial::Cause cause) const {
  Failure failure(DialFailure{config_.host, config_.port, std::move(cause), reached_});
  failure.fault = fault;
  return failure;
}

/// The coroutine that runs owns the connection; the watchdog does not keep it.
void TurnStream::Connection::watch(Ref self) {
  self->watchdog_.expires_after(self->config_.dial_time);
  self->watchdog_.async_wait([weak = std::weak_ptr(self)](error_code error) {
    const auto watched = weak.lock();
    // It may have been opened while this was waiting to run.
    if (error || !watched || watched->open_) return;
    const auto step = watched->config_.tls ? dial::Step::securing : dial::Step::talking;
    watched->lose(watched->failed(Fault::relay_silent, dial::Silent{step}));
  });
}

// ---- dialing ------------------------------------------------------------------------------------

asio::awaitable<void> TurnStream::Connection::run(Ref self) {
  // co_spawn begins inside of the constructor, where nothing may be told yet.
  co_await asio::post(self->io_, awaited);
  auto failure = co_await live(self);
  self->lose(std::move(failure));
}

/// Ends with the failure to report; after a drop nobody hears it.
asio::awaitable<Failure> TurnStream::Connection::live(Ref self) {
  if (self->dropped_) co_return Fault::cancelled;
  const auto& config = self->config_;
  // A little less than the watchdog's, so that what is told is what was tried.
  const auto time = config.dial_time - config.dial_time / 20;
  auto socket = co_await self->dialer_.connect(config.host, config.port, time);
  if (self->dropped_) co_return Fault::cancelled;
  if (!socket) {
    Failure failure(std::move(socket.error()));
    if (failure.fault != Fault::out_of_descriptors) failure.fault = Fault::relay_silent;
    co_return failure;
  }
  self->reached_ = host::remote_of(*socket);
  if (!config.tls) {
    self->plain_ = std::move(*socket);
    co_return co_await talk(self, self->plain_);
  }
  error_code error;
  self->tls_context_ = host::make_tls_context(config.extra_ca_file, error);
  if (error)
    co_return self->failed(Fault::server_untrusted,
                           dial::Untrusted{dial::Untrusted::Why::no_store});
  self->tls_.emplace(std::move(*socket), *self->tls_context_);
  auto trouble = co_await host::secure(*self->tls_, config.host);
  if (trouble) {
    const bool is_untrusted = std::holds_alternative<dial::Untrusted>(*trouble);
    co_return self->failed(is_untrusted ? Fault::server_untrusted : Fault::relay_refused,
                           std::move(*trouble));
  }
  co_return co_await talk(self, *self->tls_);
}

// ---- talking ------------------------------------------------------------------------------------

template <class Stream>
asio::awaitable<Failure> TurnStream::Connection::talk(Ref self, Stream& stream) {
  error_code gone;
  auto name = self->socket().remote_endpoint(gone);
  if (self->dropped_) co_return Fault::cancelled;
  const auto server = from_socket(*name.data());
  if (gone || !server) co_return Fault::server_lost;
  self->open_ = true;
  self->watchdog_.cancel();
  if (const auto listener = self->sink_) listener->on_event(TurnStreamOpened{*server});
  while (!self->dropped_) {
    const auto room = asio::buffer(self->in_) + self->filled_;
    auto [error, size] = co_await stream.async_read_some(room, awaited);
    if (self->dropped_) co_return Fault::cancelled;
    if (error) co_return Fault::server_lost;
    self->filled_ += size;
    if (!self->take_messages()) co_return Fault::malformed;
  }
  co_return Fault::cancelled;
}

/// A message is never larger than the buffer, so that there is always room for its rest.
bool TurnStream::Connection::take_messages() {
  auto rest = ByteView(in_).first(filled_);
  while (!dropped_) {
    const auto size = wire::stun::frame_size(rest);
    if (!size) return false;
    if (!*size || **size > rest.size()) break;
    if (const auto listener = sink_) listener->on_message(rest.first(**size));
    rest = rest.subspan(**size);
  }
  std::copy(rest.begin(), rest.end(), in_.begin());
  filled_ = rest.size();
  return true;
}

template <class Stream>
asio::awaitable<void> TurnStream::Connection::write(Ref self, Stream& stream) {
  // What else this turn of the loop sends goes along.
  co_await asio::post(self->io_, awaited);
  while (!self->pending_.empty() && !self->dropped_) {
    std::swap(self->out_, self->pending_);
    auto [error, size] = co_await asio::async_write(stream, asio::buffer(self->out_), awaited);
    if (self->dropped_) co_return;
    if (error) co_return self->lose(Fault::server_lost);
    self->out_.clear();
  }
  self->writing_ = false;
}

}  // namespace culver::p2p
