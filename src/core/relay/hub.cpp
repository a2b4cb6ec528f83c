// Counting at the door, limiting what is asked, routing; open signaling.
#include "core/relay/hub.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/wire/limits.hpp"

namespace culver::relay {
namespace {

namespace sig = wire::signaling;

void refuse(SocketId socket, Fault fault, Effects& effects) {
  effects.push_back(SendToSocket{socket, sig::print(sig::Error{std::string(info(fault).wire)})});
}

/// Refused for now, and when it will be granted.
void too_soon(SocketId socket, Duration wait, Effects& effects) {
  const auto seconds = std::max(whole_seconds(wait), 1U);
  const std::string text(info(Fault::rate_limited).wire);
  effects.push_back(SendToSocket{socket, sig::print(sig::Error{text, seconds})});
}

bool is_connecting(const Socket& socket) {
  const auto* state = socket.signaling();
  return state && std::holds_alternative<session::Connecting>(*state);
}

}  // namespace

Hub::Hub(session::ServerName name, Limits limits, Door door)
    : name_(std::move(name)),
      limits_(limits),
      addresses_(limits),
      book_(limits),
      rendezvous_(limits),
      gateway_(std::move(door)),
      devices_(limits),
      codes_(limits) {}

void Hub::restore(const std::vector<StoredDrop>& drops, const Env& env, RunTime ran) {
  clock_.resume(ran);
  for (const auto& drop : drops) rendezvous_.restore(drop, env.now, clock_.ran(env.now));
}

void Hub::reconfigure(session::ServerName name, Limits limits, bool handshake_required) {
  name_ = std::move(name);
  limits_ = limits;
  addresses_.limit(limits);
  book_.limit(limits);
  devices_.limit(limits);
  codes_.limit(limits);
  gateway_.require_handshake(handshake_required);
}

Effects Hub::step(Event event, const Env& env) {
  if (!next_prune_ && !draining_) next_prune_ = env.now + limits_.prune_interval;
  Effects effects;
  if (const auto step = clock_.look(env.now, env.wall)) effects.push_back(ClockStepped{*step});
  std::visit([&](auto&& e) { on(std::move(e), env, effects); }, std::move(event));
  effects = finish(std::move(effects), env);
  counters_.connections = sockets_.size();
  counters_.sessions = devices_.size();
  counters_.accounts = devices_.accounts();
  counters_.questions = questions_.size();
  counters_.dead_drops = rendezvous_.drops().size();
  counters_.dead_drop_bytes = rendezvous_.drops().bytes();
  counters_.rendezvous_tokens = rendezvous_.live().size();
  return effects;
}

std::optional<TimePoint> Hub::deadline() const {
  const auto pairing = fsm::earlier(registry_.deadline(), book_.deadline());
  const auto signaling = fsm::earlier(pairing, rendezvous_.deadline());
  const auto gateway = fsm::earlier(codes_.deadline(), next_prune_);
  return fsm::earlier(due_.next(), fsm::earlier(signaling, gateway));
}

const session::Machine::State* Hub::state_of(SocketId socket) const {
  const auto found = sockets_.find(socket);
  return found == sockets_.end() ? nullptr : found->second.signaling();
}

const device_session::Machine::State* Hub::session_of(SocketId socket) const {
  const auto found = sockets_.find(socket);
  const auto* device = found == sockets_.end() ? nullptr : found->second.device();
  return device ? &device->session : nullptr;
}

// ---- the way out --------------------------------------------------------------------------------

Effects Hub::finish(Effects effects, const Env& env) {
  Effects finished;
  finished.reserve(effects.size());
  // It grows while it is read: with a Close more may have to be said, to others.
  for (std::size_t i = 0; i < effects.size(); ++i) {
    auto effect = std::move(effects[i]);
    bool goes_out = true;
    if (auto* send = std::get_if<SendToSocket>(&effect)) goes_out = seal(*send);
    if (const auto* end = std::get_if<Close>(&effect)) {
      goes_out = retire(end->socket, false, env, effects);
      if (goes_out) counters_.closed.add(end->fault);
    }
    if (const auto* last = std::get_if<Respond>(&effect))
      goes_out = retire(last->socket, false, env, effects);
    if (goes_out) finished.push_back(std::move(effect));
  }
  return finished;
}

/// False if the socket is not to hear anything more.
bool Hub::seal(SendToSocket& send) {
  auto* socket = find(send.socket);
  if (!socket || socket->is_closed) return false;
  auto* device = socket->device();
  if (!device || !device->records || send.binary) return true;
  send.text = device->records->out.seal(send.text);
  send.binary = true;
  return true;
}

/// False if that has happened before.
bool Hub::retire(SocketId id, bool goodbye, const Env& env, Effects& effects) {
  auto* socket = find(id);
  if (!socket) return true;
  if (std::exchange(socket->is_closed, true)) return false;
  if (auto* shaking = socket->handshaking()) gateway_.end(*shaking, counters_);
  step_device(id, device_session::Gone{}, env, effects);
  step_session(id, session::Gone{goodbye}, env, effects);
  socket->place = session::Machine::State{session::Closing{}};
  due_.erase(id);
  return true;
}

// ---- the door -----------------------------------------------------------------------------------

void Hub::on(Accepted&& event, const Env& env, Effects& effects) {
  const auto& [id, address] = event;
  if (sockets_.contains(id)) return;
  const auto from_there = address.empty() ? 0 : addresses_.sockets(address);
  const bool full = sockets_.size() >= limits_.connections ||
                    from_there >= limits_.connections_per_address + limits_.refusals_per_address;
  if (draining_ || full) {
    const auto fault = draining_ ? Fault::shutting_down : Fault::too_many_connections;
    effects.push_back(Close{id, close_code(fault), fault});
    return;
  }
  if (!address.empty()) addresses_.open(address, env.now);
  Socket socket;
  const auto deadline = env.now + limits_.upgrade;
  socket.place = session::Machine::State{session::Connecting{deadline}};
  socket.address = address;
  socket.accepted = env.now;
  socket.over_limit = from_there >= limits_.connections_per_address;
  sockets_.emplace(id, std::move(socket));
  due_.set(id, deadline);
}

void Hub::learn_address(Socket& socket, Address address, TimePoint now) {
  if (!socket.address.empty() || address.empty()) return;
  socket.over_limit = addresses_.sockets(address) >= limits_.connections_per_address;
  socket.address = std::move(address);
  addresses_.open(socket.address, now);
}

void Hub::on(SocketOpened&& event, const Env& env, Effects& effects) {
  auto* socket = find(event.socket);
  if (!socket || !is_connecting(*socket)) return;
  learn_address(*socket, std::move(event.address), env.now);
  step_session(event.socket, session::Upgraded{socket->over_limit}, env, effects);
  const bool is_in = std::holds_alternative<session::Unregistered>(*socket->signaling());
  if (is_in && gateway_.handshake_required()) open_gateway(event.socket, *socket, effects);
}

void Hub::on(Frame&& event, const Env& env, Effects& effects) {
  auto* socket = find(event.socket);
  if (!socket) return;
  if (socket->is_closed || socket->request()) {
    ++counters_.frames_ignored;
  } else if (socket->device()) {
    take_sealed(event.socket, std::move(event.text), env, effects);
  } else if (socket->handshaking()) {
    take_handshake(event.socket, *socket, std::move(event.text), env, effects);
  } else {
    take_open(event.socket, *socket, std::move(event.text), env, effects);
  }
}

void Hub::on(Oversized&& event, const Env& env, Effects& effects) {
  auto* socket = find(event.socket);
  if (!socket) return;
  if (socket->handshaking()) return take_too_large(event.socket, *socket, env, effects);
  if (const auto* device = socket->device()) {
    // A sealed session has lost count with it.
    if (device->records) return close(event.socket, Fault::too_large, env, effects);
    return step_device(event.socket,
                       device_session::BadFrame{{Fault::too_large, std::nullopt, std::nullopt}, {}},
                       env, effects);
  }
  step_session(event.socket, session::TooLarge{}, env, effects);
}

void Hub::on(Alive&& event, const Env& env, Effects& effects) {
  step_device(event.socket, device_session::Heard{}, env, effects);
  step_session(event.socket, session::Heard{}, env, effects);
}

void Hub::on(SocketClosed&& event, const Env& env, Effects& effects) {
  const auto found = sockets_.find(event.socket);
  if (found == sockets_.end()) return;
  retire(event.socket, event.goodbye, env, effects);
  if (!found->second.address.empty()) addresses_.close(found->second.address, env.now);
  sockets_.erase(found);
}

void Hub::on(Tick&&, const Env& env, Effects& effects) {
  addresses_.sweep(env.now);
  devices_.sweep(env.now);
  codes_.sweep(env.now);
  rendezvous_.sweep(env.now);
  while (const auto socket = due_.take_due(env.now)) due(*socket, env, effects);
  while (const auto request = book_.take_due(env.now))
    session::announce_due(*request, limits_, registry_, effects);
  while (const auto lapsed = registry_.take_lapsed(env.now))
    session::announce_lapsed(*lapsed, registry_, book_, effects);
  if (next_prune_ && *next_prune_ <= env.now) prune(env, effects);
}

void Hub::on(Drain&&, const Env& env, Effects& effects) {
  draining_ = true;
  next_prune_.reset();
  effects.push_back(questions_.tell(KeepTime{clock_.ran(env.now), env.wall}));
  for (auto& [id, socket] : sockets_) {
    if (std::holds_alternative<session::Machine::State>(socket.place))
      step_session(id, session::Shutdown{}, env, effects);
    else
      close(id, Fault::shutting_down, env, effects);
  }
  registry_ = Registry{};
  book_ = PairingBook{limits_};
  rendezvous_ = Rendezvous{limits_};
}

void Hub::due(SocketId id, const Env& env, Effects& effects) {
  auto* socket = find(id);
  if (!socket) return;
  if (auto* shaking = socket->handshaking()) {
    auto context = gateway_context(id, *socket, env);
    gateway_.tick(*shaking, context, effects);
    due_.set(id, fsm::deadline_of(shaking->state));
  } else if (socket->request()) {
    answer_request(refusal(id, Fault::directory_failed), env, effects);
  } else if (socket->device()) {
    step_device(id, device_session::Due{}, env, effects);
  } else {
    step_session(id, session::Due{}, env, effects);
  }
}

void Hub::prune(const Env& env, Effects& effects) {
  const auto kept = std::chrono::duration_cast<std::chrono::milliseconds>(limits_.retention);
  const auto ran = clock_.ran(env.now);
  effects.push_back(questions_.tell(KeepTime{ran, env.wall}));
  effects.push_back(questions_.tell(Prune{ran - kept.count(), ran, limits_.prune_events}));
  next_prune_ = env.now + limits_.prune_interval;
}

Socket* Hub::find(SocketId id) {
  const auto found = sockets_.find(id);
  return found == sockets_.end() ? nullptr : &found->second;
}

/// A device's session is deaf from here on: nothing that waits behind its last frame is served.
void Hub::close(SocketId id, Fault fault, const Env& env, Effects& effects) {
  step_device(id, device_session::Gone{}, env, effects);
  effects.push_back(Close{id, close_code(fault), fault});
}

// ---- open signaling -----------------------------------------------------------------------------

void Hub::take_open(SocketId id, Socket& socket, std::string text, const Env& env,
                    Effects& effects) {
  if (is_connecting(socket)) return;
  if (!socket.has_spoken && wire::gateway::is_handshake(text)) {
    if (text.size() > wire::limits::handshake_frame_in)
      return close(id, Fault::too_large, env, effects);
    open_gateway(id, socket, effects);
    return take_handshake(id, socket, std::move(text), env, effects);
  }
  if (!socket.has_spoken && wire::gateway::is_of_session(text))
    return take_early(id, socket, env, effects);
  if (!std::exchange(socket.has_spoken, true)) step_session(id, session::Spoke{}, env, effects);
  step_session(id, session::Heard{}, env, effects);
  if (text.size() > wire::limits::signaling_frame_in)
    return step_session(id, session::TooLarge{}, env, effects);
  if (!socket.messages.take(limits_.messages_per_socket, env.now) ||
      !addresses_.take_message(socket.address, env.now))
    return too_soon(id,
                    std::max(socket.messages.wait(limits_.messages_per_socket, env.now),
                             addresses_.message_wait(socket.address, env.now)),
                    effects);

  auto message = sig::parse_client(text);
  if (!message) return refuse(id, message.error(), effects);
  auto asked = admit(socket, std::move(*message), env.now);
  if (!asked) return too_soon(id, asked.error(), effects);
  step_session(id, std::move(*asked), env, effects);
}

/// What only a device says shows nothing yet: its hello may be on the way. It is counted by itself,
/// so that the hello finds its place.
void Hub::take_early(SocketId id, Socket& socket, const Env& env, Effects& effects) {
  if (++socket.early > limits_.frames_before_hello)
    return close(id, Fault::rate_limited, env, effects);
  ++counters_.frames_ignored;
}

tl::expected<session::Event, Duration> Hub::admit(Socket& socket, sig::ClientMessage message,
                                                  TimePoint now) {
  using Asked = tl::expected<session::Event, Duration>;
  const auto& address = socket.address;
  const bool is_known = socket.device() != nullptr;
  return std::visit(
      fsm::overload{
          [&](sig::Register&& m) -> Asked {
            if (!addresses_.take_register(address, now))
              return tl::unexpected(addresses_.register_wait(address, now));
            return session::Register{std::move(m)};
          },
          [&](sig::PairRequest&& m) -> Asked {
            const auto& rate =
                is_known ? limits_.pair_requests_per_device : limits_.pair_requests_per_socket;
            if (!socket.pair_requests.take(rate, now) ||
                !addresses_.take_pair_request(address, now))
              return tl::unexpected(std::max(socket.pair_requests.wait(rate, now),
                                             addresses_.pair_request_wait(address, now)));
            return session::PairRequest{std::move(m)};
          },
          [](sig::PairResponse&& m) -> Asked { return session::PairResponse{std::move(m)}; },
          [](sig::Relay&& m) -> Asked { return session::Relay{std::move(m)}; },
          [&](sig::RegisterRendezvous&& m) -> Asked {
            const auto& rate =
                is_known ? limits_.rendezvous_per_device : limits_.rendezvous_per_socket;
            if (!socket.rendezvous.take(rate, now) || !addresses_.take_rendezvous(address, now))
              return tl::unexpected(std::max(socket.rendezvous.wait(rate, now),
                                             addresses_.rendezvous_wait(address, now)));
            return session::RegisterRendezvous{std::move(m)};
          },
          [](sig::Ping&&) -> Asked { return session::PingMessage{}; },
      },
      std::move(message));
}

void Hub::step_session(SocketId id, session::Event event, const Env& env, Effects& effects) {
  auto* socket = find(id);
  auto* state = socket ? socket->signaling() : nullptr;
  if (!state) return;
  session::Context context{
      id,        socket->address, env.now,     clock_.ran(env.now), env.wall,  limits_,     name_,
      registry_, book_,           rendezvous_, questions_,          counters_, std::nullopt};
  *state = fsm::step<session::Machine>(std::move(*state), std::move(event), context, effects);
  if (!socket->device()) due_.set(id, fsm::deadline_of(*state));
  // At most one step deep: a replaced socket displaces nobody.
  if (context.displaced) step_session(*context.displaced, session::Replaced{}, env, effects);
}

}  // namespace culver::relay
