#include "tests/ice/world.hpp"

#include <algorithm>
#include <iostream>

namespace culver::ice::test {

namespace stun = wire::stun;
using namespace std::chrono_literals;

namespace {

constexpr std::byte data_mark{0x17};  // as of a DTLS record
constexpr std::uint64_t most_steps_at_once = 20'000;

stun::Message mapped_answer(const stun::Message& request, const Endpoint& mapped) {
  stun::Message answer{};
  answer.kind = stun::Class::success;
  answer.method = request.method;
  answer.id = request.id;
  answer.mapped = mapped;
  return answer;
}

}  // namespace

Endpoint address(std::string_view text, std::uint16_t port) {
  return Endpoint::parse(text, port).value();
}

World::World(std::uint64_t seed) : random(seed), network(random) {
  network.now = TimePoint{} + 1000h;
  begun_ = network.now;
}

void World::say(const Side& side, const std::string& what) const {
  if (!trace) return;
  const auto at = std::chrono::duration_cast<std::chrono::microseconds>(network.now - begun_);
  std::cerr << static_cast<double>(at.count()) / 1000 << " ms  " << (&side == &a ? "A " : "B ")
            << what << '\n';
}

// ---- building -----------------------------------------------------------------------------------

void World::start(Side& side, bool controlling) {
  side = Side{};
  Env env{network.now, random.rng()};
  side.credentials = ice::make_credentials(env.rng);
  side.agent.emplace(ice::Config{controlling, side.credentials}, env);
}

ice::WireId World::open(Side& side, Network::Place place, const Endpoint& address) {
  const ice::WireId wire{++side.last_wire};
  const auto port = static_cast<std::uint16_t>(40'000 + random.below(20'000));
  side.sockets[wire] = {place, address.with_port(port)};
  step(side, ice::WireOpened{wire, address.with_port(port)});
  return wire;
}

void World::lose(Side& side, ice::WireId wire) {
  side.sockets.erase(wire);
  side.streams.erase(wire);
  step(side, ice::WireLost{wire});
}

Endpoint World::add_stun_server(const Endpoint& address, bool answers) {
  stun_servers_[network.attach(Network::internet, address)] = answers;
  return address.with_port(3478);
}

Endpoint World::add_turn_server(const Endpoint& address) {
  turn_.emplace(address);
  turn_address_ = address.with_port(3478);
  turn_place_ = network.attach(Network::internet, address);
  return turn_address_;
}

void World::use_turn_server(Side& side, bool stream) {
  ice::TurnServer server{turn_address_, std::nullopt, std::string(TurnServer::user),
                         SecretBytes(as_bytes(TurnServer::password))};
  if (stream) {
    server.stream = ice::WireId{++side.last_wire};
    side.streams[*server.stream] = address("240.0.0.1", ++last_stream_);
  }
  step(side, std::move(server));
}

void World::introduce(Side& side) { signal(side, ice::RemoteCredentials{side.credentials}); }

void World::finish(Side& side) {
  step(side, ice::WiresDone{});
  step(side, ice::ServersDone{});
}

void World::restart(Side& side) {
  side.restarting = true;
  side.credentials = ice::make_credentials(random.rng());
  introduce(side);
  step(side, ice::Restart{side.credentials});
}

/// New credentials of the peer mean that it has restarted: so do we, unless we began. The order of
/// the two is the shell's choice.
void World::receive_signal(Side& side, ice::Event event) {
  const auto* credentials = std::get_if<ice::RemoteCredentials>(&event);
  const bool restarted = credentials && side.theirs && *side.theirs != credentials->ice;
  if (credentials) side.theirs = credentials->ice;
  const bool follow = restarted && !std::exchange(side.restarting, false);
  const bool first = random.chance(0.5);
  const auto renew = [&] {
    side.credentials = ice::make_credentials(random.rng());
    introduce(side);
    step(side, ice::Restart{side.credentials});
  };
  if (follow && first) renew();
  step(side, std::move(event));
  if (follow && !first) renew();
}

bool World::same_pair() const {
  const auto agrees = [](const Side& side) {
    return side.selected && side.data_from == side.selected->route;
  };
  return agrees(a) && agrees(b);
}

void World::close(Side& side) {
  Env env{network.now, random.rng()};
  ice::Effects effects;
  side.agent->close(env, effects);
  side.alive = false;
  perform(side, effects);
  effects.clear();
  for (const auto& socket : std::exchange(side.sockets, {}))
    side.agent->step(ice::WireLost{socket.first}, env, effects);
}

void World::tell(Side& side, ice::Event event) { step(side, std::move(event)); }

void World::signal(Side& from, ice::Event event) {
  signals_.push_back({network.now + signaling_delay, &other(from), std::move(event)});
}

