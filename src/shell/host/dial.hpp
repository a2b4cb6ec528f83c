// Dialling a server: its name, its addresses in turn, and TLS on what answers. To end it early
// close the socket and cancel the look-up.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream_base.hpp>

#include "core/base/fault.hpp"
#include "shell/host/name_lookup.hpp"
#include "shell/host/tls_client.hpp"
#include "shell/run/awaited.hpp"

namespace culver::host {

/// Looks the host up and connects to the first of its addresses that answers. `time` bounds the
/// look-up alone. What is sent is not held back (Nagle). The references must live until it is over.
boost::asio::awaitable<boost::system::error_code> connect(NameLookup& lookup,
                                                          boost::asio::ip::tcp::socket& socket,
                                                          std::string host, std::uint16_t port,
                                                          std::chrono::milliseconds time);

/// The handshake of a client on a connected stream. server_untrusted (certificate), or `refused`
/// for all else that a server may do.
template <class Tls>
boost::asio::awaitable<std::optional<Fault>> secure(Tls& stream, std::string host, Fault refused) {
  if (!expect_host(stream.native_handle(), host)) co_return Fault::internal;
  auto [error] =
      co_await stream.async_handshake(boost::asio::ssl::stream_base::client, run::awaited);
  if (!error) co_return std::nullopt;
  const bool untrusted = SSL_get_verify_result(stream.native_handle()) != X509_V_OK;
  co_return untrusted ? Fault::server_untrusted : refused;
}

}  // namespace culver::host
