// How an allocation is come by, and the outside of the machine. turn_allocated.cpp goes on.
#include "core/ice/turn.hpp"

#include <algorithm>
#include <utility>

#include "core/ice/turn_requests.hpp"

namespace culver::ice::turn {
namespace {

namespace stun = wire::stun;

constexpr std::uint8_t transport_udp = 17;  // RFC 8656 section 18.7

stun::Message allocate_message(const Params& params, Rng& rng) {
  auto message = request_message(stun::Method::allocate, rng);
  message.requested_transport = transport_udp;
  if (params.family == Endpoint::Family::v6) message.requested_family = 2;
  return message;
}

Request send(const stun::Message& message, ByteVector bytes, const Params& params,
             TimePoint give_up, const Env& env, Effects& effects) {
  effects.push_back(ToServer{bytes});
  return {message.id, std::move(bytes), params.stream, env.now, give_up};
}

Authenticating authenticate(Params params, Login login, TimePoint give_up, unsigned renewals,
                            Env& env, Effects& effects) {
  const auto message = allocate_message(params, env.rng);
  auto request = send(message, login.sign(message), params, give_up, env, effects);
  const auto deadline = request.next();
  return {std::move(params), std::move(login), std::move(request), give_up, deadline, renewals};
}

bool answers(const stun::Message& message, const Request& request) {
  return is_answer(message) && message.id == request.id();
}

template <class S>
OneOf<S, Closed> tick(S&& state, const Env& env, Effects& effects) {
  if (env.now >= state.give_up) return lost(Fault::relay_silent, effects);
  if (const auto* bytes = state.request.due(env.now)) effects.push_back(ToServer{*bytes});
  state.deadline = state.request.next();
  return std::forward<S>(state);
}

bool is_relay(const std::optional<Endpoint>& relayed, Endpoint::Family wanted) {
  return relayed && relayed->family() == wanted && !relayed->is_unspecified() &&
         relayed->port() != 0;
}

}  // namespace

// ---- Asking -------------------------------------------------------------------------------------

OneOf<Asking, Authenticating, Closed> Asking::on(FromServer&& event, Env& env,
                                                 Effects& effects) && {
  const auto& message = event.received.message;
  if (!answers(message, request)) return std::move(*this);
  if (!is_error(message, stun::unauthenticated)) return lost(Fault::relay_refused, effects);
  auto login = Login::from(params, message);
  if (!login) return lost(login.error(), effects);
  return authenticate(std::move(params), std::move(*login), give_up, 0, env, effects);
}
OneOf<Asking, Closed> Asking::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
}
OneOf<Closed> Asking::on(Close&&, Env&, Effects&) && { return Closed{}; }

// ---- Authenticating -----------------------------------------------------------------------------

OneOf<Authenticating, Allocated, Closed> Authenticating::on(FromServer&& event, Env& env,
                                                            Effects& effects) && {
  const auto& message = event.received.message;
  if (!answers(message, request)) return std::move(*this);
  if (is_error(message, stun::unauthenticated)) return lost(Fault::relay_refused, effects);
  if (is_error(message, stun::stale_nonce)) {
    auto renewed = Login::from(params, message);
    if (!renewed || renewals == most_renewals) return lost(Fault::relay_refused, effects);
    return authenticate(std::move(params), std::move(*renewed), give_up, renewals + 1, env,
                        effects);
  }
  if (!authentic(event.received, login.key)) return std::move(*this);
  const auto until = lifetime_of(message);
  if (message.kind == stun::Class::error || !until) return lost(Fault::relay_refused, effects);
  if (!is_relay(message.relayed, params.family) || !message.mapped)
    return lost(Fault::malformed, effects);
  effects.push_back(Ready{*message.relayed, *message.mapped});
  Allocated next{std::move(params), std::move(login), *message.relayed};
  next.allocation.granted(env.now + until->renewal, env.now + until->end);
  next.deadline = env.now + until->renewal;
  return next;
}
OneOf<Authenticating, Closed> Authenticating::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
}
OneOf<Closed> Authenticating::on(Close&&, Env& env, Effects& effects) && {
  effects.push_back(ToServer{login.sign(refresh_message(0, env.rng))});
  return Closed{};
}

// ---- Client -------------------------------------------------------------------------------------

Client Client::start(Params params, Env& env, Effects& effects) {
  const auto message = allocate_message(params, env.rng);
  const auto give_up = env.now + patience;
  auto request = send(message, print(message, nullptr), params, give_up, env, effects);
  const auto deadline = request.next();
  return Client(Asking{std::move(params), std::move(request), give_up, deadline});
}

void Client::on(Event event, Env& env, Effects& effects) {
  state_ = fsm::step<Machine>(std::move(state_), std::move(event), env, effects);
}

std::optional<Endpoint> Client::peer_of_channel(std::uint16_t number) const {
  const auto* allocated = std::get_if<Allocated>(&state_);
  if (!allocated || number < stun::first_channel) return std::nullopt;
  const std::size_t index = number - stun::first_channel;
  if (index >= allocated->channels.size()) return std::nullopt;
  return allocated->channels[index].peer;
}

ByteVector wrap(const Endpoint& peer, ByteView datagram, Rng& rng) {
  auto message = new_message(stun::Class::indication, stun::Method::send, rng);
  message.peer = peer;
  message.data.emplace(datagram.begin(), datagram.end());
  return print(message, nullptr);
}

}  // namespace culver::ice::turn
