// A coroutine that dials, asks and reads, on a Beast stream that bounds the time of all of it.
#include "shell/net/http_client.hpp"

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "core/wire/gateway_admin.hpp"
#include "shell/host/dial.hpp"
#include "shell/host/log_exception.hpp"
#include "shell/host/tls_client.hpp"
#include "shell/run/awaited.hpp"

namespace culver::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using run::awaited;

using Answered = HttpAnswered;
using Asked = http::request<http::string_body>;
using Ref = std::shared_ptr<const HttpExchange>;

Asked request_of(const HttpExchange& exchange) {
  Asked request(http::string_to_verb(exchange.method), exchange.target, 11);
  request.set(http::field::host, exchange.server.authority());
  request.set(http::field::authorization, exchange.authorization);
  request.keep_alive(false);
  if (!exchange.body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = exchange.body;
  request.prepare_payload();
  return request;
}

Failure failed(const HttpExchange& exchange, std::vector<Endpoint> reached, dial::Cause cause) {
  return DialFailure{exchange.server.host, exchange.server.port, std::move(cause),
                     std::move(reached)};
}

dial::Cause cause_of(error_code error) {
  using dial::Step;
  if (error == beast::error::timeout) return dial::Silent{Step::upgrading};
  if (error == http::error::end_of_stream || error == http::error::partial_message)
    return dial::HungUp{Step::upgrading};
  if (error.category() == error_code(http::error::bad_version).category())
    return dial::NotHttp{dial::Protocol::unknown};
  return host::cause_of(error, Step::upgrading);
}

/// Over a stream that is connected, and secure if it is to be.
template <class Stream>
asio::awaitable<Answered> talk(Ref exchange, Stream& stream, std::vector<Endpoint> reached) {
  const auto request = request_of(*exchange);
  auto [unsent, sent] = co_await http::async_write(stream, request, awaited);
  if (unsent) co_return fail(failed(*exchange, std::move(reached), cause_of(unsent)));
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(exchange->largest_answer);
  auto [unread, size] = co_await http::async_read(stream, buffer, parser, awaited);
  if (unread == http::error::body_limit) co_return fail(Fault::too_large);
  if (unread) co_return fail(failed(*exchange, std::move(reached), cause_of(unread)));
  auto answer = parser.release();
  std::string proof(answer[wire::gateway::answer_header]);
  co_return HttpAnswer{answer.result_int(), std::move(answer.body()), std::move(proof)};
}

asio::awaitable<Answered> ask_plainly(Ref exchange, tcp::socket socket) {
  const auto reached = host::remote_of(socket);
  beast::tcp_stream stream(std::move(socket));
  stream.expires_after(exchange->time);
  co_return co_await talk(exchange, stream, reached);
}

asio::awaitable<Answered> ask_securely(Ref exchange, tcp::socket socket) {
  const auto reached = host::remote_of(socket);
  error_code error;
  auto context = host::make_tls_context(exchange->extra_ca_file, error);
  if (error)
    co_return fail(failed(*exchange, reached, dial::Untrusted{dial::Untrusted::Why::no_store}));
  beast::ssl_stream<beast::tcp_stream> stream(beast::tcp_stream(std::move(socket)), context);
  beast::get_lowest_layer(stream).expires_after(exchange->time);
  auto trouble = co_await host::secure(stream, exchange->server.host);
  if (trouble) co_return fail(failed(*exchange, reached, std::move(*trouble)));
  co_return co_await talk(exchange, stream, reached);
}

asio::awaitable<Answered> ask(asio::io_context& io, Ref exchange) {
  const auto& url = exchange->server;
  host::Dialer dialer(io, exchange->look_up);
  auto socket = co_await dialer.connect(url.host, url.port, exchange->time);
  if (!socket) co_return fail(Failure(std::move(socket.error())));
  if (url.secure) co_return co_await ask_securely(exchange, std::move(*socket));
  co_return co_await ask_plainly(exchange, std::move(*socket));
}

asio::awaitable<void> run(asio::io_context& io, Ref exchange, HttpDone done) {
  auto answer = co_await ask(io, exchange);
  done(std::move(answer));
}

}  // namespace

void exchange(asio::io_context& io, HttpExchange request, HttpDone done) {
  auto shared = std::make_shared<const HttpExchange>(std::move(request));
  asio::co_spawn(io, run(io, std::move(shared), std::move(done)),
                 log::Caught{"an HTTP request ended"});
}

}  // namespace culver::net
