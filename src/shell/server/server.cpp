// Delivering events to the relay, performing its effects, keeping its deadlines, ending in order.
#include "shell/server/server.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/rand.h>
#include <sys/resource.h>

#include "core/base/fsm.hpp"
#include "shell/server/report.hpp"
#include "shell/server/server_id.hpp"

namespace culver::server {
namespace {

namespace asio = boost::asio;
constexpr auto await = asio::as_tuple(asio::use_awaitable);
constexpr auto never = TimePoint::max();

void fill_from_system(void*, std::span<std::byte> out) {
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  if (RAND_bytes(bytes, static_cast<int>(out.size())) != 1)
    throw std::runtime_error("the system gives no randomness");
}

/// Each connection is a file descriptor; the default soft limit is often 1024.
void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string url_of(const net_::tcp::endpoint& endpoint) {
  const auto host = endpoint.address().to_string();
  const auto bracketed = endpoint.address().is_v6() ? "[" + host + "]" : host;
  return "ws://" + bracketed + ":" + std::to_string(endpoint.port());
}

std::string why_not(const net_::tcp::endpoint& endpoint, const boost::system::error_code& error) {
  const auto where = url_of(endpoint).substr(std::string_view("ws://").size());
  if (error == asio::error::address_in_use)
    return "Cannot listen on " + where + ": another program uses that port.";
  return "Cannot listen on " + where + ": " + error.message() + ".";
}

}  // namespace

Rng system_rng() { return Rng(&fill_from_system, nullptr); }

Server::Server(Config config)
    : config_(std::move(config)),
      rng_(system_rng()),
      sockets_(io_, config_.sockets, [this](relay::Event event) { deliver(std::move(event)); }),
      timer_(io_, never),
      signals_(io_) {}

/// If run() did not end by itself: no coroutine may outlive what it refers to.
Server::~Server() {
  if (!hub_) return;
  drain();
  sockets_.abort_all();
  io_.restart();
  io_.run();
}

tl::expected<std::string, Server::Refusal> Server::start() {
  const auto id = load_or_create_id(config_.data_dir, rng_);
  if (!id)
    return tl::unexpected(
        Refusal{info(id.error()).exit_code,
                "The data folder " + config_.data_dir.string() + " cannot be read or written."});
  allow_many_files();
  const auto listening = sockets_.listen();
  if (!listening)
    return tl::unexpected(Refusal{info(Fault::server_unreachable).exit_code,
                                  why_not(config_.sockets.listen, listening.error())});
  auto url = url_of(*listening);
  relay::session::ServerName name{*id, config_.endpoint.value_or(url), std::nullopt};
  hub_.emplace(std::move(name), config_.limits);
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  asio::co_spawn(io_, keep_time(), asio::detached);
  asio::co_spawn(io_, await_signal(), asio::detached);
  return url;
}

void Server::run() { io_.run(); }

void Server::stop() {
  asio::post(io_, [this] { drain(); });
}

void Server::deliver(relay::Event event) {
  const Env env{std::chrono::steady_clock::now(), rng_};
  for (auto& effect : hub_->step(std::move(event), env)) perform(std::move(effect));
  if (hub_->deadline().value_or(never) < timer_.expiry()) timer_.cancel();
}

void Server::perform(relay::Effect&& effect) {
  std::visit(fsm::overload{
                 [this](relay::Send&& e) { sockets_.send(e.socket, std::move(e.text)); },
                 [this](relay::Ping&& e) { sockets_.ping(e.socket); },
                 [this](relay::Close&& e) { sockets_.close(e.socket, e.code, info(e.fault).wire); },
                 [](relay::Ask&&) {},
                 [](relay::Respond&&) {},
             },
             std::move(effect));
}

/// The connections end by themselves, each within its close bound; then run() has nothing to do.
void Server::drain() {
  if (std::exchange(draining_, true)) return;
  report("draining", sockets_.connections());
  sockets_.stop_accepting();
  deliver(relay::Drain{});
  timer_.cancel();
  signals_.cancel();
}

asio::awaitable<void> Server::keep_time() {
  while (!draining_) {
    timer_.expires_at(hub_->deadline().value_or(never));
    const auto [error] = co_await timer_.async_wait(await);
    if (!error && !draining_) deliver(relay::Tick{});
  }
}

asio::awaitable<void> Server::await_signal() {
  if (draining_) co_return;
  const auto [error, number] = co_await signals_.async_wait(await);
  if (!error) drain();
}

}  // namespace culver::server
