// The engine's part towards the server: the server channel and the session, and what of their
// messages is a connection's.
#include <algorithm>

#include "core/engine/engine.hpp"
#include "core/wire/sdp.hpp"
#include "core/wire/signaling.hpp"

namespace culver::engine {

namespace sig = wire::signaling;

void Engine::on(ServerOpened&&, Env&, Effects&) {
  later(queued::ForServerChannel{server_channel::Opened{}});
}

void Engine::on(ServerFrame&& frame, Env&, Effects&) {
  later(queued::ForServerChannel{server_channel::Frame{std::move(frame.text)}});
}

void Engine::on(ServerLost&& lost, Env&, Effects&) {
  later(queued::ForServerChannel{server_channel::Lost{std::move(lost.fault)}});
}

/// The transports have noticed by themselves.
void Engine::on(NetworkChanged&&, Env&, Effects&) {
  later(queued::ForSession{signaling::NetworkChanged{}});
}

void Engine::take(queued::ForServerChannel&& item, Env& env, Effects& out) {
  server_channel::Context context{env, config_.account, config_.server};
  server_channel::Effects effects;
  server_channel_ = fsm::step<server_channel::Machine>(std::move(server_channel_),
                                                       std::move(item.event), context, effects);
  perform(std::move(effects), env, out);
}

void Engine::perform(server_channel::Effects effects, Env&, Effects& out) {
  for (auto& effect : effects)
    std::visit(
        fsm::overload{
            [&](server_channel::Transmit&& e) {
              out.emplace_back(SendToServer{std::move(e.frame), e.binary});
            },
            [&](server_channel::Authenticated&& e) {
              auto& known = config_.server;
              known = {e.identity, std::max(known.version, e.version)};
              out.emplace_back(RememberServer{e.identity, e.version});
            },
            [&](server_channel::Ready&&) { later(queued::ForSession{signaling::SocketOpened{}}); },
            [&](server_channel::Deliver&& e) { on_server_text(std::move(e.text), out); },
            [&](server_channel::Ended&& e) {
              if (e.hang_up) out.emplace_back(HangUpServer{});
              const bool is_final = server_channel::is_final(e.fault);
              later(queued::ForSession{signaling::SocketLost{std::move(e.fault), is_final}});
            },
            [&](server_channel::Ignored&& e) {
              out.emplace_back(Dropped{e.fault, FrameKind::server_message});
            },
        },
        std::move(effect));
}

void Engine::on_server_text(std::string text, Effects& out) {
  auto message = sig::parse_server(text);
  if (message) {
    if (const auto* info = std::get_if<sig::ServerInfo>(&*message)) keep_pace(*info);
    later(queued::ForSession{signaling::Frame{std::move(*message)}});
  } else {
    out.emplace_back(Dropped{message.error(), FrameKind::server_message});
    // No peer is to cost us the server by what it has passed on.
    if (sig::is_relayed(text))
      later(queued::ForSession{signaling::Frame{sig::Ignored{}}});
    else
      later(queued::ForSession{signaling::BadFrame{message.error()}});
  }
}

/// What a server takes from a device is more than it takes from strangers, and both sides of a
/// rendezvous may have to ask.
void Engine::keep_pace(const sig::ServerInfo& info) {
  const bool is_device = server_channel::is_of_device(server_channel_);
  pacer_.limit(is_device ? std::max(info.messages_per_minute, info.device_messages_per_minute)
                         : info.messages_per_minute);
  rendezvous_.pace(is_device ? info.device_pair_requests_per_minute : 0,
                   is_device ? info.device_rendezvous_per_minute : 0);
}

void Engine::take(queued::ForSession&& item, Env& env, Effects& out) {
  signaling::SessionContext context{env, session_config_};
  signaling::SessionEffects effects;
  session_ =
      fsm::step<signaling::Session>(std::move(session_), std::move(item.event), context, effects);
  perform(std::move(effects), env, out);
}

void Engine::perform(signaling::SessionEffects effects, Env& env, Effects& out) {
  const auto announce = fsm::overload{
      [&](signaling::WentOnline&& online) {
        perform(pairing_.online(online.code), env, out);
        out.emplace_back(Tell{Online{online.code}});
        // What a connection has said in vain it may say again.
        for (const auto& [id, peer] : roster_.all()) to_connection(id, connection::SignalingBack{});
        perform(rendezvous_.online(public_key(), online.code, env), env, out);
      },
      [&](signaling::WentOffline&& offline) {
        take(queued::SignalingGone{}, env, out);
        later(Tell{Offline{std::move(offline.fault), offline.retrying}});
      },
      [&](signaling::Received&& received) {
        on_server_message(std::move(received.message), env, out);
      },
  };
  for (auto& effect : effects)
    std::visit(fsm::overload{
                   [&](signaling::Dial&&) { later(DialServer{}); },
                   [&](signaling::SendFrame&& e) {
                     later(queued::ForServerChannel{server_channel::Say{std::move(e.text)}});
                   },
                   [&](signaling::Hangup&&) {
                     later(queued::ForServerChannel{server_channel::HungUp{}});
                     later(HangUpServer{});
                   },
                   [&](signaling::Announce&& e) { std::visit(announce, std::move(e.notice)); },
                   // A signal that cannot leave ends the establishment it was for; pairings know by
                   // themselves.
                   [&](signaling::NotSent&& e) {
                     if (const auto* relay = std::get_if<sig::Relay>(&e.message))
                       later(queued::Unsaid{relay->target});
                   },
               },
               std::move(effect));
}

/// Signals count only from a code that is being negotiated with.
void Engine::on_server_message(sig::ServerMessage message, Env& env, Effects& out) {
  if (auto* matched = std::get_if<sig::PairMatched>(&message);
      matched && !matched->ice_servers.empty())
    out.emplace_back(LendIceServers{std::exchange(matched->ice_servers, {})});
  perform(pairing_.on(message, env.now), env, out);
  perform(rendezvous_.on(message, env), env, out);
  if (auto* description = std::get_if<sig::RelayedDescription>(&message)) {
    on_signal(std::move(*description), env, out);
  } else if (const auto* candidate = std::get_if<sig::RelayedCandidate>(&message)) {
    on_signal(*candidate, out);
  } else if (const auto* left = std::get_if<sig::PeerLeft>(&message)) {
    // A connection that is up does not need the server any more.
    const auto id = roster_.find(left->peer);
    if (id && connection::needs_server(roster_.find(*id)->connection))
      to_connection(*id, connection::Abandon{Fault::pair_left});
  }
}

void Engine::on_signal(const sig::RelayedCandidate& signal, Effects& out) {
  const auto id = roster_.find(signal.from);
  if (!id) return out.emplace_back(Dropped{Fault::unrelated_target, FrameKind::candidate}), void();
  const auto& line = signal.candidate.candidate;
  if (line.empty()) return to_connection(*id, connection::RemoteCandidate{std::nullopt});
  auto parsed = wire::sdp::parse_candidate(line);
  if (!parsed) return out.emplace_back(Dropped{parsed.error(), FrameKind::candidate, *id}), void();
  if (parsed->skipped) return;
  if (auto* at = std::get_if<peer::Establishing>(&roster_.edit(*id)->standing))
    at->tried.theirs.count(parsed->candidate);
  to_connection(*id, connection::RemoteCandidate{std::move(parsed->candidate)});
}

/// An offer to a connection that has made one itself: the peer is in the other match of the two.
void Engine::on_signal(sig::RelayedDescription&& signal, Env& env, Effects& out) {
  const auto found = roster_.find(signal.from);
  if (!found)
    return out.emplace_back(Dropped{Fault::unrelated_target, FrameKind::description}), void();
  auto id = *found;
  const auto kind = signal.description.kind;
  auto sdp = wire::sdp::parse(signal.description.sdp);
  if (!sdp) return on_bad_description(id, sdp.error(), out);
  const auto& peer = *roster_.find(id);
  const auto* establishing = std::get_if<peer::Establishing>(&peer.standing);
  const bool is_offer = kind == sig::Description::Kind::offer;
  if (is_offer && establishing && establishing->crossed &&
      connection::is_offering(peer.connection) && !leads(peer.code))
    id = swap_roles(id, env, out);
  if (auto* at = std::get_if<peer::Establishing>(&roster_.edit(id)->standing))
    for (const auto& candidate : sdp->candidates) at->tried.theirs.count(candidate);
  to_connection(id, connection::RemoteDescription{kind, std::move(*sdp)});
}

/// Without it there will be no connection; one that is up is none of the server's business to end.
void Engine::on_bad_description(ConnectionId id, Fault fault, Effects& out) {
  if (!connection::needs_server(roster_.find(id)->connection))
    return out.emplace_back(Dropped{fault, FrameKind::description, id}), void();
  to_connection(id, connection::Abandon{fault});
}

}  // namespace culver::engine
