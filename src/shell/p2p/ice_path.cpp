#include "shell/p2p/ice_path.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <set>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/fsm.hpp"
#include "core/ice/agent.hpp"
#include "core/ice/path_mtu.hpp"
#include "core/wire/stun.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/lived_clock.hpp"
#include "shell/host/log.hpp"
#include "shell/p2p/early_data.hpp"
#include "shell/p2p/server_names.hpp"
#include "shell/p2p/turn_streams.hpp"
#include "shell/p2p/udp_wires.hpp"

namespace culver::p2p {
namespace {

namespace stun = wire::stun;

static_assert(base_datagram == ice::path_mtu::base);

/// Of one path, for whoever reads them.
constexpr std::size_t checks_logged = 200;

LogName kind_of(const wire::sdp::Candidate& candidate) {
  using Type = wire::sdp::CandidateType;
  switch (candidate.type) {
    case Type::host:
      return LogName("host");
    case Type::server_reflexive:
      return LogName("server-reflexive");
    case Type::relayed:
      return LogName("relayed");
    case Type::peer_reflexive:
      break;
  }
  return LogName("peer-reflexive");
}

void log_candidate(LogName whose, const wire::sdp::Candidate& candidate) {
  if (const auto at = Endpoint::parse(candidate.address, candidate.port))
    log::info(whose, kind_of(candidate), *at);
}

class IcePath final : public Path {
 public:
  IcePath(boost::asio::io_context& io, const PathConfig& config, std::shared_ptr<SharedUdp> shared,
          PathSink sink);
  ~IcePath() override;

  bool has_sockets() const { return !wires_.empty(); }

  wire::sdp::IceCredentials credentials() const override { return credentials_; }
  wire::sdp::IceCredentials prepare_restart() override {
    prepared_ = ice::make_credentials(rng_);
    return *prepared_;
  }
  void restart() override;
  void set_remote(const wire::sdp::IceCredentials& ice) override {
    step(ice::RemoteCredentials{ice});
  }
  void add_candidate(const wire::sdp::Candidate& candidate) override;
  void remote_candidates_done() override { step(ice::RemoteCandidatesDone{}); }
  void send_batch(std::span<const Datagram> batch) override;

 private:
  /// Steps the agent from within a member; what is to be told is told by the loop.
  void step(ice::Event event);
  void advance(ice::Event event);
  void perform(ice::Transmit effect);
  void perform(ice::LocalCandidate effect) {
    log_candidate("own candidate", effect.candidate);
    events_.push_back(connection::LocalCandidate{effect.candidate});
  }
  void perform(ice::GatheringDone) { events_.push_back(connection::GatheringDone{}); }
  void perform(ice::Selected effect);
  void perform(ice::Carries effect) { events_.push_back(PathCarries{effect.bytes}); }
  void perform(ice::Relayed effect);
  void perform(ice::Doubted effect) { events_.push_back(connection::PathDoubted{effect.heard}); }
  void perform(ice::RelayFailed effect);
  void perform(ice::Failed effect) {
    const bool is_first = effect.why == ice::Failed::Why::no_pair;
    log::info(is_first ? LogName("no pair works") : LogName("consent lost"));
    events_.push_back(connection::PathFailed{});
  }

  void update_wires();
  void on_arrivals(ice::WireId wire, std::span<const Arrival> arrivals);
  void take(ice::WireId wire, const Endpoint& from, Datagram datagram);
  void take_data(const std::optional<ice::Way>& way, Datagram datagram);
  void take_channel_data(ice::WireId wire, const Endpoint& server, Datagram datagram);
  void on_server(const IceServer& server, const Endpoint& address);
  TurnStreamsSink streams_sink();
  void server_settled();
  void arm();
  void deliver();
  /// Before there is an agent, nothing is due.
  Env env(TimePoint due) { return {clock_.now(due), rng_}; }
  Env env() { return env(agent_.deadline().value_or(TimePoint::max())); }

  boost::asio::io_context& io_;
  PathSink sink_;
  Rng rng_ = host::system_rng();
  host::LivedClock clock_;
  wire::sdp::IceCredentials credentials_;
  std::optional<wire::sdp::IceCredentials> prepared_;  ///< for the next restart
  ice::Agent agent_;
  ice::Effects effects_;
  UdpWires wires_;
  TurnStreams streams_;
  std::size_t servers_pending_ = 0;
  OnRelayTrouble on_relay_trouble_;
  struct Named {
    Endpoint address;
    std::string host;
    std::uint16_t port;
    bool is_failed = false;
    bool is_of(const Named& other) const { return host == other.host && port == other.port; }
  };
  std::vector<Named> named_;    ///< relays, as they were written
  std::set<Endpoint> checked_;  ///< where something was sent to, for the log
  std::optional<ice::Route> route_;
  Batch framed_;  ///< of send_batch, when each datagram needs a header

  // What the sink has not been told yet.
  std::deque<PathEvent> events_;
  std::vector<Datagram> data_;
  std::vector<ByteVector> kept_;  ///< data as well, and nobody else's bytes
  EarlyData early_;
  bool delivery_posted_ = false;

