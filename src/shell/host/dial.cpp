#include "shell/host/dial.hpp"

#include <utility>

#include <boost/asio/connect.hpp>

namespace culver::host {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

asio::awaitable<error_code> connect(NameLookup& lookup, tcp::socket& socket, std::string host,
                                    std::uint16_t port, std::chrono::milliseconds time) {
  const auto found = co_await lookup.find(std::move(host), port, time);
  if (!found) co_return found.error();
  auto [error, endpoint] = co_await asio::async_connect(socket, *found, run::awaited);
  if (error) co_return error;
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  co_return error_code{};
}

}  // namespace culver::host
