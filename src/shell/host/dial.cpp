// The race of the addresses.
#include "shell/host/dial.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <openssl/err.h>

#include "shell/host/file_descriptor.hpp"
#include "shell/host/log.hpp"

namespace culver::host {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

Endpoint plain(const tcp::endpoint& endpoint) {
  if (endpoint.address().is_v4()) {
    const auto bytes = endpoint.address().to_v4().to_bytes();
    std::array<std::byte, 4> address{};
    std::ranges::transform(bytes, address.begin(), [](auto byte) { return std::byte(byte); });
    return Endpoint::v4(address, endpoint.port());
  }
  const auto bytes = endpoint.address().to_v6().to_bytes();
  std::array<std::byte, 16> address{};
  std::ranges::transform(bytes, address.begin(), [](auto byte) { return std::byte(byte); });
  return Endpoint::v6(address, endpoint.port());
}

bool is_out_of_descriptors(error_code error) {
  return error == asio::error::no_descriptors ||
         error == boost::system::errc::too_many_files_open_in_system;
}

/// Whether what came was no record of TLS at all.
bool is_no_tls(error_code error) {
  const auto reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_RECORD_LENGTH_MISMATCH ||
         reason == SSL_R_HTTPS_PROXY_REQUEST || reason == SSL_R_BAD_RECORD_TYPE;
}

/// The system's look-up does not say that it could not even read its own configuration.
bool can_open_files() {
  const FileDescriptor file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  return static_cast<bool>(file) || (errno != EMFILE && errno != ENFILE);
}

dial::Cause cause_of_look_up(error_code error) {
  if (is_out_of_descriptors(error) || !can_open_files()) return dial::NoDescriptors{};
  if (error == asio::error::host_not_found_try_again || error == asio::error::timed_out)
    return dial::NameUnanswered{};
  if (error == asio::error::no_memory) return dial::System{ENOMEM};
  return dial::NoSuchName{};
}

/// Of several causes the one that says most.
int weight(const dial::Cause& cause) {
  if (std::holds_alternative<dial::NoDescriptors>(cause)) return 4;
  if (std::holds_alternative<dial::Refused>(cause)) return 3;
  if (std::holds_alternative<dial::Silent>(cause)) return 2;
  return std::holds_alternative<dial::System>(cause) ? 1 : 0;
}

}  // namespace

Endpoints in_turn(const Endpoints& found) {
  std::deque<tcp::endpoint> first, second;
  for (const auto& endpoint : found) {
    const bool is_first = endpoint.protocol() == found.front().protocol();
    (is_first ? first : second).push_back(endpoint);
  }
  Endpoints order;
  const auto take = [&order](std::deque<tcp::endpoint>& from) {
    if (from.empty() || order.size() == DialFailure::most_tried) return;
    order.push_back(from.front());
    from.pop_front();
  };
  while (order.size() < DialFailure::most_tried && !(first.empty() && second.empty())) {
    take(first);
    take(second);
  }
  return order;
}

dial::Cause cause_of(error_code error, dial::Step step) {
  using namespace boost::system;
  if (is_out_of_descriptors(error)) return dial::NoDescriptors{};
  if (error == asio::error::connection_refused) return dial::Refused{};
  if (error == asio::error::network_unreachable || error == asio::error::host_unreachable ||
      error == errc::address_not_available || error == asio::error::network_down)
    return dial::NoRoute{};
  if (error == asio::error::timed_out) return dial::Silent{step};
  if (error == asio::error::eof || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe || error == asio::ssl::error::stream_truncated)
    return dial::HungUp{step};
  if (step == dial::Step::securing && error.category() == asio::error::get_ssl_category())
    return dial::NotTls{is_no_tls(error) ? dial::Protocol::unknown : dial::Protocol::tls};
  return dial::System{error.value()};
}

std::vector<Endpoint> remote_of(const tcp::socket& socket) {
  error_code gone;
  const auto remote = socket.remote_endpoint(gone);
  if (gone) return {};
  return {plain(remote)};
}

