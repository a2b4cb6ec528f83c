// The thread that looks up, and what it shares with the loop.
#include "shell/host/name_lookup.hpp"

#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shell/host/log_exception.hpp"
#include "shell/run/awaited.hpp"

namespace culver::host {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Shared with a thread that may outlive the loop.
struct NameLookup::Pending {
  explicit Pending(asio::io_context& waits) : timer(std::in_place, waits), loop(&waits) {}

  // Touched by the loop alone.
  std::optional<asio::steady_timer> timer;  ///< none once nobody waits
  Found found = tl::unexpected(error_code(asio::error::timed_out));

  std::mutex mutex;        // guards what follows
  asio::io_context* loop;  ///< null once nobody waits

  void settle(Found result) {
    if (!timer) return;
    found = std::move(result);
    timer->cancel();
  }
  /// The last that the loop does with it.
  void abandon() {
    timer.reset();
    const std::lock_guard lock(mutex);
    loop = nullptr;
  }
};

Found system_look_up(const std::string& host, std::uint16_t port) {
  asio::io_context own;
  tcp::resolver resolver(own);
  error_code error;
  const auto results =
      resolver.resolve(host, std::to_string(port), tcp::resolver::numeric_service, error);
  if (error) return tl::unexpected(error);
  Endpoints endpoints;
  for (const auto& result : results) endpoints.push_back(result.endpoint());
  return endpoints;
}

asio::awaitable<Found> NameLookup::find(std::string host, std::uint16_t port,
                                        std::chrono::milliseconds time) {
  error_code not_literal;
  const auto address = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return Endpoints{tcp::endpoint(address, port)};

  cancel();
  const auto pending = std::make_shared<Pending>(loop_);
  pending_ = pending;
  const auto work = [pending, look_up = look_up_, host = std::move(host), port] {
    auto found = look_up(host, port);
    const std::lock_guard lock(pending->mutex);
    if (!pending->loop) return;
    asio::post(*pending->loop, [pending, found = std::move(found)]() mutable {
      pending->settle(std::move(found));
    });
  };
  try {
    std::thread(work).detach();
  } catch (const std::system_error& error) {  // no more threads
    log::caught(log::Level::error, "no thread to look up a name", error);
    pending->abandon();
    co_return tl::unexpected(error_code(asio::error::no_memory));
  }
  pending->timer->expires_after(time);
  std::ignore = co_await pending->timer->async_wait(run::awaited);
  Found found = std::move(pending->found);
  pending->abandon();
  co_return found;
}

void NameLookup::cancel() {
  if (const auto pending = std::exchange(pending_, nullptr)) {
    pending->settle(tl::unexpected(error_code(asio::error::operation_aborted)));
    pending->abandon();
  }
}

}  // namespace culver::host
