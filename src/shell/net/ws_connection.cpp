// Reading, writing and ending one connection.
#include "shell/net/ws_connection.hpp"

#include <exception>
#include <utility>
#include <variant>

#include <boost/asio/error.hpp>

#include "shell/net/client_address.hpp"

namespace culver::net_ {
namespace {

using boost::system::error_code;
using wire::websocket::Opcode;

bool is_later(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace

WsConnection::WsConnection(relay::SocketId id, Socket socket, const asio::ip::address& peer,
                           WsShared& shared)
    : id_(id),
      shared_(shared),
      socket_(std::move(socket)),
      request_(new Request{HttpReader(shared.config.max_http_header, shared.config.max_http_body),
                           peer}),
      frames_(shared.config.max_frame) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
}

WsConnection::~WsConnection() {
  shared_.counters.queued_bytes -= outbox_.bytes();
  shared_.counters.unfinished_bytes -= frames_.held();
}

relay::Address WsConnection::address_at_accept() const {
  const auto& proxy = shared_.config.trusted_proxy;
  const bool is_proxy = proxy && address_key(request_->peer) == address_key(*proxy);
  return is_proxy ? relay::Address{} : address_key(request_->peer);
}

// ---- reading ------------------------------------------------------------------------------------

void WsConnection::await_readable() {
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code) { self->read(); });
}

/// The one chain of operations that goes on for as long as the connection lives, and ends it.
void WsConnection::read() {
  if (has_ended()) return finish();
  error_code error;
  const auto size = socket_.read_some(asio::buffer(shared_.scratch), error);
  if (error && !is_later(error)) return finish();
  auto& unfinished = shared_.counters.unfinished_bytes;
  unfinished -= frames_.held();
  try {
    if (!error) take({shared_.scratch.data(), size});
  } catch (const std::exception&) {
    abort();  // a failure inside one connection ends that connection only
  }
  unfinished += frames_.held();
  if (unfinished > shared_.config.total_unfinished_bytes) abort();
  if (has_ended()) return finish();
  await_readable();
}

void WsConnection::take(std::string_view input) {
  if (phase_ == Phase::request) take_request(input);
  if (phase_ == Phase::open || phase_ == Phase::closing) take_frames(input);
}

void WsConnection::take_request(std::string_view& input) {
  auto incoming = request_->reader.next(input);
  if (incoming) std::visit([this](auto&& is) { on(std::move(is)); }, std::move(*incoming));
}

void WsConnection::take_frames(std::string_view& input) {
  while (phase_ == Phase::open || phase_ == Phase::closing) {
    auto incoming = frames_.next(input);
    if (!incoming) break;
    std::visit([this](auto&& is) { on(std::move(is)); }, std::move(*incoming));
  }
}

// ---- the request --------------------------------------------------------------------------------

/// How long it may take is the hub's business: it closes a connection that does not get upgraded.
void WsConnection::on(UpgradeRequest&& request) {
  const auto client = client_of(request.forwarded_for);
  queue_raw(print_upgrade(request));
  phase_ = Phase::open;
  request_.reset();
  shared_.sink(relay::SocketOpened{id_, client});
}

void WsConnection::on(PlainRequest&& request) {
  phase_ = Phase::asked;
  if (request.target.starts_with("/api/")) {
    auto client = client_of(request.forwarded_for);
    shared_.sink(relay::HttpRequest{id_, std::move(client), std::move(request.method),
                                    std::move(request.target), std::move(request.authorization),
                                    std::move(request.body)});
    return;
  }
  const auto page = shared_.pages(request.target);
  if (!page) return respond(404, "text/plain", "Not Found");
  respond(page->status, page->content_type, page->body);
}

void WsConnection::on(RefusedRequest&& request) {
  phase_ = Phase::asked;
  respond(request.status, "text/plain", request.status == 404 ? "Not Found" : "Refused");
}

void WsConnection::on(Unreadable&&) { abort(); }

void WsConnection::on(ContinueExpected&&) { queue_raw("HTTP/1.1 100 Continue\r\n\r\n"); }

void WsConnection::respond(unsigned status, std::string_view content_type, std::string_view body) {
  if (phase_ != Phase::asked) return;
  phase_ = Phase::last_word;
  shared_.close_bounds.add(weak_from_this());
  queue_raw(print_answer(status, content_type, body));
}

relay::Address WsConnection::client_of(std::string_view forwarded_for) const {
  return address_key(client_address(request_->peer, forwarded_for, shared_.config.trusted_proxy));
}