// ---- the race -----------------------------------------------------------------------------------

/// Shared by the coroutine that waits and the attempts, which may end after it.
class Dialer::Race {
 public:
  using Ref = std::shared_ptr<Race>;

  Race(asio::io_context& loop, Endpoints order)
      : loop_(loop), order_(std::move(order)), pace_(loop), over_(loop) {}

  static asio::awaitable<void> run(Ref self, Clock::time_point deadline) {
    self->over_.expires_at(deadline);
    begin_next(self);
    if (!self->is_over_) std::ignore = co_await self->over_.async_wait(run::awaited);
    self->end();
  }
  /// Closes what has not won.
  void end() {
    is_over_ = true;
    pace_.cancel();
    over_.cancel();
    error_code ignored;
    for (auto& socket : attempts_) socket.close(ignored);
  }

  std::optional<tcp::socket> won;
  std::vector<Endpoint> tried;
  std::optional<dial::Cause> cause;  ///< of the attempts that failed, the one that says most

 private:
  static void begin_next(const Ref& self) {
    if (self->is_over_ || self->next_ == self->order_.size()) return;
    const auto to = self->order_[self->next_++];
    auto& socket = self->attempts_.emplace_back(self->loop_);
    ++self->running_;
    self->tried.push_back(plain(to));
    socket.async_connect(to,
                         [self, &socket, to](error_code error) { done(self, socket, to, error); });
    if (self->next_ == self->order_.size()) return;
    self->pace_.expires_after(attempt_delay);
    self->pace_.async_wait([self](error_code cancelled) {
      if (!cancelled) begin_next(self);
    });
  }

  static void done(const Ref& self, tcp::socket& socket, const tcp::endpoint& to,
                   error_code error) {
    --self->running_;
    if (self->is_over_) return;
    if (!error) {
      self->won = std::move(socket);
      return self->settle();
    }
    const auto why = cause_of(error, dial::Step::connecting);
    log::info("not connected", plain(to), name_of(why));
    if (!self->cause || weight(*self->cause) < weight(why)) self->cause = why;
    if (self->next_ < self->order_.size()) {
      self->pace_.cancel();
      begin_next(self);
    } else if (self->running_ == 0) {
      self->settle();
    }
  }

  void settle() {
    is_over_ = true;
    over_.cancel();
  }

  asio::io_context& loop_;
  const Endpoints order_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::deque<tcp::socket> attempts_;  ///< their places do not change
  asio::steady_timer pace_, over_;
  bool is_over_ = false;
};

asio::awaitable<Dialer::Dialled> Dialer::connect(std::string host, std::uint16_t port,
                                                 std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  DialFailure failure{host, port, dial::Silent{dial::Step::connecting}};
  const auto found = co_await lookup_.find(std::move(host), port, time);
  if (!found || found->empty()) {
    failure.cause = found ? dial::NoSuchName{} : cause_of_look_up(found.error());
    log::info("name not found", name_of(failure.cause));
    co_return tl::unexpected(std::move(failure));
  }
  const auto race = std::make_shared<Race>(loop_, in_turn(*found));
  race_ = race;
  co_await Race::run(race, deadline);
  failure.tried = race->tried;
  if (!race->won) {
    // One that was still waited for says no less than nothing.
    if (race->cause) failure.cause = *race->cause;
    if (Clock::now() >= deadline && weight(failure.cause) < weight(dial::Silent{}))
      failure.cause = dial::Silent{dial::Step::connecting};
    co_return tl::unexpected(std::move(failure));
  }
  for (const auto& chosen : remote_of(*race->won)) log::info("connected to", chosen);
  error_code ignored;
  race->won->set_option(tcp::no_delay(true), ignored);
  co_return std::move(*race->won);
}

void Dialer::cancel() {
  lookup_.cancel();
  if (const auto race = std::exchange(race_, nullptr)) race->end();
}

}  // namespace culver::host
