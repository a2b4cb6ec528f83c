// Delivering events to the relay, performing its effects, keeping its deadlines, ending in order.
#include "shell/server/server.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <sys/resource.h>

#include "core/base/fsm.hpp"
#include "core/base/ids.hpp"
#include "core/wire/close_reason.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/log_exception.hpp"
#include "shell/host/private_file.hpp"
#include "shell/run/awaited.hpp"
#include "shell/run/rethrown.hpp"
#include "shell/server/metrics.hpp"
#include "shell/server/server_key.hpp"

namespace culver::server {
namespace {

namespace asio = boost::asio;
using run::awaited;
constexpr auto never = TimePoint::max();

/// For the store, the log, name look-ups and what is being refused.
constexpr rlim_t other_files = 64;

/// How many connections there can be: each is a file descriptor, and the default soft limit is
/// often 1024. More than that would wait at the door, unanswered.
std::size_t room_for_connections() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return SIZE_MAX;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return std::max(limit.rlim_cur > other_files ? limit.rlim_cur - other_files : 0,
                  limit.rlim_cur / 4);
}

relay::Limits with_room(relay::Limits limits) {
  const auto room = room_for_connections();
  if (limits.connections > room)
    log::warn("fewer connections than configured, for want of file descriptors:", room);
  limits.connections = std::min(limits.connections, room);
  return limits;
}

/// Of a file that holds nothing else.
host::Outcome<SecretBytes> read_turn_secret(const std::filesystem::path& path) {
  const host::PrivateFile file("TURN secret", path, host::PrivateFile::From::us_or_root);
  auto content = file.read(1'024);
  if (!content) return tl::unexpected(content.error());
  if (!*content) return file.unusable("is not there.", Fault::bad_config);
  auto text = as_text((*content)->expose());
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  if (text.empty()) return file.unusable("is empty.", Fault::bad_config);
  return SecretBytes(as_bytes(text));
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

Server::Server(Config config, Reread reread, Rng rng)
    : config_(std::move(config)),
      reread_(std::move(reread)),
      rng_(rng),
      sockets_(
          io_, config_.sockets, [this](relay::Event event) { deliver(std::move(event)); },
          [this](net_::Door door, std::string_view path) { return page(door, path); }),
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
    return tl::unexpected(Refusal{host::fault_text(trouble.fault).exit_code, trouble.sentence});
  };
  auto key = open_server_key(config_.data_dir, config_.key_file);
  if (!key) return refuse(key.error());
  auto events = store::sqlite::EventLog::open(config_.data_dir / event_log_name);
  if (!events) return refuse(events.error());
  const auto kept = events->time();
  const auto drops = kept ? left_drops(*events, kept->ran) : fail(kept.error());
  if (!drops) return refuse(host::Trouble{drops.error(), "The dead drops cannot be read."});
  const auto limits = with_room(config_.limits);
  id_ = server_id(key->verify_key());
  if (const auto ice = name_of(config_); !ice) return refuse(ice.error());
  const auto listening = sockets_.listen();
  if (!listening)
    return refuse({Fault::server_unreachable, why_not(config_.sockets.listen, listening.error())});
  url_ = url_of(*listening);
  auto metrics = open_to_operators();
  if (!metrics) return tl::unexpected(std::move(metrics.error()));

  Started started{url_, print_hex(key->verify_key().view()), std::move(*metrics)};
  auto name = name_of(config_);
  if (!name) return refuse(name.error());
  relay::Door door{{std::move(*key), started.identity}, config_.require_handshake};
  hub_.emplace(std::move(*name), limits, std::move(door));
  hub_->restore(*drops, {clock_.now(never), rng_, host::wall_now()}, kept->ran);
  // Nothing is removed for it. But what is signed with a time may be refused.
  if (const auto back = kept->wall - host::wall_now(); back > 1'000)
    log::warn("clock_is_behind_the_last_run_by_seconds", back / 1'000);
  log_.emplace(io_, Log(std::move(*events), store_counters_),
               [this](std::uint64_t number, relay::Answer answer) {
                 take_answer(number, std::move(answer));
               });
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) signals_.add(number);
  asio::co_spawn(io_, keep_time(), run::rethrown);
  asio::co_spawn(io_, await_signal(), run::rethrown);
  return started;
}

host::Outcome<relay::session::ServerName> Server::name_of(const Config& config) const {
  relay::IceOffer ice{config.ice.stun, config.ice.turn, {}, config.ice.life};
  if (!ice.turn.empty()) {
    auto secret = read_turn_secret(config.ice.secret_file);
    if (!secret) return tl::unexpected(secret.error());
    ice.secret = std::move(*secret);
  }
  return relay::session::ServerName{id_, config.endpoint.value_or(url_), std::nullopt,
                                    std::move(ice)};
}

/// Where nobody asked for that door in particular, a server serves without it.
tl::expected<std::optional<std::string>, Server::Refusal> Server::open_to_operators() {
  if (!config_.sockets.operators) return std::nullopt;
  const auto listening = sockets_.listen_for_operators();
  if (listening) {
    auto url = url_of(*listening);
    return "http" + url.substr(url.find(':')) + "/metrics";
  }
  if (config_.must_show_metrics)
    return tl::unexpected(Refusal{host::fault_text(Fault::server_unreachable).exit_code,
                                  why_not(*config_.sockets.operators, listening.error())});
  log::warn("metrics are not shown: another program uses port", config_.sockets.operators->port());
  return std::nullopt;
}

Server::End Server::run() {
  io_.run();
  return phase_ == Phase::broken ? End::broken : End::drained;
}

void Server::stop() {
  asio::post(io_, [this] { drain(); });
}

void Server::deliver(relay::Event event) {
  if (phase_ == Phase::broken) return;
  try {
    step(std::move(event));
  } catch (const std::exception& error) {
    break_off(error);
  }
}

void Server::step(relay::Event&& event) {
  const auto not_lived = clock_.not_lived();
  const Env env{clock_.now(due()), rng_, host::wall_now()};
  if (clock_.not_lived() != not_lived)
    log::warn(
        "this process did not run for so many seconds:",
        std::chrono::duration_cast<std::chrono::seconds>(clock_.not_lived() - not_lived).count());
  for (auto& effect : hub_->step(std::move(event), env)) perform(std::move(effect));
  if (clock_.steady(due()) < timer_.expiry()) timer_.cancel();
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
          [this](relay::SendToSocket&& e) { sockets_.send(e.socket, e.text, e.binary); },
          [this](relay::Ping&& e) { sockets_.ping(e.socket); },
          [this](relay::LimitFrames&& e) { sockets_.limit_frames(e.socket, e.bytes); },
          [this](relay::Close&& e) {
            const auto reason = wire::print_close_reason(e.fault, e.retry_after);
            sockets_.close(e.socket, e.code, reason);
          },
          [this](relay::Ask&& e) { log_->ask(e.number, std::move(e.question)); },
          [](relay::ClockStepped&& e) { log::warn("clock_was_set_by_milliseconds", e.by.count()); },
          [this](relay::Respond&& e) { sockets_.respond(e.socket, e.status, e.json, e.proof); },
      },
      std::move(effect));
}

