// Dialling a server: its name, its addresses, and TLS on what answers. The addresses are tried as
// RFC 8305 says: the families in turn, the next one when the last has not answered within 250 ms,
// and the first that answers is taken.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <tl/expected.hpp>

#include "core/base/dial_failure.hpp"
#include "shell/host/name_lookup.hpp"
#include "shell/host/tls_client.hpp"
#include "shell/run/awaited.hpp"

namespace culver::host {

/// RFC 8305 section 5, the recommended Connection Attempt Delay.
inline constexpr std::chrono::milliseconds attempt_delay{250};

/// In which order the addresses are tried: as the system prefers them (RFC 6724), but with the
/// families interleaved, and no more than DialFailure::most_tried.
Endpoints in_turn(const Endpoints& found);

/// One server at a time, on the loop.
class Dialer {
 public:
  using Dialled = tl::expected<boost::asio::ip::tcp::socket, DialFailure>;

  explicit Dialer(boost::asio::io_context& loop, LookUp look_up = system_look_up)
      : loop_(loop), lookup_(loop, std::move(look_up)) {}
  ~Dialer() { cancel(); }
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  /// `time` bounds all of it. What the socket sends is not held back (Nagle). It must not be
  /// destroyed before this is over, but with the loop.
  boost::asio::awaitable<Dialled> connect(std::string host, std::uint16_t port,
                                          std::chrono::milliseconds time);
  /// connect() ends at once, with whatever failure.
  void cancel();

 private:
  class Race;
  boost::asio::io_context& loop_;
  NameLookup lookup_;
  std::shared_ptr<Race> race_;
};

/// The address at the other end, if it is still connected.
std::vector<Endpoint> remote_of(const boost::asio::ip::tcp::socket& socket);
/// What a failure of a connection that had been made means at this step.
dial::Cause cause_of(boost::system::error_code error, dial::Step step);

/// The handshake of a client on a connected stream.
template <class Tls>
boost::asio::awaitable<std::optional<dial::Cause>> secure(Tls& stream, std::string host) {
  if (!expect_host(stream.native_handle(), host))
    co_return dial::Cause(dial::Untrusted{dial::Untrusted::Why::other});
  auto [error] =
      co_await stream.async_handshake(boost::asio::ssl::stream_base::client, run::awaited);
  if (!error) co_return std::nullopt;
  if (const auto why = distrust(stream.native_handle())) co_return dial::Cause(*why);
  co_return cause_of(error, dial::Step::securing);
}

}  // namespace culver::host