// ---- time ---------------------------------------------------------------------------------------

std::optional<TimePoint> World::next_at() {
  std::optional<TimePoint> first = network.next_at();
  if (!signals_.empty()) first = fsm::earlier(first, signals_.front().at);
  if (!streams_.empty()) first = fsm::earlier(first, streams_.front().at);
  for (const auto* side : {&a, &b})
    if (side->agent && side->alive) first = fsm::earlier(first, side->agent->deadline());
  if (data_interval_.count() > 0) first = fsm::earlier(first, data_next_);
  return first;
}

bool World::run_until(const std::function<bool()>& holds, Duration at_most) {
  const auto end = network.now + at_most;
  while (broken.empty()) {
    if (holds()) return true;
    const auto next = next_at();
    if (!next || *next > end) break;
    advance_to(*next);
  }
  if (broken.empty()) network.now = std::max(network.now, end);
  return holds();
}

void World::run_for(Duration time) {
  run_until([] { return false; }, time);
}

void World::advance_to(TimePoint at) {
  network.now = std::max(network.now, at);
  same_time_ = network.now == last_time_ ? same_time_ + 1 : 0;
  last_time_ = network.now;
  if (same_time_ > most_steps_at_once) broken = "time stands still";
  if (network.next_at() && *network.next_at() <= at) {
    if (auto arrived = network.next()) deliver(std::move(*arrived));
    return;
  }
  if (!signals_.empty() && signals_.front().at <= at) {
    auto next = std::move(signals_.front());
    signals_.pop_front();
    if (next.to->agent && next.to->alive) receive_signal(*next.to, std::move(next.event));
    return;
  }
  if (!streams_.empty() && streams_.front().at <= at) return carry_stream();
  if (data_interval_.count() > 0 && data_next_ <= at) {
    data_next_ = at + data_interval_;
    for (auto* side : {&a, &b}) send_data(*side);
    return;
  }
  for (auto* side : {&a, &b}) {
    if (!side->agent || !side->alive) continue;
    const auto deadline = side->agent->deadline();
    if (deadline && *deadline <= at) return step(*side, ice::Tick{});
  }
}

// ---- a side -------------------------------------------------------------------------------------

void World::step(Side& side, ice::Event event) {
  Env env{network.now, random.rng()};
  ice::Effects effects;
  side.agent->step(std::move(event), env, effects);
  perform(side, effects);
  if (std::exchange(side.wants_restart, false)) restart(side);
  if (!side.failed && !side.agent->deadline()) broken = "an agent waits without a deadline";
}

void World::perform(Side& side, ice::Effects& effects) {
  for (auto& effect : effects) {
    if (auto* transmit_ = std::get_if<ice::Transmit>(&effect)) {
      transmit(side, transmit_->wire, transmit_->to, std::move(transmit_->bytes), transmit_->whole);
    } else if (auto* candidate = std::get_if<ice::LocalCandidate>(&effect)) {
      say(side, "candidate " + wire::sdp::print(candidate->candidate));
      side.candidates.push_back(candidate->candidate);
      signal(side, ice::RemoteCandidate{candidate->candidate});
    } else if (std::holds_alternative<ice::GatheringDone>(effect)) {
      ++side.gatherings;
      say(side, "gathering done");
      if (side.says_done) signal(side, ice::RemoteCandidatesDone{});
    } else if (const auto* selected = std::get_if<ice::Selected>(&effect)) {
      say(side, "selected " + selected->route.to.address_text() + ":" +
                    std::to_string(selected->route.to.port()) +
                    (selected->relayed ? ", relayed" : ""));
      side.selected = *selected;
      if (!side.selected_at) side.selected_at = network.now;
      ++side.selections;
    } else if (const auto* carries = std::get_if<ice::Carries>(&effect)) {
      say(side, "carries " + std::to_string(carries->bytes));
      side.carries = carries->bytes;
      if (carries->bytes > std::max(network.far.mtu, ice::path_mtu::base))
        broken = "more than the path carries";
    } else if (std::holds_alternative<ice::Doubted>(effect)) {
      say(side, "doubted");
      ++side.doubts;
      side.wants_restart = restarts_when_doubted;
    } else if (const auto* relayed = std::get_if<ice::Relayed>(&effect)) {
      side.data_heard += side.agent->leads_to_peer(relayed->way);
    } else if (const auto* failed = std::get_if<ice::Failed>(&effect)) {
      say(side,
          failed->why == ice::Failed::Why::no_pair ? "failed: no pair" : "failed: consent lost");
      side.failed = failed->why;
      side.failed_at = network.now;
    }
  }
}

