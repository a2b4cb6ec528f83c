// How this house awaits an asynchronous operation: errors come back as values.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace culver::run {

/// `auto [error, n] = co_await socket.async_read_some(buffer, awaited);`
inline constexpr auto awaited = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace culver::run
