#include "shell/p2p/stack.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>

#include "core/wire/ice_url.hpp"
#include "shell/host/log_exception.hpp"
#include "shell/p2p/ice_path.hpp"
#include "shell/p2p/transport.hpp"

namespace culver::p2p {
namespace {

constexpr std::chrono::milliseconds tick_interval{10};

/// Fewer than a user may name: somebody else's machine chooses whom we ask.
constexpr std::size_t lent_at_most = 8;

/// Nothing if it is of no kind that is spoken here, or a relay without a name to sign in by.
std::optional<IceServer> lent_server(std::string_view text,
                                     const wire::signaling::IceServer& account) {
  using Kind = wire::IceUrl::Kind;
  using Transport = IceServer::Transport;
  const auto url = wire::IceUrl::parse(text);
  if (!url) return std::nullopt;
  if (url->kind == Kind::stun)
    return IceServer{IceServer::Kind::stun, url->host, url->port, {}, {}};
  if (account.username.empty() || account.credential.empty()) return std::nullopt;
  const auto transport = url->kind == Kind::turn_udp   ? Transport::udp
                         : url->kind == Kind::turn_tcp ? Transport::tcp
                                                       : Transport::tls;
  return IceServer{IceServer::Kind::turn, url->host,          url->port,
                   account.username,      account.credential, transport};
}

TimePoint clock_now() { return std::chrono::steady_clock::now(); }

}  // namespace

Stack::Stack(boost::asio::io_context& io, StackConfig config, Sink sink)
    : io_(io),
      config_(std::move(config)),
      sink_(std::move(sink)),
      ticks_(io),
      alive_(std::make_shared<Stack*>(this)) {
  if (!config_.make_path) config_.make_path = ice_paths();
}

Stack::~Stack() {
  *alive_ = nullptr;
  transports_.clear();
}

void Stack::start(ConnectionId id, bool controlling) {
  const auto& servers = config_.ice_servers.empty() ? lent_ : config_.ice_servers;
  const PathConfig path{controlling,      servers,
                        config_.loopback, config_.addresses,
                        places_,          [this](const RelayTrouble& trouble) { tell(trouble); }};
  Transport::Host host{
      id,
      io_,
      identity_,
      counters_,
      [this, id](connection::TransportEvent event) { events_.emplace_back(id, std::move(event)); },
      [this] { wake(); }};
  try {
    transports_.emplace(id, std::make_unique<Transport>(std::move(host), config_.make_path, path));
  } catch (const std::exception& error) {
    log::caught(log::Level::error, "no transport for link", error, id);
    events_.emplace_back(id, connection::PathFailed{});
  }
}

void Stack::lend(const std::vector<wire::signaling::IceServer>& servers) {
  lent_.clear();
  for (const auto& server : servers)
    for (const auto& text : server.urls)
      if (auto usable = lent_server(text, server); usable && lent_.size() < lent_at_most)
        lent_.push_back(std::move(*usable));
}

/// Every connection finds out anew, and a person needs to hear it once.
void Stack::tell(const RelayTrouble& trouble) {
  if (!config_.on_relay_trouble || told_relays_.size() >= 2 * ice_server_limit) return;
  if (!told_relays_.emplace(trouble.host, trouble.port).second) return;
  boost::asio::post(io_, [alive = alive_, trouble] {
    if (*alive) (*alive)->config_.on_relay_trouble(trouble);
  });
}

void Stack::perform(ConnectionId id, connection::TransportEffect effect) {
  wake();
  const auto found = transports_.find(id);
  if (const auto* ice = std::get_if<connection::StartIce>(&effect)) {
    if (found == transports_.end()) start(id, ice->controlling);
    return;
  }
  if (std::holds_alternative<connection::DropTransport>(effect)) {
    if (found != transports_.end()) transports_.erase(found);
    std::erase_if(events_, [id](const auto& event) { return event.first == id; });
    return;
  }
  if (found == transports_.end() || found->second->ended()) return;
  Transport& transport = *found->second;
  std::visit(
      [&transport](auto&& e) {
        using Effect = std::remove_cvref_t<decltype(e)>;
        if constexpr (std::is_same_v<Effect, connection::HangUp>)
          transport.perform(e, clock_now());
        else if constexpr (!std::is_same_v<Effect, connection::StartIce> &&
                           !std::is_same_v<Effect, connection::DropTransport>)
          transport.perform(std::move(e));
      },
      std::move(effect));
}

// TextQueued, never called: the machine above must not be entered from within its own effect.
void Stack::wake() {
  if (std::exchange(awake_, true)) return;
  boost::asio::post(io_, [alive = alive_] {
    if (*alive) (*alive)->run();
  });
}

void Stack::run() {
  awake_ = false;
  const auto now = clock_now();
  for (auto& [id, transport] : transports_) transport->run(now);
  std::erase_if(transports_, [](const auto& entry) { return entry.second->ended(); });
  deliver();
  arm_ticks();
}

// Effects performed by the sink may add events here, or take those of a dropped transport away.
void Stack::deliver() {
  while (!events_.empty()) {
    auto [id, event] = std::move(events_.front());
    events_.pop_front();
    sink_(id, std::move(event));
  }
}

void Stack::arm_ticks() {
  const bool wanted = std::any_of(transports_.begin(), transports_.end(),
                                  [](const auto& entry) { return entry.second->wants_ticks(); });
  if (!wanted || std::exchange(ticking_, true)) return;
  ticks_.expires_after(tick_interval);
  ticks_.async_wait([alive = alive_](boost::system::error_code) {
    if (*alive) (*alive)->tick();
  });
}

void Stack::tick() {
  ticking_ = false;
  tick_usrsctp(clock_now());
  run();
}

}  // namespace culver::p2p