void World::transmit(Side& side, ice::WireId wire, const Endpoint& to, ByteVector bytes,
                     bool whole) {
  if (side.streams.count(wire)) {
    streams_.push_back({network.now + network.far.delay, &side, wire, true, std::move(bytes)});
    return;
  }
  const auto socket = side.sockets.find(wire);
  if (socket == side.sockets.end()) {
    broken = "something is sent along a wire that is gone";
    return;
  }
  network.send(socket->second.place, socket->second.local, to, std::move(bytes), whole);
}

void World::send_data(Side& side) {
  if (!side.selected || side.failed || !side.alive) return;
  const auto& route = side.selected->route;
  if (!side.sockets.count(route.wire) && !side.streams.count(route.wire)) return;
  ++side.data_sent;
  ByteVector bytes(20, data_mark);
  if (route.channel) {
    const auto header = stun::print_channel_header(*route.channel, 20);
    bytes.insert(bytes.begin(), header.begin(), header.end());
  }
  transmit(side, route.wire, route.to, std::move(bytes), false);
}

bool World::hear_each_other() {
  const auto heard_a = a.data_heard, heard_b = b.data_heard;
  for (int tries = 0; tries < 10; ++tries) {
    send_data(a);
    send_data(b);
    run_for(3 * (network.far.delay + network.far.jitter) + 10ms);
    if (a.data_heard > heard_a && b.data_heard > heard_b) return true;
  }
  return false;
}

// ---- what arrives -------------------------------------------------------------------------------

void World::deliver(Network::Arrived arrived) {
  if (turn_ && arrived.place == turn_place_) return serve_turn(arrived.datagram);
  if (const auto server = stun_servers_.find(arrived.place); server != stun_servers_.end()) {
    if (server->second) serve_stun(arrived.place, arrived.datagram);
    return;
  }
  for (auto* side : {&a, &b})
    for (const auto& [wire, socket] : side->sockets)
      if (socket.place == arrived.place && socket.local == arrived.datagram.to) {
        if (side->alive) hear(*side, wire, arrived.datagram);
        return;
      }
}

void World::hear(Side& side, ice::WireId wire, const Datagram& datagram) {
  std::optional<std::uint16_t> channel;
  ByteView bytes = datagram.bytes;
  if (stun::kind_of(bytes) == stun::Kind::channel_data) {
    const auto data = stun::parse_channel_data(bytes);
    if (!data || !side.agent->way_of(wire, datagram.from, data->channel)) return;
    channel = data->channel;
    bytes = data->payload;
  }
  if (stun::kind_of(bytes) == stun::Kind::stun)
    return step(side, ice::Received{wire, datagram.from, bytes, channel});
  const auto way = side.agent->way_of(wire, datagram.from, channel);
  if (!way || !side.agent->leads_to_peer(*way)) return;
  ++side.data_heard;
  side.data_from = ice::Route{wire, datagram.from, channel};
}

/// TCP loses nothing, but it may take its time.
void World::carry_stream() {
  auto next = std::move(streams_.front());
  streams_.pop_front();
  const auto stream = next.side->streams.find(next.wire);
  if (stream == next.side->streams.end()) return;
  if (next.side->offline) {
    next.at = network.now + 500ms;
    streams_.push_back(std::move(next));
    return;
  }
  if (next.to_server) return perform(turn_->from_client(stream->second, next.bytes, network.now));
  if (next.side->alive)
    hear(*next.side, next.wire, {turn_address_, stream->second, std::move(next.bytes)});
}

void World::serve_turn(const Datagram& datagram) {
  if (datagram.to.port() == turn_address_.port())
    perform(turn_->from_client(datagram.from, datagram.bytes, network.now));
  else
    perform(turn_->from_peer(datagram.to.port(), datagram.from, datagram.bytes, network.now));
}

void World::perform(std::vector<TurnServer::Out> outs) {
  for (auto& out : outs) {
    if (!out.client) {
      network.send(turn_place_, turn_address_.with_port(out.port), out.peer, std::move(out.bytes));
      continue;
    }
    bool streamed = false;
    for (auto* side : {&a, &b})
      for (const auto& [wire, client] : side->streams)
        if (client == *out.client) {
          streams_.push_back(
              {network.now + network.far.delay, side, wire, false, std::move(out.bytes)});
          streamed = true;
        }
    if (!streamed) network.send(turn_place_, turn_address_, *out.client, std::move(out.bytes));
  }
}

void World::serve_stun(Network::Place place, const Datagram& datagram) {
  const auto received = stun::parse(datagram.bytes);
  if (!received || received->message.kind != stun::Class::request) return;
  network.send(place, datagram.to, datagram.from,
               stun::print(mapped_answer(received->message, datagram.from), nullptr));
}

}  // namespace culver::ice::test
