// Finding the addresses behind a host's name, in bounded time. The system's own look-up cannot be
// called off, so it runs on a thread that is left behind: neither the loop nor the end of the
// process waits for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <tl/expected.hpp>

namespace culver::host {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
using Found = tl::expected<Endpoints, boost::system::error_code>;

/// Blocks for as long as it likes. Called on a thread of its own, also after whoever asked is gone.
using LookUp = std::function<Found(const std::string& host, std::uint16_t port)>;
Found system_look_up(const std::string& host, std::uint16_t port);

/// One name at a time, on the loop.
class NameLookup {
 public:
  explicit NameLookup(boost::asio::io_context& loop, LookUp look_up = system_look_up)
      : loop_(loop), look_up_(std::move(look_up)) {}
  ~NameLookup() { cancel(); }
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  /// An address is its own answer. error::timed_out, operation_aborted (by cancel()), or what the
  /// look-up says. It must not be destroyed before this is over, but with the loop.
  boost::asio::awaitable<Found> find(std::string host, std::uint16_t port,
                                     std::chrono::milliseconds time);
  /// find() ends at once.
  void cancel();

 private:
  struct Pending;
  boost::asio::io_context& loop_;
  LookUp look_up_;
  std::shared_ptr<Pending> pending_;
};

}  // namespace culver::host
