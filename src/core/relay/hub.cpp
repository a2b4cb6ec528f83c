// Counting at the door, limiting what is asked, routing.
#include "core/relay/hub.hpp"

#include "core/wire/limits.hpp"

namespace culver::relay {
namespace {

namespace sig = wire::signaling;

void refuse(SocketId socket, Fault fault, Effects& effects) {
  effects.push_back(Send{socket, sig::print(sig::Error{std::string(info(fault).wire)})});
}

}  // namespace

Hub::Hub(session::ServerName name, Limits limits)
    : name_(std::move(name)), limits_(limits), addresses_(limits), book_(limits) {}

Effects Hub::step(Event event, const Env& env) {
  Effects effects;
  std::visit([&](auto&& e) { on(std::move(e), env.now, effects); }, std::move(event));
  return effects;
}

std::optional<TimePoint> Hub::deadline() const {
  return fsm::earlier(due_.next(), fsm::earlier(registry_.deadline(), book_.deadline()));
}

const session::Machine::State* Hub::state_of(SocketId socket) const {
  const auto found = sockets_.find(socket);
  return found == sockets_.end() ? nullptr : &found->second.state;
}

void Hub::on(Accepted&& event, TimePoint now, Effects& effects) {
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
  if (!address.empty()) addresses_.open(address, now);
  const auto deadline = now + limits_.upgrade;
  const bool over_limit = from_there >= limits_.connections_per_address;
  sockets_.emplace(id, Socket{session::Connecting{deadline}, address, over_limit, {}, {}});
  due_.set(id, deadline);
}

void Hub::on(SocketOpened&& event, TimePoint now, Effects& effects) {
  const auto found = sockets_.find(event.socket);
  if (found == sockets_.end()) return;
  auto& socket = found->second;
  if (socket.address.empty() && !event.address.empty()) {
    socket.over_limit = addresses_.sockets(event.address) >= limits_.connections_per_address;
    socket.address = std::move(event.address);
    addresses_.open(socket.address, now);
  }
  step_session(event.socket, session::Upgraded{socket.over_limit}, now, effects);
}

void Hub::on(Frame&& event, TimePoint now, Effects& effects) {
  const auto found = sockets_.find(event.socket);
  if (found == sockets_.end()) return;
  auto& [state, address, over_limit, messages, pair_requests] = found->second;
  if (std::holds_alternative<session::Connecting>(state) ||
      std::holds_alternative<session::Closing>(state))
    return;

  step_session(event.socket, session::Heard{}, now, effects);
  if (event.text.size() > wire::limits::signaling_frame_in)
    return step_session(event.socket, session::TooLarge{}, now, effects);
  if (!messages.take(limits_.messages_per_socket, now) || !addresses_.take_message(address, now))
    return refuse(event.socket, Fault::rate_limited, effects);

  auto message = sig::parse_client(event.text);
  if (!message) return refuse(event.socket, message.error(), effects);
  auto asked = admit(found->second, std::move(*message), now);
  if (!asked) return refuse(event.socket, asked.error(), effects);
  step_session(event.socket, std::move(*asked), now, effects);
}

void Hub::on(Oversized&& event, TimePoint now, Effects& effects) {
  step_session(event.socket, session::TooLarge{}, now, effects);
}

void Hub::on(Alive&& event, TimePoint now, Effects& effects) {
  step_session(event.socket, session::Heard{}, now, effects);
}

void Hub::on(SocketClosed&& event, TimePoint now, Effects& effects) {
  const auto found = sockets_.find(event.socket);
  if (found == sockets_.end()) return;
  step_session(event.socket, session::Gone{event.goodbye}, now, effects);
  if (!found->second.address.empty()) addresses_.close(found->second.address, now);
  due_.erase(event.socket);
  sockets_.erase(found);
}

void Hub::on(Answered&&, TimePoint, Effects&) {}

void Hub::on(HttpRequest&&, TimePoint, Effects&) {}

void Hub::on(Tick&&, TimePoint now, Effects& effects) {
  addresses_.sweep(now);
  while (const auto socket = due_.take_due(now))
    step_session(*socket, session::Due{}, now, effects);
  while (const auto due = book_.take_due(now))
    session::announce_due(*due, limits_, registry_, effects);
  while (const auto lapsed = registry_.take_lapsed(now))
    session::announce_lapsed(*lapsed, registry_, book_, effects);
}

void Hub::on(Drain&&, TimePoint now, Effects& effects) {
  draining_ = true;
  for (const auto& [id, socket] : sockets_) step_session(id, session::Shutdown{}, now, effects);
  registry_ = Registry{};
  book_ = PairingBook{limits_};
}

Result<session::Event> Hub::admit(Socket& socket, sig::ClientMessage message, TimePoint now) {
  using Asked = Result<session::Event>;
  const auto limited = [](bool allowed, session::Event event) -> Asked {
    if (!allowed) return fail(Fault::rate_limited);
    return event;
  };
  return std::visit(
      fsm::overload{
          [&](sig::Register&& m) -> Asked {
            return limited(addresses_.take_register(socket.address, now),
                           session::Register{std::move(m)});
          },
          [&](sig::PairRequest&& m) -> Asked {
            return limited(socket.pair_requests.take(limits_.pair_requests_per_socket, now) &&
                               addresses_.take_pair_request(socket.address, now),
                           session::PairRequest{std::move(m)});
          },
          [](sig::PairResponse&& m) -> Asked { return session::PairResponse{std::move(m)}; },
          [](sig::Relay&& m) -> Asked { return session::Relay{std::move(m)}; },
          [](sig::Ping&&) -> Asked { return session::PingMessage{}; },
      },
      std::move(message));
}

void Hub::step_session(SocketId id, session::Event event, TimePoint now, Effects& effects) {
  const auto found = sockets_.find(id);
  if (found == sockets_.end()) return;
  session::Context context{id, now, limits_, name_, registry_, book_, std::nullopt};
  auto& state = found->second.state;
  state = fsm::step<session::Machine>(std::move(state), std::move(event), context, effects);
  due_.set(id, fsm::deadline_of(state));
  // At most one step deep: a replaced socket displaces nobody.
  if (context.displaced) step_session(*context.displaced, session::Replaced{}, now, effects);
}

}  // namespace culver::relay
