// A TCP socket that remembers what it heard first, so that a server which speaks something else can
// be told by it. It moves bytes as the socket does.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include "core/base/dial_failure.hpp"

namespace culver::net {

class HeardSocket {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using next_layer_type = Socket;
  using lowest_layer_type = Socket::lowest_layer_type;
  using executor_type = Socket::executor_type;

  explicit HeardSocket(Socket socket) : socket_(std::move(socket)) {}

  Socket& next_layer() { return socket_; }
  const Socket& next_layer() const { return socket_; }
  lowest_layer_type& lowest_layer() { return socket_.lowest_layer(); }
  const lowest_layer_type& lowest_layer() const { return socket_.lowest_layer(); }
  executor_type get_executor() { return socket_.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_compose<Token, Done>(
        [this, buffers, begun = false](auto& self, boost::system::error_code error = {},
                                       std::size_t size = 0) mutable {
          if (!std::exchange(begun, true)) return socket_.async_read_some(buffers, std::move(self));
          note(buffers, size);
          self.complete(error, size);
        },
        token, socket_);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return socket_.async_write_some(buffers, std::forward<Token>(token));
  }
  // Beast and OpenSSL's adapter name these, and never call them here.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
    const auto size = socket_.read_some(buffers, error);
    note(buffers, size);
    return size;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& error) {
    return socket_.write_some(buffers, error);
  }

  dial::Protocol protocol() const {
    const std::string_view heard(first_.data(), filled_);
    if (heard.starts_with("SSH-")) return dial::Protocol::ssh;
    if (heard.starts_with("HTTP/")) return dial::Protocol::http;
    // A record of TLS: an alert or a part of a handshake, of version 3.x.
    const bool is_record = heard.size() >= 3 && (heard[0] == 0x15 || heard[0] == 0x16);
    return is_record && heard[1] == 3 && heard[2] <= 4 ? dial::Protocol::tls
                                                       : dial::Protocol::unknown;
  }

 private:
  using Done = void(boost::system::error_code, std::size_t);

  template <class Buffers>
  void note(const Buffers& buffers, std::size_t size) {
    const auto room = boost::asio::buffer(first_) + filled_;
    const auto heard = std::min(size, boost::asio::buffer_size(buffers));
    filled_ += boost::asio::buffer_copy(room, buffers, heard);
  }

  Socket socket_;
  std::array<char, 8> first_{};
  std::size_t filled_ = 0;
};

template <class Handler>
void async_teardown(boost::beast::role_type role, HeardSocket& socket, Handler&& handler) {
  boost::beast::websocket::async_teardown(role, socket.next_layer(),
                                          std::forward<Handler>(handler));
}
inline void teardown(boost::beast::role_type role, HeardSocket& socket,
                     boost::system::error_code& error) {
  boost::beast::websocket::teardown(role, socket.next_layer(), error);
}

}  // namespace culver::net
