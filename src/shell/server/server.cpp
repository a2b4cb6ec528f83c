// Delivering events to the relay, performing its effects, keeping its deadlines, ending in order.
#include "shell/server/server.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <sys/resource.h>

#include "core/base/fsm.hpp"
#include "core/base/ids.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/log.hpp"
#include "shell/run/awaited.hpp"
#include "shell/server/metrics.hpp"
#include "shell/server/server_key.hpp"

namespace culver::server {
namespace {

namespace asio = boost::asio;
using run::awaited;
constexpr auto never = TimePoint::max();

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

/// What clients left for others while an earlier process ran.
Result<std::vector<relay::StoredDrop>> left_drops(store::sqlite::EventLog& log,
                                                  relay::RunTime ran) {
  const relay::Question question = relay::ListDrops{ran};
  auto answers = log.answer({&question, 1});
  using Left = Result<std::vector<relay::StoredDrop>>;
  auto* left = answers.front() ? std::get_if<Left>(&*answers.front()) : nullptr;
  return left ? std::move(*left) : Left(fail(Fault::store_failed));
}

}  // namespace

Server::Server(Config config)
    : config_(std::move(config)),
      rng_(host::system_rng()),
      sockets_(
          io_, config_.sockets, [this](relay::Event event) { deliver(std::move(event)); },
          [this](std::string_view target) { return page(target); }),
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

tl::expected<Server::Started, Server::Refusal> Server::start() {
  const auto refuse = [](const host::Trouble& trouble) {
    return tl::unexpected(Refusal{info(trouble.fault).exit_code, trouble.sentence});
  };
  auto key = open_server_key(config_.data_dir, config_.key_file);
  if (!key) return refuse(key.error());
  auto events = store::sqlite::EventLog::open(config_.data_dir / "gateway.db");
  if (!events) return refuse(events.error());
  const auto kept = events->time();
  const auto drops = kept ? left_drops(*events, kept->ran) : fail(kept.error());
  if (!drops) return refuse(host::Trouble{drops.error(), "The dead drops cannot be read."});
  allow_many_files();
  const auto listening = sockets_.listen();
  if (!listening)
    return refuse({Fault::server_unreachable, why_not(config_.sockets.listen, listening.error())});

  Started started{url_of(*listening), print_hex(key->verify_key().view())};
  const auto id = server_id(key->verify_key());
  relay::session::ServerName name{id, config_.endpoint.value_or(started.url), std::nullopt};
  relay::Door door{{std::move(*key), started.identity}, config_.require_handshake};
  hub_.emplace(std::move(name), config_.limits, std::move(door));
  hub_->restore(*drops, {host::now(), rng_, host::wall_now()}, kept->ran);
  // Nothing is removed for it. But what is signed with a time may be refused.
  if (const auto back = kept->wall - host::wall_now(); back > 1'000)
    log::warn("clock_is_behind_the_last_run_by_seconds", back / 1'000);
  log_.emplace(io_, Log(std::move(*events), store_counters_),
               [this](std::uint64_t number, relay::Answer answer) {
                 take_answer(number, std::move(answer));
               });
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  asio::co_spawn(io_, keep_time(), asio::detached);
  asio::co_spawn(io_, await_signal(), asio::detached);
  return started;
}

void Server::run() { io_.run(); }

void Server::stop() {
  asio::post(io_, [this] { drain(); });
}

void Server::deliver(relay::Event event) {
  const Env env{host::now(), rng_, host::wall_now()};
  for (auto& effect : hub_->step(std::move(event), env)) perform(std::move(effect));
  if (hub_->deadline().value_or(never) < timer_.expiry()) timer_.cancel();
}

/// A store that works again is healthy again.
void Server::take_answer(std::uint64_t number, relay::Answer answer) {
  const bool fails = is_store_failure(answer);
  if (fails && !store_failing_) log::error("store_fails");
  if (!fails && store_failing_) log::warn("store_works_again");
  store_failing_ = fails;
  deliver(relay::Answered{number, std::move(answer)});
}

void Server::perform(relay::Effect&& effect) {
  std::visit(
      fsm::overload{
          [this](relay::Send&& e) { sockets_.send(e.socket, e.text, e.binary); },
          [this](relay::Ping&& e) { sockets_.ping(e.socket); },
          [this](relay::LimitFrames&& e) { sockets_.limit_frames(e.socket, e.bytes); },
          [this](relay::Close&& e) { sockets_.close(e.socket, e.code, info(e.fault).wire); },
          [this](relay::Ask&& e) { log_->ask(e.number, std::move(e.question)); },
          [](relay::ClockStepped&& e) { log::warn("clock_was_set_by_milliseconds", e.by.count()); },
          [this](relay::Respond&& e) { sockets_.respond(e.socket, e.status, e.json); },
      },
      std::move(effect));
}

std::optional<net_::Page> Server::page(std::string_view target) const {
  if (target == "/health") {
    if (store_failing_) return net_::Page{503, "application/json", R"({"status":"degraded"})"};
    return net_::Page{200, "application/json", R"({"status":"healthy"})"};
  }
  if (target != "/metrics") return std::nullopt;
  const Figures figures{hub_->counters(),
                        sockets_.counters(),
                        sockets_.connections(),
                        store_counters_->batches,
                        store_counters_->questions,
                        log_->unanswered(),
                        store_failing_};
  return net_::Page{200, metrics_content_type, print_metrics(figures)};
}

/// The connections end by themselves, each within its close bound; then run() has nothing to do.
void Server::drain() {
  if (std::exchange(draining_, true)) return;
  log::info("draining", sockets_.connections());
  sockets_.stop_accepting();
  deliver(relay::Drain{});
  timer_.cancel();
  signals_.cancel();
}

asio::awaitable<void> Server::keep_time() {
  while (!draining_) {
    timer_.expires_at(hub_->deadline().value_or(never));
    const auto [error] = co_await timer_.async_wait(awaited);
    if (!error && !draining_) deliver(relay::Tick{});
  }
}

asio::awaitable<void> Server::await_signal() {
  if (draining_) co_return;
  const auto [error, number] = co_await signals_.async_wait(awaited);
  if (!error) drain();
}

}  // namespace culver::server
