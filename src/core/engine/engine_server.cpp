// The engine's part towards the server: the server channel and the session, and what of their
// messages is a link's.
#include <algorithm>

#include "core/engine/engine.hpp"
#include "core/wire/sdp.hpp"
#include "core/wire/signaling.hpp"

namespace culver::engine {

namespace sig = wire::signaling;

void Engine::on(ServerOpened&&, Env& env, Effects& out) {
  to_server_channel(server_channel::Opened{}, env, out);
}

void Engine::on(ServerFrame&& frame, Env& env, Effects& out) {
  to_server_channel(server_channel::Frame{std::move(frame.text)}, env, out);
  take_turns(env, out);
}

void Engine::on(ServerLost&& lost, Env& env, Effects& out) {
  to_server_channel(server_channel::Lost{std::move(lost.fault)}, env, out);
}

/// The transports have noticed by themselves.
void Engine::on(NetworkChanged&&, Env& env, Effects& out) {
  to_session(signaling::NetworkChanged{}, env, out);
}

void Engine::to_server_channel(server_channel::Event event, Env& env, Effects& out) {
  server_channel::Context context{env, config_.account, config_.server};
  server_channel::Effects effects;
  server_channel_ = fsm::step<server_channel::Machine>(std::move(server_channel_), std::move(event),
                                                       context, effects);
  perform(std::move(effects), env, out);
}

void Engine::perform(server_channel::Effects effects, Env& env, Effects& out) {
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
            [&](server_channel::Ready&&) { to_session(signaling::SocketOpened{}, env, out); },
            [&](server_channel::Deliver&& e) { on_server_text(std::move(e.text), env, out); },
            [&](server_channel::Ended&& e) {
              if (e.hang_up) out.emplace_back(HangUpServer{});
              const bool is_final = server_channel::is_final(e.fault);
              to_session(signaling::SocketLost{std::move(e.fault), is_final}, env, out);
            },
            [&](server_channel::Ignored&& e) {
              out.emplace_back(Dropped{e.fault, FrameKind::server_message});
            },
        },
        std::move(effect));
}

