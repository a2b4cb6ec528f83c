// A coroutine that dials, asks and reads, on a Beast stream that bounds the time of all of it.
#include "shell/net/http_client.hpp"

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

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

using Answered = Result<HttpAnswer>;
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

Fault fault_of(error_code error) {
  if (error == beast::error::timeout) return Fault::server_silent;
  if (error == http::error::body_limit) return Fault::too_large;
  return Fault::server_refused;
}

/// Over a stream that is connected, and secure if it is to be.
template <class Stream>
asio::awaitable<Answered> talk(Ref exchange, Stream& stream) {
  const auto request = request_of(*exchange);
  auto [unsent, sent] = co_await http::async_write(stream, request, awaited);
  if (unsent) co_return fail(fault_of(unsent));
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(exchange->largest_answer);
  auto [unread, size] = co_await http::async_read(stream, buffer, parser, awaited);
  if (unread) co_return fail(fault_of(unread));
  auto answer = parser.release();
  co_return HttpAnswer{answer.result_int(), std::move(answer.body())};
}

asio::awaitable<error_code> connect(asio::io_context& io, Ref exchange, beast::tcp_stream& stream) {
  const auto& url = exchange->server;
  host::NameLookup lookup(io, exchange->look_up);
  const auto found = co_await lookup.find(url.host, url.port, exchange->time);
  if (!found) co_return found.error();
  stream.expires_after(exchange->time);
  auto [error, endpoint] = co_await stream.async_connect(*found, awaited);
  co_return error;
}

asio::awaitable<Answered> ask_plainly(asio::io_context& io, Ref exchange) {
  beast::tcp_stream stream(io);
  if (co_await connect(io, exchange, stream)) co_return fail(Fault::server_unreachable);
  co_return co_await talk(exchange, stream);
}

asio::awaitable<Answered> ask_securely(asio::io_context& io, Ref exchange) {
  error_code error;
  auto context = host::make_tls_context(exchange->extra_ca_file, error);
  if (error) co_return fail(Fault::server_untrusted);
  beast::ssl_stream<beast::tcp_stream> stream(io, context);
  if (!host::expect_host(stream.native_handle(), exchange->server.host))
    co_return fail(Fault::internal);
  if (co_await connect(io, exchange, beast::get_lowest_layer(stream)))
    co_return fail(Fault::server_unreachable);
  auto [refused] = co_await stream.async_handshake(asio::ssl::stream_base::client, awaited);
  const bool untrusted = SSL_get_verify_result(stream.native_handle()) != X509_V_OK;
  if (refused) co_return fail(untrusted ? Fault::server_untrusted : fault_of(refused));
  co_return co_await talk(exchange, stream);
}

asio::awaitable<void> run(asio::io_context& io, Ref exchange, HttpDone done) {
  Answered answer = fail(Fault::internal);
  if (exchange->server.secure)
    answer = co_await ask_securely(io, exchange);
  else
    answer = co_await ask_plainly(io, exchange);
  done(std::move(answer));
}

}  // namespace

void exchange(asio::io_context& io, HttpExchange request, HttpDone done) {
  auto shared = std::make_shared<const HttpExchange>(std::move(request));
  asio::co_spawn(io, run(io, std::move(shared), std::move(done)), asio::detached);
}

}  // namespace culver::net
