// Reading, writing and ending one connection. Everything runs on the thread of its executor.
#include "shell/net/ws_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "shell/net/client_address.hpp"

namespace culver::net_ {
namespace {

namespace http = beast::http;
namespace websocket = beast::websocket;
using error_code = boost::system::error_code;

constexpr auto await = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_piece = 65'536;
constexpr auto never = asio::steady_timer::time_point::max();

asio::ip::address peer_of(const tcp::socket& socket) {
  error_code error;
  return socket.remote_endpoint(error).address();
}

template <class Request>
std::string forwarded_for(const Request& request) {
  std::string hops;
  const auto fields = request.equal_range("X-Forwarded-For");
  for (auto field = fields.first; field != fields.second; ++field) {
    if (!hops.empty()) hops += ',';
    hops += std::string(field->value());
  }
  return hops;
}

}  // namespace

WsConnection::WsConnection(relay::SocketId id, tcp::socket socket, WsShared& shared)
    : id_(id),
      shared_(shared),
      ws_(std::move(socket)),
      peer_(peer_of(ws_.next_layer().socket())),
      wake_(ws_.get_executor(), never),
      close_bound_(ws_.get_executor(), never) {}

WsConnection::~WsConnection() { shared_.queued_bytes -= queued_bytes_; }

relay::Address WsConnection::address_at_accept() const {
  const bool is_proxy = shared_.config.trusted_proxy &&
                        address_key(peer_) == address_key(*shared_.config.trusted_proxy);
  return is_proxy ? relay::Address{} : address_key(peer_);
}

asio::awaitable<bool> WsConnection::run() {
  using namespace asio::experimental::awaitable_operators;
  if (co_await upgrade()) {
    co_await (read_messages() && write_queue() && enforce_close_bound());
  }
  co_return goodbye_;
}

// ---- before WebSocket ---------------------------------------------------------------------------

/// How long it may take is the relay's business: it closes a connection that does not get upgraded.
asio::awaitable<bool> WsConnection::upgrade() {
  beast::flat_buffer buffer(shared_.config.max_http_header);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(shared_.config.max_http_header);
  const auto [error, size] =
      co_await http::async_read_header(ws_.next_layer(), buffer, parser, await);
  if (error) co_return false;
  const auto request = parser.release();
  if (!websocket::is_upgrade(request)) {
    co_await answer_http(request);
    co_return false;
  }

  websocket::stream_base::timeout timeouts{};
  timeouts.handshake_timeout = shared_.config.close_bound;
  timeouts.idle_timeout = websocket::stream_base::none();
  timeouts.keep_alive_pings = false;
  ws_.set_option(timeouts);
  ws_.read_message_max(0);  // read_messages() counts, so that it can say why
  ws_.auto_fragment(false);
  ws_.text(true);
  const auto [refused] = co_await ws_.async_accept(request, await);
  if (refused || stopped_) co_return false;

  upgraded_ = true;
  const auto client = client_address(peer_, forwarded_for(request), shared_.config.trusted_proxy);
  shared_.sink(relay::SocketOpened{id_, address_key(client)});
  co_return true;
}

asio::awaitable<void> WsConnection::answer_http(const Request& request) {
  const bool healthy = request.method() == http::verb::get && request.target() == "/health";
  http::response<http::string_body> response(healthy ? http::status::ok : http::status::not_found,
                                             request.version());
  response.set(http::field::content_type, healthy ? "application/json" : "text/plain");
  response.body() = healthy ? R"({"status":"healthy"})" : "Not Found";
  response.keep_alive(false);
  response.prepare_payload();
  co_await http::async_write(ws_.next_layer(), response, await);
  error_code ignored;
  ws_.next_layer().socket().shutdown(tcp::socket::shutdown_both, ignored);
}

// ---- reading ------------------------------------------------------------------------------------

asio::awaitable<void> WsConnection::read_messages() {
  ws_.control_callback([this](websocket::frame_type kind, beast::string_view) {
    if (kind != websocket::frame_type::close) shared_.sink(relay::Alive{id_});
  });
  beast::flat_buffer buffer;
  bool too_large = false;
  for (;;) {
    const auto [error, size] = co_await ws_.async_read_some(buffer, read_piece, await);
    if (error) {
      goodbye_ = error == websocket::error::closed && !closing_;
      break;
    }
    if (too_large || closing_) {
      buffer.clear();  // only the close frame matters now
    } else if (buffer.size() > shared_.config.max_frame) {
      too_large = true;
      buffer.clear();
      shared_.sink(relay::Oversized{id_});
    } else if (ws_.is_message_done()) {
      auto text = beast::buffers_to_string(buffer.data());
      buffer.clear();
      shared_.sink(relay::Frame{id_, std::move(text)});
    }
  }
  abort();
}

// ---- writing ------------------------------------------------------------------------------------

void WsConnection::send(std::string text) {
  const auto bytes = text.size();
  if (stopped_ || closing_) return;
  if (queue_.size() >= shared_.config.queue_items ||
      queued_bytes_ + bytes > shared_.config.queue_bytes ||
      shared_.queued_bytes + bytes > shared_.config.total_queue_bytes) {
    ++shared_.slow_readers;
    return abort();
  }
  queued_bytes_ += bytes;
  shared_.queued_bytes += bytes;
  enqueue(std::move(text));
}

void WsConnection::ping() {
  if (!closing_ && queue_.size() < shared_.config.queue_items) enqueue(PingItem{});
}

void WsConnection::close(std::uint16_t code, std::string_view reason) {
  if (!upgraded_) return abort();
  if (closing_) return;
  closing_ = true;
  close_bound_.expires_after(shared_.config.close_bound);
  enqueue(CloseItem{code, std::string(reason)});
}

void WsConnection::enqueue(Item item) {
  queue_.push_back(std::move(item));
  wake_.cancel();
}

asio::awaitable<void> WsConnection::write_queue() {
  while (!stopped_) {
    if (queue_.empty()) {
      co_await wake_.async_wait(await);
      continue;
    }
    // It stays in the count until it is written, and in the queue so that it stays alive.
    const bool more = co_await write(queue_.front());
    if (const auto* text = std::get_if<std::string>(&queue_.front())) {
      queued_bytes_ -= text->size();
      shared_.queued_bytes -= text->size();
    }
    queue_.pop_front();
    if (!more) break;
  }
  abort();
}

/// False when this was the last one.
asio::awaitable<bool> WsConnection::write(Item& item) {
  if (const auto* text = std::get_if<std::string>(&item)) {
    const auto buffer = asio::buffer(*text);
    const auto [error, size] = co_await ws_.async_write(buffer, await);
    co_return !error;
  }
  if (std::holds_alternative<PingItem>(item)) {
    const websocket::ping_data empty;
    const auto [error] = co_await ws_.async_ping(empty, await);
    co_return !error;
  }
  const auto& [code, text] = std::get<CloseItem>(item);
  const websocket::close_reason reason(static_cast<websocket::close_code>(code), text);
  co_await ws_.async_close(reason, await);
  co_return false;
}

// ---- ending -------------------------------------------------------------------------------------

asio::awaitable<void> WsConnection::enforce_close_bound() {
  while (!stopped_) {
    const auto [error] = co_await close_bound_.async_wait(await);
    if (!error) abort();
  }
}

/// Ends all three loops: their operations fail, and they see that nothing is left to do.
void WsConnection::abort() {
  stopped_ = true;
  wake_.cancel();
  close_bound_.cancel();
  ws_.next_layer().close();
}

}  // namespace culver::net_