// ---- frames -------------------------------------------------------------------------------------

void WsConnection::on(wire::websocket::Message&& message) {
  if (phase_ != Phase::open) return;  // only the client's close frame matters now
  ++shared_.counters.messages_in;
  shared_.sink(relay::Frame{id_, std::move(message.bytes)});
}

void WsConnection::on(wire::websocket::TooLong&&) {
  if (phase_ == Phase::open) shared_.sink(relay::Oversized{id_});
}

void WsConnection::on(wire::websocket::PingFrame&& ping) {
  if (phase_ != Phase::open) return;
  queue(Opcode::pong, std::move(ping.payload));
  shared_.sink(relay::Alive{id_});
}

void WsConnection::on(wire::websocket::PongFrame&&) {
  if (phase_ == Phase::open) shared_.sink(relay::Alive{id_});
}

void WsConnection::on(wire::websocket::CloseFrame&& close) {
  goodbye_ = phase_ == Phase::open;
  if (goodbye_) {
    const bool has_code = close.code != wire::websocket::no_status;
    shared_.close_bounds.add(weak_from_this());
    queue_raw(has_code ? wire::websocket::print_close(close.code, {})
                       : wire::websocket::print_header(Opcode::close, 0));
  }
  phase_ = Phase::last_word;
  hangs_up_at_once_ = true;
  flush();
}

void WsConnection::on(wire::websocket::Broken&& broken) {
  if (phase_ == Phase::open) {
    shared_.close_bounds.add(weak_from_this());
    queue_raw(wire::websocket::print_close(broken.code, {}));
  }
  phase_ = Phase::last_word;
  flush();
}

// ---- writing ------------------------------------------------------------------------------------

void WsConnection::send(std::string bytes, bool binary) {
  if (phase_ != Phase::open) return;
  ++shared_.counters.messages_out;
  queue(binary ? Opcode::binary : Opcode::text, std::move(bytes));
}

void WsConnection::ping() {
  if (phase_ == Phase::open) queue(Opcode::ping, {});
}

bool WsConnection::has_room(std::size_t bytes) {
  const auto& [config, counters] = std::tie(shared_.config, shared_.counters);
  if (outbox_.bytes() + bytes <= config.queue_bytes &&
      counters.queued_bytes + bytes <= config.total_queue_bytes)
    return true;
  ++shared_.counters.slow_readers;
  abort();
  return false;
}

void WsConnection::queue(Opcode opcode, std::string payload) {
  if (!has_room(payload.size())) return;
  const auto before = outbox_.bytes();
  outbox_.append_message(opcode, std::move(payload));
  shared_.counters.queued_bytes += outbox_.bytes() - before;
  if (!std::exchange(flush_is_due_, true)) shared_.flush_list.add(shared_from_this());
}

void WsConnection::queue_raw(std::string bytes) {
  shared_.counters.queued_bytes += bytes.size();
  outbox_.append_raw(std::move(bytes));
  if (!std::exchange(flush_is_due_, true)) shared_.flush_list.add(shared_from_this());
}

void WsConnection::flush() {
  flush_is_due_ = false;
  while (!has_ended() && !outbox_.empty()) {
    error_code error;
    const auto size = socket_.write_some(outbox_.front(), error);
    ++shared_.counters.writes;
    if (is_later(error)) {
      flush_is_due_ = true;
      socket_.async_wait(Socket::wait_write,
                         [self = shared_from_this()](error_code) { self->flush(); });
      return;
    }
    if (error) return abort();
    shared_.counters.queued_bytes -= size;
    outbox_.consume(size);
  }
  if (phase_ != Phase::last_word || drains_) return;
  if (hangs_up_at_once_) return abort();
  // Closing while unread bytes lie in the socket would take our last word away from the client.
  drains_ = true;
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

// ---- ending -------------------------------------------------------------------------------------

void WsConnection::close(std::uint16_t code, std::string_view reason) {
  if (phase_ == Phase::request || phase_ == Phase::asked) return abort();
  if (phase_ != Phase::open) return;
  phase_ = Phase::closing;
  shared_.close_bounds.add(weak_from_this());
  queue_raw(wire::websocket::print_close(code, reason));
}

/// The operation that waits for the socket fails, and sees that the connection has ended.
void WsConnection::abort() {
  phase_ = Phase::ended;
  error_code ignored;
  socket_.close(ignored);
}

void WsConnection::finish() {
  if (!has_ended()) abort();
  shared_.close_bounds.forget_ended();
  shared_.gone(id_, goodbye_);
}

}  // namespace culver::net_
