// Reading, writing and ending one connection.
#include "shell/net/ws_connection.hpp"

#include <utility>

#include <boost/asio/error.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/error.hpp>

#include "core/wire/close_reason.hpp"
#include "core/wire/http_date.hpp"
#include "core/wire/utf8.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/log.hpp"
#include "shell/net/client_address.hpp"

namespace culver::net_ {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;
using Answer = http::response<http::string_body>;

constexpr unsigned http_version = 11;
/// Where the questions are, whose request is gone when they are answered.
constexpr std::string_view question_target = "/api/";

bool is_later(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace

WsConnection::WsConnection(relay::SocketId id, Socket socket, Door door,
                           const asio::ip::address& peer, WsShared& shared)
    : id_(id),
      door_(door),
      shared_(shared),
      share_(shared.held),
      request_(new Request{HttpReader(shared.config.max_http_header, shared.config.max_http_body),
                           peer}),
      inbox_(shared.config.first_frames),
      ws_(std::move(socket), *this) {
  error_code ignored;
  this->socket().non_blocking(true, ignored);
  ws_.auto_fragment(false);
  ws_.read_message_max(0);  // the inbox bounds what is kept
  ws_.control_callback([this](websocket::frame_type kind, beast::string_view payload) {
    on_control(kind, payload.size());
  });
}

WsConnection::~WsConnection() {
  count_queued(0, outbox_.bytes());
  const auto held = inbox_.held();
  inbox_.drop();
  count_unfinished(held);
}

void WsConnection::count_queued(std::size_t more, std::size_t less) {
  shared_.counters.queued_bytes += more - less;
  share_.count_queued(more, less);
}

relay::Address WsConnection::address_at_accept() const {
  const auto& peer = request_->peer;
  return is_proxy(peer, shared_.config.trusted_proxies) ? relay::Address{} : address_key(peer);
}

void WsConnection::tell(relay::Event event) { shared_.sink(std::move(event)); }

// ---- the request --------------------------------------------------------------------------------

/// How long it may take is the hub's business: it closes a connection that does not get upgraded.
void WsConnection::read_header() {
  auto& [buffer, parser] = request_->reader;
  http::async_read_header(
      ws_.next_layer(), buffer, parser,
      [self = shared_from_this()](error_code error, std::size_t) { self->on_header(error); });
}

void WsConnection::on_header(error_code error) {
  if (!has_ended() && error == http::error::body_limit) return refuse(413);
  if (has_ended() || error) return finish();
  const auto& parser = request_->reader.parser;
  const auto wish = wish_of(parser);
  if (!wish) return refuse(static_cast<unsigned>(wish.error()));
  if (door_ == Door::clients)
    allowed_ = shared_.config.origins.answer(origin_of(parser.get())).value_or("");
  if (*wish == Wish::page) return serve_page();
  if (door_ == Door::operators) return refuse(404);
  if (*wish == Wish::leave) return give_leave();
  if (*wish == Wish::upgrade) return upgrade();
  if (parser.is_done()) return ask();
  read_body();
}

/// A browser asks before it sends what no form could.
void WsConnection::give_leave() {
  phase_ = Phase::asked;
  respond(allowed_.empty() ? 403 : 204, "text/plain", {});
  drain();
}

void WsConnection::upgrade() {
  if (!shared_.config.origins.may_open(origin_of(request_->reader.parser.get())))
    return refuse(403);
  auto address = client();
  error_code declined;
  // By it a client with a wrong clock finds its peers.
  ws_.set_option(websocket::stream_base::decorator([](websocket::response_type& answer) {
    answer.set(http::field::date, wire::print_http_date(host::wall_now()));
  }));
  ws_.accept(request_->reader.parser.get(), declined);
  if (const auto& rest = request_->reader.buffer; rest.size() > 0)
    ws_.next_layer().put_back(beast::buffers_to_string(rest.data()));
  request_.reset();
  allowed_ = {};
  if (declined) {
    begin_last_word();
    return drain();
  }
  phase_ = Phase::open;
  share_.join(address);
  share_.count_queued(outbox_.bytes(), 0);
  tell(relay::SocketOpened{id_, std::move(address)});
  read_message();
}

void WsConnection::read_body() {
  auto& [buffer, parser] = request_->reader;
  if (waits_for_leave(parser.get())) {
    http::response<http::empty_body> leave(http::status::continue_, http_version);
    error_code never;
    http::write(ws_.next_layer(), leave, never);
  }
  http::async_read(
      ws_.next_layer(), buffer, parser,
      [self = shared_from_this()](error_code error, std::size_t) { self->on_body(error); });
}

void WsConnection::on_body(error_code error) {
  if (has_ended() || error) return finish();
  ask();
}

void WsConnection::ask() {
  phase_ = Phase::asked;
  auto address = client();
  auto request = request_->reader.parser.release();
  request_.reset();
  tell(relay::HttpRequest{
      id_, std::move(address), std::string(request.method_string()), std::string(request.target()),
      std::string(request[http::field::authorization]), std::move(request.body())});
  drain();
}

void WsConnection::serve_page() {
  phase_ = Phase::asked;
  const auto page = shared_.pages(door_, path_of(request_->reader.parser.get().target()));
  if (!page) return refuse(404);
  respond(page->status, page->content_type, page->body);
  drain();
}

void WsConnection::refuse(unsigned status) {
  phase_ = Phase::asked;
  respond(status, "text/plain",
          status == 404   ? "Not Found"
          : status == 403 ? "Pages of this origin may not talk to this server"
                          : "Refused");
  drain();
}

void WsConnection::respond(unsigned status, std::string_view content_type, std::string_view body,
                           std::string_view proof) {
  if (phase_ != Phase::asked) return;
  begin_last_word();
  Answer answer(http::int_to_status(status), http_version, body);
  answer.set(http::field::content_type, content_type);
  answer.set(http::field::date, wire::print_http_date(host::wall_now()));
  answer.keep_alive(false);
  answer.prepare_payload();
  if (shared_.config.origins.varies()) answer.set(http::field::vary, "Origin");
  if (!allowed_.empty()) answer.set(http::field::access_control_allow_origin, allowed_);
  if (!proof.empty()) answer.set(wire::gateway::answer_header, proof);
  if (!proof.empty() && !allowed_.empty())
    answer.set(http::field::access_control_expose_headers, wire::gateway::answer_header);
  const auto* header = request_ ? &request_->reader.parser.get() : nullptr;
  if (status == 204 && header) {
    answer.set(http::field::access_control_allow_methods, allowed_methods(header->target()));
    answer.set(http::field::access_control_allow_headers, "Authorization, Content-Type");
    answer.set(http::field::access_control_max_age, "600");
    answer.erase(http::field::content_type);
    answer.erase(http::field::content_length);
  }
  if (status == 405)
    answer.set(http::field::allow,
               header ? allowed_methods(header->target()) : allowed_methods(question_target));
  // Its length is told, and it is not sent: RFC 9110 section 9.3.2.
  if (header && header->method() == http::verb::head) answer.body().clear();
  error_code never;
  http::write(ws_.next_layer(), answer, never);
}

relay::Address WsConnection::client() const {
  const auto& proxies = shared_.config.trusted_proxies;
  if (!is_proxy(request_->peer, proxies)) return address_key(request_->peer);
  if (const auto client = client_address(hops_of(request_->reader.parser.get()), proxies))
    return address_key(*client);
  if (!std::exchange(shared_.proxy_was_unreadable, true))
    log::warn(
        "a trusted proxy does not say in a way that can be read whom it speaks for: "
        "each of its connections counts for itself");
  return "unknown " + std::to_string(id_.value);
}

// ---- messages -----------------------------------------------------------------------------------

void WsConnection::read_message() {
  if (has_ended()) return finish();
  ws_.async_read_some(inbox_.room(ws_.read_size_hint(1)),
                      [self = shared_from_this()](error_code error, std::size_t size) {
                        self->on_message_bytes(error, size);
                      });
}

void WsConnection::on_message_bytes(error_code error, std::size_t size) {
  if (has_ended()) return finish();
  if (error) return on_messages_over(error);
  const auto before = inbox_.held();
  take(size);
  count_unfinished(before);
  if (inbox_.held() > before && is_too_much()) send_away();
  read_message();
}

void WsConnection::count_unfinished(std::size_t before) {
  shared_.counters.unfinished_bytes += inbox_.held() - before;
  share_.count_unfinished(inbox_.held(), before);
}

bool WsConnection::is_too_much() const {
  const auto& config = shared_.config;
  return shared_.counters.unfinished_bytes > config.total_unfinished_bytes ||
         share_.held().unfinished_bytes > config.unfinished_bytes_per_address;
}

/// What it has begun to say is let fall at once, so that it makes room for others.
void WsConnection::send_away() {
  const auto held = inbox_.held();
  inbox_.drop();
  count_unfinished(held);
  ++shared_.counters.unfinished_refused;
  constexpr auto why = Fault::directory_failed;
  close(relay::close_code(why), wire::print_close_reason(why, 0));
}

/// Once we have said goodbye, only the client's close frame matters.
void WsConnection::take(std::size_t size) {
  if (phase_ != Phase::open) inbox_.drop();
  const bool too_long = inbox_.commit(size);
  if (too_long && phase_ == Phase::open) tell(relay::Oversized{id_});
  if (!ws_.is_message_done()) return;
  auto message = inbox_.take();
  if (!message || phase_ != Phase::open) return;
  ++shared_.counters.messages_in;
  tell(relay::Frame{id_, std::move(*message)});
}

/// Beast answers a ping after this, and a close frame too.
void WsConnection::on_control(websocket::frame_type kind, std::size_t size) {
  if (!is_open() || kind == websocket::frame_type::close) return;
  if (kind == websocket::frame_type::ping && !has_room(size)) return;
  tell(relay::Alive{id_});
}

/// Beast has answered already, if there was anything to answer.
void WsConnection::on_messages_over(error_code error) {
  const bool both_closed = phase_ == Phase::closing || error == websocket::error::closed;
  goodbye_ = phase_ == Phase::open && error == websocket::error::closed;
  if (!both_closed && error != websocket::condition::protocol_violation) return finish();
  begin_last_word();
  hangs_up_at_once_ = both_closed;
  flush();
  drain();
}

// ---- writing ------------------------------------------------------------------------------------

void WsConnection::send(std::string_view bytes, bool binary) {
  if (!is_open() || !has_room(bytes.size())) return;
  ++shared_.counters.messages_out;
  ws_.binary(binary);
  error_code never;
  ws_.write(asio::buffer(bytes), never);
}

void WsConnection::ping() {
  if (!is_open() || !has_room(0)) return;
  error_code never;
  ws_.ping({}, never);
}

bool WsConnection::has_room(std::size_t bytes) {
  const auto& [config, counters] = std::tie(shared_.config, shared_.counters);
  if (outbox_.bytes() + bytes <= config.queue_bytes &&
      share_.held().queued_bytes + bytes <= config.queue_bytes_per_address &&
      counters.queued_bytes + bytes <= config.total_queue_bytes)
    return true;
  ++shared_.counters.slow_readers;
  abort();
  return false;
}

void WsConnection::gather(std::string_view bytes) {
  if (bytes.empty() || has_ended()) return;
  count_queued(bytes.size(), 0);
  outbox_.append(bytes);
  if (!std::exchange(flush_is_due_, true)) shared_.flush_list.add(shared_from_this());
}

void WsConnection::flush() {
  flush_is_due_ = false;
  while (!has_ended() && !outbox_.empty()) {
    error_code error;
    const auto size = socket().write_some(outbox_.front(), error);
    ++shared_.counters.writes;
    if (is_later(error)) {
      flush_is_due_ = true;
      socket().async_wait(Socket::wait_write,
                          [self = shared_from_this()](error_code) { self->flush(); });
      return;
    }
    if (error) return abort();
    count_queued(0, size);
    outbox_.consume(size);
  }
  if (phase_ != Phase::last_word || has_hung_up_) return;
  if (hangs_up_at_once_) return abort();
  // Closing while unread bytes lie in the socket would take our last word away from the client.
  has_hung_up_ = true;
  error_code ignored;
  socket().shutdown(Socket::shutdown_send, ignored);
}

// ---- ending -------------------------------------------------------------------------------------

void WsConnection::close(std::uint16_t code, std::string_view reason) {
  if (phase_ == Phase::request || phase_ == Phase::asked) return abort();
  if (!is_open()) return;
  phase_ = Phase::closing;
  shared_.close_bounds.add(weak_from_this());
  const auto text = wire::utf8::cut(reason, websocket::reason_string::static_capacity);
  const websocket::close_reason why(websocket::close_code{code},
                                    beast::string_view(text.data(), text.size()));
  ws_.async_close(why, [self = shared_from_this()](error_code) {});
}

void WsConnection::begin_last_word() {
  if (phase_ != Phase::closing) shared_.close_bounds.add(weak_from_this());
  phase_ = Phase::last_word;
}

/// Whatever still comes is dropped, until the client hangs up.
void WsConnection::drain() {
  if (has_ended()) return finish();
  socket().async_read_some(inbox_.scrap(), [self = shared_from_this()](error_code error, auto) {
    error ? self->finish() : self->drain();
  });
}

/// The read that is pending fails, and sees that the connection has ended.
void WsConnection::abort() {
  phase_ = Phase::ended;
  error_code ignored;
  socket().close(ignored);
}

void WsConnection::finish() {
  if (!has_ended()) abort();
  shared_.close_bounds.forget_ended();
  shared_.gone(id_, goodbye_);
}

}  // namespace culver::net_
