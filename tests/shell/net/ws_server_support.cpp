#include "tests/shell/net/ws_server_support.hpp"

#include <array>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "shell/run/awaited.hpp"

namespace culver::net::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using run::awaited;

using SocketRef = std::shared_ptr<Socket>;
using Plain = websocket::stream<Socket>;

// ---- accepting ----------------------------------------------------------------------------------

struct TestServer::Listener {
  Listener(asio::io_context& io, Script what)
      : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), script(std::move(what)) {}
  tcp::acceptor acceptor;
  Script script;

  static awaitable<void> accept(std::shared_ptr<Listener> self) {
    for (;;) {
      auto [error, socket] = co_await self->acceptor.async_accept(awaited);
      if (error) co_return;
      const auto ref = std::make_shared<Socket>(std::move(socket));
      asio::co_spawn(self->acceptor.get_executor(), self->script(ref), asio::detached);
    }
  }
};

TestServer::TestServer(asio::io_context& io, Script script)
    : listener_(std::make_shared<Listener>(io, std::move(script))) {
  asio::co_spawn(io, Listener::accept(listener_), asio::detached);
}
TestServer::~TestServer() { stop(); }
std::uint16_t TestServer::port() const { return listener_->acceptor.local_endpoint().port(); }
void TestServer::stop() {
  error_code ignored;
  listener_->acceptor.close(ignored);
}

std::uint16_t refused_port(asio::io_context& io) {
  tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  return acceptor.local_endpoint().port();
}

// ---- scripts ------------------------------------------------------------------------------------

namespace {

template <class Stream>
awaitable<void> echo_on(std::shared_ptr<Stream> stream, Seen* seen) {
  beast::flat_buffer buffer;
  http::request<http::string_body> request;
  auto [no_request, size] =
      co_await http::async_read(stream->next_layer(), buffer, request, awaited);
  if (no_request) co_return;
  seen->host = std::string(request[http::field::host]);
  seen->target = std::string(request.target());
  auto [refused] = co_await stream->async_accept(request, awaited);
  if (refused) co_return;
  buffer.clear();
  for (;;) {
    auto [error, n] = co_await stream->async_read(buffer, awaited);
    if (error) break;
    seen->frames.push_back(beast::buffers_to_string(buffer.data()));
    seen->binary.push_back(stream->got_binary());
    stream->text(stream->got_text());
    auto [failed, m] = co_await stream->async_write(buffer.data(), awaited);
    if (failed) break;
    buffer.clear();
  }
  seen->close_code = stream->reason().code;
  seen->ended = true;
}

awaitable<void> echo_plain(SocketRef socket, Seen* seen) {
  const auto stream = std::make_shared<Plain>(std::move(*socket));
  co_await echo_on(stream, seen);
}

awaitable<void> echo_secure(SocketRef socket, Seen* seen,
                            std::shared_ptr<asio::ssl::context> context) {
  using Tls = websocket::stream<beast::ssl_stream<Socket>>;
  const auto stream = std::make_shared<Tls>(std::move(*socket), *context);
  auto [error] =
      co_await stream->next_layer().async_handshake(asio::ssl::stream_base::server, awaited);
  if (error) co_return;
  co_await echo_on(stream, seen);
}

awaitable<void> say_on(SocketRef socket, std::vector<std::string> frames, bool binary) {
  Plain stream(std::move(*socket));
  co_await stream.async_accept(awaited);
  stream.binary(binary);
  for (const auto& frame : frames) {
    const auto bytes = asio::buffer(frame);
    auto [error, n] = co_await stream.async_write(bytes, awaited);
    if (error) co_return;
  }
  beast::flat_buffer buffer;
  co_await stream.async_read(buffer, awaited);
}

awaitable<void> converse_on(SocketRef socket, Seen* seen, std::vector<std::string> frames,
                            Answer answer) {
  Plain stream(std::move(*socket));
  co_await stream.async_accept(awaited);
  for (;;) {
    for (const auto& frame : frames) {
      const auto bytes = asio::buffer(frame);
      auto [error, n] = co_await stream.async_write(bytes, awaited);
      if (error) break;
    }
    beast::flat_buffer buffer;
    auto [error, n] = co_await stream.async_read(buffer, awaited);
    if (error) break;
    seen->frames.push_back(beast::buffers_to_string(buffer.data()));
    seen->binary.push_back(stream.got_binary());
    auto next = answer(seen->frames.back());
    if (!next) break;
    frames = std::move(*next);
  }
  seen->close_code = stream.reason().code;
  seen->ended = true;
}

awaitable<void> close_on(SocketRef socket, std::string reason, std::uint16_t code) {
  Plain stream(std::move(*socket));
  co_await stream.async_accept(awaited);
  const websocket::close_reason close(static_cast<websocket::close_code>(code), reason);
  co_await stream.async_close(close, awaited);
}

/// Reads until the other side is gone.
awaitable<void> swallow(Socket* socket) {
  std::array<char, 4096> bytes;
  for (;;) {
    const auto buffer = asio::buffer(bytes);
    auto [error, n] = co_await socket->async_read_some(buffer, awaited);
    if (error) co_return;
  }
}

/// Behind Beast's back, so that nothing is answered.
awaitable<void> upgrade_and_swallow(SocketRef socket, std::string first) {
  Plain stream(std::move(*socket));
  co_await stream.async_accept(awaited);
  const auto bytes = asio::buffer(first);
  co_await asio::async_write(stream.next_layer(), bytes, awaited);
  co_await swallow(&stream.next_layer());
}

awaitable<void> drop_on(SocketRef socket) {
  Plain stream(std::move(*socket));
  co_await stream.async_accept(awaited);
}

awaitable<void> never_answer_on(SocketRef socket, Seen* seen) {
  co_await swallow(socket.get());
  seen->ended = true;
}

awaitable<void> answer_on(SocketRef socket, std::string text) {
  std::array<char, 4096> request;
  const auto buffer = asio::buffer(request);
  co_await socket->async_read_some(buffer, awaited);
  const auto bytes = asio::buffer(text);
  co_await asio::async_write(*socket, bytes, awaited);
}

}  // namespace

