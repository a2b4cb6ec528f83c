// What each state of a socket does with each event.
#include "core/relay/session.hpp"

#include <algorithm>
#include <chrono>

#include "core/wire/gateway.hpp"

namespace culver::relay::session {
namespace {

namespace sig = wire::signaling;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class Message>
void answer(const Message& message, const Context& context, Effects& effects) {
  effects.push_back(SendToSocket{context.socket, sig::print(message)});
}

template <class Message>
void tell(const PairingCode& code, const Message& message, const Registry& registry,
          Effects& effects) {
  if (const auto socket = registry.socket_of(code))
    effects.push_back(SendToSocket{*socket, sig::print(message)});
}

Closing close(Fault fault, const Context& context, Effects& effects) {
  effects.push_back(Close{context.socket, close_code(fault), fault});
  return Closing{};
}

void refuse_pairing(Fault fault, const Context& context, Effects& effects) {
  answer(sig::PairError{std::string(info(fault).wire)}, context, effects);
}

/// How a code loses its socket.
enum class Leaving {
  given_up,  ///< the client took another code: nobody will come back for this one
  goodbye,   ///< closed in order: partners hear of it now, yet the key may come back
  lost,      ///< perhaps the network only: partners hear of it if the key stays away
};

void leave(const PairingCode& code, Leaving leaving, Context& context, Effects& effects) {
  const auto& limits = context.limits;
  auto& registry = context.registry;
  auto& book = context.book;
  context.rendezvous.withdraw(code);
  for (const auto& other : book.withdraw(code))
    tell(other, sig::PairTimeout{code}, registry, effects);

  const auto* held = registry.find(code);
  // What somebody has proven to hold is not to be had by whoever waits for his network to fail.
  const bool is_kept =
      !book.partners(code).empty() || (leaving == Leaving::lost && held && held->owner.is_proven());
  const bool stays_away =
      leaving == Leaving::given_up || !is_kept || registry.parked() >= limits.connections;
  if (stays_away || leaving == Leaving::goodbye)
    for (const auto& partner : book.partners(code))
      tell(partner, sig::PeerLeft{code}, registry, effects);
  if (stays_away) {
    book.part(code);
    registry.release(code);
  } else {
    registry.park(code, context.now + limits.reconnect_grace, leaving == Leaving::goodbye);
  }
}

/// What hangs on the code was agreed to by somebody who had only named the key. It ends, and the
/// code begins anew.
void disown(const PairingCode& code, Context& context, Effects& effects) {
  for (const auto& other : context.book.withdraw(code))
    tell(other, sig::PairTimeout{code}, context.registry, effects);
  for (const auto& partner : context.book.part(code))
    tell(partner, sig::PeerLeft{code}, context.registry, effects);
}

/// False, and nothing has changed, if the code is somebody else's.
bool take_code(const PairingCode& code, const Claimant& claimant, Context& context,
               Effects& effects) {
  const auto [granted, displaced] = context.registry.claim(code, claimant, context.socket);
  if (granted == Registry::Granted::no) {
    answer(sig::CodeCollision{}, context, effects);
    return false;
  }
  if (granted == Registry::Granted::by_a_proof) disown(code, context, effects);
  context.displaced = displaced;
  return true;
}

/// To a code that is there, or that is told when it is back.
void tell_of_match(const PairingCode& code, const PairingCode& peer, bool leads,
                   const Context& context, Effects& effects) {
  const auto* held = context.registry.find(peer);
  if (held == nullptr) return;
  context.registry.told_of_match(code, peer, leads);
  const auto socket = context.registry.socket_of(code);
  if (!socket) return;
  auto servers = offered(context.server.ice, *socket, context.wall);
  effects.push_back(SendToSocket{
      *socket, sig::print(sig::PairMatched{peer, held->owner.key, leads, std::move(servers)})});
}

void match(const PairingCode& initiator, const PairingCode& other, const Context& context,
           Effects& effects) {
  tell_of_match(initiator, other, true, context, effects);
  tell_of_match(other, initiator, false, context, effects);
}

/// What was said to the code while it had no socket, or may have been lost with the one that it
/// had: of a match in which it has said nothing it may not have heard.
void catch_up(const PairingCode& code, const Context& context, Effects& effects) {
  const auto* held = context.registry.find(code);
  if (held == nullptr) return;
  const auto unheard = held->unheard;
  for (const auto& [partner, leads] : unheard)
    if (context.book.matched(code, partner))
      tell_of_match(code, partner, leads, context, effects);
    else
      context.registry.spoke(code, partner);
  for (auto& message : context.registry.take_missed(code))
    effects.push_back(SendToSocket{context.socket, std::move(message)});
}

/// What the client is told to have left must be there also if this process ends now.
void answer_once_kept(std::vector<StoredDrop> drops, std::string answer, Context& context,
                      Effects& effects) {
  auto bytes = answer.size();
  for (const auto& drop : drops)
    bytes += drop.point.size() + drop.relay_id.size() + drop.text.size();
  effects.push_back(context.questions.ask(KeepDrops{std::move(drops)},
                                          ForDrops{context.socket, std::move(answer), bytes}));
}

}  // namespace

void Machine::refuse(Fault fault, Context& context, Effects& effects) {
  answer(sig::Error{std::string(info(fault).wire)}, context, effects);
}

// ---- Connecting ---------------------------------------------------------------------------------

OneOf<Unregistered, Closing> Connecting::on(Upgraded&& event, Context& context,
                                            Effects& effects) && {
  if (event.over_limit) return close(Fault::too_many_connections, context, effects);
  const auto& server = context.server;
  const auto per_minute = [](const Rate& rate) {
    return static_cast<std::uint32_t>(rate.count * std::chrono::seconds(60) / rate.window);
  };
  answer(sig::ServerInfo{server.id, server.endpoint, server.region, wire::gateway::newest_version,
                         per_minute(context.limits.messages_per_socket),
                         per_minute(context.limits.messages_per_device),
                         per_minute(context.limits.pair_requests_per_device),
                         per_minute(context.limits.rendezvous_per_device)},
         context, effects);
  const auto accepted = deadline - context.limits.upgrade;
  return Unregistered{Unproven{}, accepted + context.limits.handshake};
}

OneOf<Connecting, Closing> Connecting::on(Due&&, Context& context, Effects& effects) && {
  if (context.now < deadline) return *this;
  return close(Fault::register_timeout, context, effects);
}

OneOf<Closing> Connecting::on(Shutdown&&, Context& context, Effects& effects) && {
  return close(Fault::shutting_down, context, effects);
}

// ---- Unregistered -------------------------------------------------------------------------------

OneOf<Unregistered> Unregistered::on(Spoke&&, Context& context, Effects&) && {
  if (!deadline) return *this;
  const auto sooner = *deadline - context.limits.handshake + context.limits.registration;
  if (context.now < sooner) deadline = std::min(*deadline, sooner);
  return *this;
}

OneOf<Unregistered, Registered> Unregistered::on(Register&& event, Context& context,
                                                 Effects& effects) && {
  const auto& [code, key] = event.message;
  const Claimant claimant{key, speaker};
  if (!take_code(code, claimant, context, effects)) return *this;
  answer(sig::Registered{code, context.server.id}, context, effects);
  catch_up(code, context, effects);
  std::optional<TimePoint> next_ping;
  if (deadline) next_ping = context.now + context.limits.ping_interval;
  return Registered{code, claimant, std::nullopt, next_ping};
}

OneOf<Unregistered> Unregistered::on(PingMessage&&, Context& context, Effects& effects) && {
  answer(sig::Pong{}, context, effects);
  return *this;
}

OneOf<Closing> Unregistered::on(TooLarge&&, Context& context, Effects& effects) && {
  Machine::refuse(Fault::too_large, context, effects);
  return close(Fault::too_large, context, effects);
}

OneOf<Unregistered, Closing> Unregistered::on(Due&&, Context& context, Effects& effects) && {
  if (!deadline || context.now < *deadline) return *this;
  return close(Fault::register_timeout, context, effects);
}

OneOf<Closing> Unregistered::on(Shutdown&&, Context& context, Effects& effects) && {
  return close(Fault::shutting_down, context, effects);
}

// ---- Registered ---------------------------------------------------------------------------------

OneOf<Registered> Registered::on(Heard&&, Context&, Effects&) && {
  unanswered.reset();
  return *this;
}

OneOf<Registered> Registered::on(Register&& event, Context& context, Effects& effects) && {
  const auto& [wanted, wanted_key] = event.message;
  const Claimant wanting{wanted_key, claimant.speaker};
  if (!take_code(wanted, wanting, context, effects)) return *this;
  if (wanted != code) leave(code, Leaving::given_up, context, effects);
  answer(sig::Registered{wanted, context.server.id}, context, effects);
  return Registered{wanted, wanting, unanswered, deadline};
}

OneOf<Registered> Registered::on(PairRequest&& event, Context& context, Effects& effects) && {
  const auto& target = event.message.target;
  // Its own code, nobody's code, a code whose owner is away: one answer.
  if (target == code || !context.registry.socket_of(target)) {
    refuse_pairing(Fault::pair_unknown, context, effects);
    return *this;
  }
  switch (context.book.ask(code, target, context.now, context.address)) {
    case PairingBook::Asked::full:
      refuse_pairing(Fault::too_many_pending, context, effects);
      break;
    case PairingBook::Asked::crossed:
      match(target, code, context, effects);
      break;
    case PairingBook::Asked::waiting: {
      const auto expires_in = std::chrono::duration_cast<milliseconds>(context.limits.pair_expiry);
      tell(target,
           sig::PairIncoming{code, claimant.key, static_cast<std::uint32_t>(expires_in.count()),
                             std::move(event.message.proposed_name)},
           context.registry, effects);
      break;
    }
  }
  return *this;
}

OneOf<Registered> Registered::on(PairResponse&& event, Context& context, Effects& effects) && {
  const auto& [requester, accepted] = event.message;
  if (!context.book.answer(requester, code, accepted))
    answer(sig::PairError{"No pending request from this peer"}, context, effects);
  else if (accepted)
    match(requester, code, context, effects);
  else
    tell(requester, sig::PairRejected{code}, context.registry, effects);
  return *this;
}

OneOf<Registered> Registered::on(Relay&& event, Context& context, Effects& effects) && {
  const auto& [kind, target, payload] = event.message;
  const auto socket = context.registry.socket_of(target);
  const bool is_matched = context.book.matched(code, target);
  if (is_matched) context.registry.spoke(code, target);
  // A stranger learns nothing about which codes exist: unknown and unrelated look the same.
  if (!is_matched ||
      (!socket && !context.registry.keep(target, sig::print_relayed(kind, code, payload)))) {
    const auto text = std::string(info(Fault::unrelated_target).wire) + ": ";
    answer(sig::Error{text + std::string(target.text())}, context, effects);
  } else if (socket) {
    effects.push_back(SendToSocket{*socket, sig::print_relayed(kind, code, payload)});
  }
  return *this;
}

OneOf<Registered> Registered::on(RegisterRendezvous&& event, Context& context,
                                 Effects& effects) && {
  const auto& asked = event.message;
  if (asked.peer_id != code.text()) {
    Machine::refuse(Fault::peer_id_mismatch, context, effects);
    return *this;
  }
  if (!asked.drops.empty() && context.questions.full(context.limits)) {
    Machine::refuse(Fault::directory_failed, context, effects);
    return *this;
  }
  auto found =
      context.rendezvous.visit({code, claimant, context.address}, asked, context.now, context.ran);
  for (const auto& [other, match] : found.pushes) tell(other, match, context.registry, effects);
  if (found.is_full) Machine::refuse(Fault::rendezvous_full, context, effects);
  if (found.kept.empty())
    answer(found.result, context, effects);
  else
    answer_once_kept(std::move(found.kept), sig::print(found.result), context, effects);
  ++context.counters.rendezvous;
  context.counters.live_matches += found.result.live.size();
  context.counters.dead_drops_given += found.result.drops.size();
  return *this;
}

OneOf<Registered> Registered::on(PingMessage&&, Context& context, Effects& effects) && {
  answer(sig::Pong{}, context, effects);
  return *this;
}

OneOf<Closing> Registered::on(TooLarge&&, Context& context, Effects& effects) && {
  leave(code, Leaving::lost, context, effects);
  Machine::refuse(Fault::too_large, context, effects);
  return close(Fault::too_large, context, effects);
}

OneOf<Closing> Registered::on(Replaced&&, Context& context, Effects& effects) && {
  context.rendezvous.withdraw(code);
  return close(Fault::replaced, context, effects);
}

OneOf<Closing> Registered::on(Gone&& event, Context& context, Effects& effects) && {
  leave(code, event.goodbye ? Leaving::goodbye : Leaving::lost, context, effects);
  return Closing{};
}

OneOf<Registered, Closing> Registered::on(Due&&, Context& context, Effects& effects) && {
  const auto interval = context.limits.ping_interval;
  if (!deadline || context.now < *deadline) return *this;
  // Silence counts from a ping that was sent: it may have been this process that was away.
  if (unanswered && context.now - *unanswered >= interval) {
    leave(code, Leaving::lost, context, effects);
    return close(Fault::heartbeat_timeout, context, effects);
  }
  effects.push_back(Ping{context.socket});
  if (!unanswered) unanswered = context.now;
  deadline = context.now + interval;
  return *this;
}

OneOf<Closing> Registered::on(Shutdown&&, Context& context, Effects& effects) && {
  return close(Fault::shutting_down, context, effects);
}

// ---- what no single socket causes ---------------------------------------------------------------

void announce_lapsed(const Registry::Lapsed& lapsed, Registry& registry, PairingBook& book,
                     Effects& effects) {
  for (const auto& partner : book.part(lapsed.code))
    if (!lapsed.announced) tell(partner, sig::PeerLeft{lapsed.code}, registry, effects);
}

void announce_due(const PairingBook::Due& due, const Limits& limits, const Registry& registry,
                  Effects& effects) {
  const auto& [requester, target, expired] = due;
  if (expired) {
    tell(requester, sig::PairTimeout{target}, registry, effects);
    tell(target, sig::PairTimeout{requester}, registry, effects);
    return;
  }
  const auto left = std::chrono::duration_cast<seconds>(limits.pair_expiry - limits.pair_warning);
  const auto remaining = static_cast<std::uint32_t>(left.count());
  tell(requester, sig::PairExpiring{target, remaining}, registry, effects);
  tell(target, sig::PairExpiring{requester, remaining}, registry, effects);
}

}  // namespace culver::relay::session