void Engine::on_server_text(std::string text, Env& env, Effects& out) {
  auto message = sig::parse_server(text);
  if (message) {
    if (const auto* info = std::get_if<sig::ServerInfo>(&*message)) keep_pace(*info);
    to_session(signaling::Frame{std::move(*message)}, env, out);
  } else {
    out.emplace_back(Dropped{message.error(), FrameKind::server_message});
    to_session(signaling::BadFrame{message.error()}, env, out);
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

void Engine::to_session(signaling::SessionEvent event, Env& env, Effects& out) {
  signaling::SessionContext context{env, session_config_};
  signaling::SessionEffects effects;
  session_ = fsm::step<signaling::Session>(std::move(session_), std::move(event), context, effects);
  perform(std::move(effects), env, out);
}

void Engine::perform(signaling::SessionEffects effects, Env& env, Effects& out) {
  const auto announce = fsm::overload{
      [&](signaling::WentOnline&& online) {
        perform(pairing_.online(online.code), env, out);
        out.emplace_back(Tell{Online{online.code}});
        signaling_back(env, out);
        perform(rendezvous_.online(public_key(), online.code, env), env, out);
      },
      [&](signaling::WentOffline&& offline) {
        rendezvous_.offline(env);
        signaling_gone(env, out);
        out.emplace_back(Tell{Offline{std::move(offline.fault), offline.retrying}});
      },
      [&](signaling::Received&& received) {
        on_server_message(std::move(received.message), env, out);
      },
  };
  for (auto& effect : effects)
    std::visit(fsm::overload{
                   [&](signaling::Dial&&) { out.emplace_back(DialServer{}); },
                   [&](signaling::SendFrame&& e) {
                     to_server_channel(server_channel::Say{std::move(e.text)}, env, out);
                   },
                   [&](signaling::Hangup&&) {
                     to_server_channel(server_channel::HungUp{}, env, out);
                     out.emplace_back(HangUpServer{});
                   },
                   [&](signaling::Announce&& e) { std::visit(announce, std::move(e.notice)); },
                   [&](signaling::NotSent&& e) { on_not_sent(e.message, env, out); },
               },
               std::move(effect));
}

/// A signal that cannot leave ends the establishment it was for; pairings know by themselves.
void Engine::on_not_sent(const sig::ClientMessage& message, Env& env, Effects& out) {
  const auto* relay = std::get_if<sig::Relay>(&message);
  if (relay == nullptr) return;
  cannot_say(relay->target, env, out);
}

/// Signals count only from a code that is being negotiated with.
void Engine::on_server_message(sig::ServerMessage message, Env& env, Effects& out) {
  if (auto* matched = std::get_if<sig::PairMatched>(&message);
      matched && !matched->ice_servers.empty())
    out.emplace_back(LendIceServers{std::exchange(matched->ice_servers, {})});
  perform(pairing_.on(message, env.now), env, out);
  perform(rendezvous_.on(message, env), env, out);
  if (auto* signal = std::get_if<sig::RelayedDescription>(&message)) {
    const auto id = roster_.find(signal->from);
    if (!id)
      return out.emplace_back(Dropped{Fault::unrelated_target, FrameKind::description}), void();
    on_description(*id, signal->description, env, out);
  } else if (auto* candidate = std::get_if<sig::RelayedCandidate>(&message)) {
    const auto id = roster_.find(candidate->from);
    if (!id)
      return out.emplace_back(Dropped{Fault::unrelated_target, FrameKind::candidate}), void();
    const auto& line = candidate->candidate.candidate;
    if (line.empty()) return to_link(*id, link::RemoteCandidate{std::nullopt}, env, out);
    auto parsed = wire::sdp::parse_candidate(line);
    if (!parsed)
      return out.emplace_back(Dropped{parsed.error(), FrameKind::candidate, *id}), void();
    if (parsed->skipped) return;
    roster_.find(*id)->tried.theirs.count(parsed->candidate);
    to_link(*id, link::RemoteCandidate{std::move(parsed->candidate)}, env, out);
  } else if (const auto* left = std::get_if<sig::PeerLeft>(&message)) {
    // A link that is up does not need the server any more.
    const auto id = roster_.find(left->peer);
    if (id && link::needs_server(roster_.find(*id)->state))
      to_link(*id, link::Abandon{Fault::pair_left}, env, out);
  }
}

/// An offer to a link that has made one itself: the peer is in the other match of the two.
void Engine::on_description(LinkId id, const sig::Description& description, Env& env,
                            Effects& out) {
  auto sdp = wire::sdp::parse(description.sdp);
  if (!sdp) return on_bad_description(id, sdp.error(), env, out);
  const auto& peer = *roster_.find(id);
  const bool is_offer = description.kind == sig::Description::Kind::offer;
  if (is_offer && peer.crossed && link::is_offering(peer.state) && !leads(peer.code))
    id = swap_roles(id, env, out);
  for (const auto& candidate : sdp->candidates) roster_.find(id)->tried.theirs.count(candidate);
  to_link(id, link::RemoteDescription{description.kind, std::move(*sdp)}, env, out);
}

/// What a link has said in vain it may say again.
void Engine::signaling_back(Env& env, Effects& out) {
  std::vector<LinkId> all;
  for (const auto& [id, peer] : roster_.all()) all.push_back(id);
  for (const auto id : all) to_link(id, link::SignalingBack{}, env, out);
}

/// Without it there will be no link; one that is up is none of the server's business to end.
void Engine::on_bad_description(LinkId id, Fault fault, Env& env, Effects& out) {
  if (!link::needs_server(roster_.find(id)->state))
    return out.emplace_back(Dropped{fault, FrameKind::description, id}), void();
  to_link(id, link::Abandon{fault}, env, out);
}

}  // namespace culver::engine