TimePoint Server::due() const { return hub_->deadline().value_or(never); }

std::optional<net_::Page> Server::page(net_::Door door, std::string_view path) const {
  if (path == "/health") {
    if (store_failing_) return net_::Page{503, "application/json", R"({"status":"degraded"})"};
    return net_::Page{200, "application/json", R"({"status":"healthy"})"};
  }
  if (path != "/metrics" || door != net_::Door::operators) return std::nullopt;
  const Figures figures{
      hub_->counters(),         sockets_.counters(),          sockets_.connections(),
      store_counters_->batches, store_counters_->questions,   log_->unanswered(),
      store_failing_,           store_counters_->stored_bytes};
  return net_::Page{200, metrics_content_type, print_metrics(figures)};
}

/// The connections end by themselves, each within its close bound; then run() has nothing to do.
void Server::drain() {
  if (phase_ != Phase::serving) return;
  phase_ = Phase::draining;
  log::info("draining", sockets_.connections());
  sockets_.stop_accepting();
  deliver(relay::Drain{});
  stop_waiting();
}

/// What the hub knows may be half-moved, and what it wanted is half done: nobody is served by that.
/// What the store was asked for is still done, in order, and then run() has nothing to do.
void Server::break_off(const std::exception& error) {
  phase_ = Phase::broken;
  log::caught(log::Level::error, "the server ends for a fault of its own", error);
  sockets_.stop_accepting();
  sockets_.abort_all();
  stop_waiting();
}

void Server::stop_waiting() {
  timer_.cancel();
  signals_.cancel();
}

asio::awaitable<void> Server::keep_time() {
  while (phase_ == Phase::serving) {
    timer_.expires_at(clock_.steady(due()));
    const auto [error] = co_await timer_.async_wait(awaited);
    if (!error && phase_ == Phase::serving) deliver(relay::Tick{});
  }
}

asio::awaitable<void> Server::await_signal() {
  while (phase_ == Phase::serving) {
    const auto [error, number] = co_await signals_.async_wait(awaited);
    if (error) co_return;
    number == SIGHUP ? reload() : drain();
  }
}

/// All of it or, if anything cannot be used, nothing.
void Server::reload() {
  auto config = reread_ ? reread_() : std::nullopt;
  if (!config) return log::warn("SIGHUP changes nothing");
  auto name = name_of(*config);
  if (!name)
    return log::error("SIGHUP changes nothing: the TURN secret cannot be read", name.error().fault);
  const bool moves = config->sockets.listen != config_.sockets.listen ||
                     config->sockets.operators != config_.sockets.operators ||
                     config->data_dir != config_.data_dir || config->key_file != config_.key_file;
  if (moves) log::warn("new addresses, data folder and key file count from the next start on");
  hub_->reconfigure(std::move(*name), with_room(config->limits), config->require_handshake);
  sockets_.trust(std::move(config->sockets.trusted_proxies));
  sockets_.allow(std::move(config->sockets.origins));
  log::warn("the configuration was read again");
}

}  // namespace culver::server
