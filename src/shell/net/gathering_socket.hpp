// The socket of one connection as Beast sees it. Reads go to the socket. Writes are taken at once
// and gathered: the connection gives them to the kernel at the end of the turn, so that many
// messages leave in one call. It moves bytes and knows nothing about them.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/role.hpp>

#include "shell/net/ws_shared.hpp"

namespace culver::net_ {

/// A frame is never torn: whatever one write brings is taken whole. That is why Beast's synchronous
/// writes, which never block here, may come between its asynchronous ones (pongs, close frames).
class GatheringSocket {
 public:
  using next_layer_type = Socket;
  using executor_type = Socket::executor_type;

  GatheringSocket(Socket socket, WsConnection& owner) : socket_(std::move(socket)), owner_(owner) {}

  Socket& next_layer() { return socket_; }
  const Socket& next_layer() const { return socket_; }
  executor_type get_executor() { return socket_.get_executor(); }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
    return socket_.read_some(buffers, error);
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return socket_.read_some(buffers);
  }
  template <class Buffers, class Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    if (ahead_.empty()) return socket_.async_read_some(buffers, std::forward<Handler>(handler));
    const auto initiate = [this](auto&& done, const Buffers& room) {
      const auto size = asio::buffer_copy(room, asio::buffer(ahead_));
      ahead_.erase(0, size);
      if (ahead_.empty()) ahead_.shrink_to_fit();
      post(std::forward<decltype(done)>(done), size);
    };
    return asio::async_initiate<Handler, Done>(initiate, handler, buffers);
  }
  /// Has been read already, and comes before what is still to be read.
  void put_back(std::string bytes) { ahead_ = std::move(bytes); }

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    std::size_t size = 0;
    for (const asio::const_buffer buffer : boost::beast::buffers_range_ref(buffers)) {
      gather(buffer);
      size += buffer.size();
    }
    return size;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& error) {
    error = {};
    return write_some(buffers);
  }
  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    const auto initiate = [this](auto&& done, const Buffers& bytes) {
      post(std::forward<decltype(done)>(done), write_some(bytes));
    };
    return asio::async_initiate<Handler, Done>(initiate, handler, buffers);
  }

 private:
  using Done = void(boost::system::error_code, std::size_t);

  template <class Handler>
  void post(Handler&& done, std::size_t size) {
    const boost::system::error_code none;
    asio::post(get_executor(),
               boost::beast::bind_front_handler(std::forward<Handler>(done), none, size));
  }
  void gather(asio::const_buffer bytes);

  Socket socket_;
  WsConnection& owner_;
  std::string ahead_;
};

/// What Beast does to end the connection below WebSocket. Nothing: what is gathered has to leave
/// first, so it is the connection that hangs up.
template <class Handler>
void async_teardown(boost::beast::role_type, GatheringSocket& socket, Handler&& handler) {
  asio::post(socket.get_executor(), boost::beast::bind_front_handler(std::forward<Handler>(handler),
                                                                     boost::system::error_code{}));
}
inline void teardown(boost::beast::role_type, GatheringSocket&, boost::system::error_code&) {}

}  // namespace culver::net_