Script echo(Seen& seen) {
  return [seen = &seen](SocketRef socket) { return echo_plain(socket, seen); };
}
Script echo_tls(Seen& seen, std::shared_ptr<asio::ssl::context> context) {
  return [seen = &seen, context](SocketRef s) { return echo_secure(s, seen, context); };
}
Script say(std::vector<std::string> frames, bool binary) {
  return [frames, binary](SocketRef socket) { return say_on(socket, frames, binary); };
}
Script converse(Seen& seen, std::vector<std::string> first, Answer answer) {
  return [seen = &seen, first = std::move(first), answer = std::move(answer)](SocketRef socket) {
    return converse_on(socket, seen, first, answer);
  };
}

Script close_at_once(std::string reason, std::uint16_t code) {
  return [reason, code](SocketRef socket) { return close_on(socket, reason, code); };
}
Script close_and_keep_socket() {
  return [](SocketRef socket) {
    return upgrade_and_swallow(socket, std::string("\x88\x02\x03\xe8", 4));
  };
}
Script drop_after_upgrade() { return &drop_on; }
Script never_answer(Seen& seen) {
  return [seen = &seen](SocketRef socket) { return never_answer_on(socket, seen); };
}
Script answer(std::string bytes) {
  return [bytes](SocketRef socket) { return answer_on(socket, bytes); };
}
Script open_and_never_reply() {
  return [](SocketRef socket) { return upgrade_and_swallow(socket, std::string()); };
}

// ---- certificates -------------------------------------------------------------------------------

std::shared_ptr<asio::ssl::context> server_context(const Certificate& certificate, Seen& seen) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  context->use_certificate_chain(asio::buffer(certificate.certificate_pem));
  context->use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem);
  SSL_CTX_set_tlsext_servername_callback(
      context->native_handle(), +[](SSL* tls, int*, void* argument) {
        if (const char* name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name))
          static_cast<Seen*>(argument)->server_name = name;
        return SSL_TLSEXT_ERR_OK;
      });
  SSL_CTX_set_tlsext_servername_arg(context->native_handle(), &seen);
  return context;
}

}  // namespace culver::net::testing