  boost::asio::steady_timer timer_;
  std::optional<TimePoint> armed_;
  ServerNames names_;
  std::shared_ptr<IcePath*> alive_;  ///< a handler that was queued may run after the path died
};

IcePath::IcePath(boost::asio::io_context& io, const PathConfig& config,
                 std::shared_ptr<SharedUdp> shared, PathSink sink)
    : io_(io),
      sink_(std::move(sink)),
      credentials_(ice::make_credentials(rng_)),
      agent_([&] {
        Env now = env(TimePoint::max());
        return ice::Agent({config.controlling, credentials_, config.loopback}, now);
      }()),
      wires_(io, std::move(shared), config.loopback, config.addresses,
             {[this](ice::WireId wire, auto arrivals) { on_arrivals(wire, arrivals); },
              [this] { update_wires(); }}),
      streams_(streams_sink()),
      on_relay_trouble_(config.on_relay_trouble),
      timer_(io),
      names_(io),
      alive_(std::make_shared<IcePath*>(this)) {
  for (const auto& place : config.places) wires_.lead_to(place);
  update_wires();
  step(ice::WiresDone{});
  const auto servers = config.servers.first(std::min(config.servers.size(), ice_server_limit));
  servers_pending_ = 1 + streams_.dial(io_, servers);
  names_.resolve(
      servers,
      [this](const IceServer& server, const Endpoint& address) { on_server(server, address); },
      [this] { server_settled(); });
}

IcePath::~IcePath() {
  *alive_ = nullptr;
  Env now = env();
  effects_.clear();
  agent_.close(now, effects_);
  for (auto& effect : effects_)
    if (auto* last = std::get_if<ice::Transmit>(&effect)) perform(std::move(*last));
}

/// The address that leads there may be one too many so far.
void IcePath::add_candidate(const wire::sdp::Candidate& candidate) {
  log_candidate("peer's candidate", candidate);
  const auto there = Endpoint::parse(candidate.address, candidate.port);
  if (there && wires_.lead_to(*there)) update_wires();
  step(ice::RemoteCandidate{candidate});
}

void IcePath::update_wires() {
  for (auto& news : wires_.update())
    std::visit([this](auto& event) { step(std::move(event)); }, news);
}

// ---- the agent ----------------------------------------------------------------------------------

void IcePath::step(ice::Event event) {
  advance(std::move(event));
  if ((events_.empty() && kept_.empty()) || std::exchange(delivery_posted_, true)) return;
  boost::asio::post(io_, [alive = alive_] {
    if (*alive) (*alive)->deliver();
  });
}

void IcePath::advance(ice::Event event) {
  Env now = env();
  effects_.clear();
  agent_.step(std::move(event), now, effects_);
  for (auto& effect : effects_)
    std::visit([this](auto&& e) { perform(std::move(e)); }, std::move(effect));
  if (!early_.empty()) {
    const auto leads = [this](const ice::Way& way) { return agent_.leads_to_peer(way); };
    for (auto& bytes : early_.take(leads, now.now)) kept_.push_back(std::move(bytes));
  }
  arm();
}

void IcePath::perform(ice::RelayFailed effect) {
  log::info("relay failed", effect.server, effect.fault);
  const auto failed = std::ranges::find(named_, effect.server, &Named::address);
  if (failed == named_.end() || !on_relay_trouble_) return;
  failed->is_failed = true;
  // One of its addresses may be out of reach from here.
  const bool is_lost = std::ranges::all_of(
      named_, [&](const Named& one) { return one.is_failed || !one.is_of(*failed); });
  if (is_lost) on_relay_trouble_({failed->host, failed->port, effect.fault});
}

void IcePath::perform(ice::Transmit effect) {
  if (log::enabled(log::Level::info) && checked_.size() < checks_logged &&
      checked_.insert(effect.to).second)
    log::info("checked", effect.to);
  const Datagram datagram = effect.bytes;
  auto* socket = wires_.find(effect.wire);
  if (socket && effect.whole)
    socket->send_whole(effect.to, datagram);
  else if (socket)
    socket->send_batch(effect.to, std::span(&datagram, 1));
  else if (auto* stream = streams_.find(effect.wire))
    stream->send(datagram);
}

void IcePath::restart() {
  if (!prepared_) return;
  credentials_ = *std::exchange(prepared_, std::nullopt);
  step(ice::Restart{credentials_});
}

void IcePath::perform(ice::Selected effect) {
  route_ = effect.route;
  log::info(
      effect.relayed ? LogName("pair selected, relayed, to") : LogName("pair selected, direct, to"),
      effect.route.to);
  const auto kind = effect.relayed ? connection::PathKind::relayed : connection::PathKind::direct;
  events_.push_back(connection::PathReady{kind});
}

void IcePath::arm() {
  const auto deadline = agent_.deadline();
  if (deadline == armed_) return;
  armed_ = deadline;
  timer_.cancel();
  if (!deadline) return;
  timer_.expires_at(clock_.steady(*deadline));
  timer_.async_wait([alive = alive_](const boost::system::error_code& error) {
    if (error || *alive == nullptr) return;
    IcePath& path = **alive;
    path.armed_.reset();
    path.advance(ice::Tick{});
    path.deliver();
  });
}

void IcePath::on_server(const IceServer& server, const Endpoint& address) {
  log::info(
      server.kind == IceServer::Kind::stun ? LogName("STUN server at") : LogName("TURN server at"),
      address);
  if (server.kind == IceServer::Kind::stun) return step(ice::StunServer{address});
  named_.push_back({address, server.host, server.port});
  step(ice::TurnServer{address, std::nullopt, server.user, SecretBytes(as_bytes(server.password))});
}

void IcePath::server_settled() {
  if (--servers_pending_ == 0) step(ice::ServersDone{});
}

TurnStreamsSink IcePath::streams_sink() {
  TurnStreamsSink sink;
  sink.on_opened = [this](ice::WireId wire, const IceServer& server, const Endpoint& address) {
    named_.push_back({address, server.host, server.port});
    step(ice::TurnServer{address, wire, server.user, SecretBytes(as_bytes(server.password))});
    server_settled();
  };
  sink.on_failed = [this](const IceServer& server, const Failure& fault) {
    log::info("relay failed", fault.fault);
    if (on_relay_trouble_) on_relay_trouble_({server.host, server.port, fault});
    server_settled();
  };
  sink.on_lost = [this](ice::WireId wire) { step(ice::WireLost{wire}); };
  sink.on_message = [this](ice::WireId wire, const Endpoint& server, ByteView message) {
    take(wire, server, message);
    deliver();
  };
  return sink;
}

// ---- data ---------------------------------------------------------------------------------------

void IcePath::send_batch(std::span<const Datagram> batch) {
  if (!route_) return;
  const auto header = [this](Datagram datagram) {
    return stun::print_channel_header(*route_->channel,
                                      static_cast<std::uint16_t>(datagram.size()));
  };
  if (auto* stream = streams_.find(route_->wire); stream && route_->channel) {
    for (const auto& datagram : batch) stream->send(header(datagram), datagram);
    return;
  }
  auto* socket = wires_.find(route_->wire);
  if (!socket) return;
  if (!route_->channel) return socket->send_batch(route_->to, batch);
  framed_.clear();
  for (const auto& datagram : batch) framed_.append(header(datagram), datagram);
  socket->send_batch(route_->to, framed_.views());
}

void IcePath::on_arrivals(ice::WireId wire, std::span<const Arrival> arrivals) {
  for (const auto& [from, datagram] : arrivals) take(wire, from, datagram);
  deliver();
}

void IcePath::take(ice::WireId wire, const Endpoint& from, Datagram datagram) {
  switch (stun::kind_of(datagram)) {
    case stun::Kind::stun:
      return advance(ice::Received{wire, from, datagram});
    case stun::Kind::channel_data:
      return take_channel_data(wire, from, datagram);
    case stun::Kind::dtls:
    case stun::Kind::unknown:
      take_data(agent_.way_of(wire, from, std::nullopt), datagram);
  }
}

/// Only from where the peer has answered: anybody can send a datagram here.
void IcePath::take_data(const std::optional<ice::Way>& way, Datagram datagram) {
  if (!way) return;
  if (agent_.leads_to_peer(*way))
    data_.push_back(datagram);
  else if (stun::kind_of(datagram) == stun::Kind::dtls)
    early_.keep(*way, datagram, host::now());
}

void IcePath::perform(ice::Relayed effect) {
  if (agent_.leads_to_peer(effect.way))
    kept_.push_back(std::move(effect.bytes));
  else if (stun::kind_of(effect.bytes) == stun::Kind::dtls)
    early_.keep(effect.way, effect.bytes, host::now());
}

void IcePath::take_channel_data(ice::WireId wire, const Endpoint& server, Datagram datagram) {
  const auto framed = stun::parse_channel_data(datagram);
  if (!framed) return;
  const auto way = agent_.way_of(wire, server, framed->channel);
  if (way && stun::kind_of(framed->payload) == stun::Kind::stun)
    advance(ice::Received{wire, server, framed->payload, framed->channel});
  else
    take_data(way, framed->payload);
}

// Events first: data that follows a selection finds the transport ready.
void IcePath::deliver() {
  delivery_posted_ = false;
  while (!events_.empty()) {
    PathEvent event = std::move(events_.front());
    events_.pop_front();
    sink_.on_event(std::move(event));
  }
  for (const auto& bytes : kept_) data_.push_back(bytes);
  if (!data_.empty()) sink_.on_batch(data_);
  data_.clear();
  kept_.clear();
}

}  // namespace

PathFactory ice_paths() {
  return [known = std::weak_ptr<SharedUdp>()](boost::asio::io_context& io, const PathConfig& config,
                                              PathSink sink) mutable -> std::unique_ptr<Path> {
    auto shared = known.lock();
    if (!shared) known = shared = std::make_shared<SharedUdp>(io);
    auto path = std::make_unique<IcePath>(io, config, std::move(shared), std::move(sink));
    if (!path->has_sockets()) return nullptr;
    return path;
  };
}

}  // namespace culver::p2p
