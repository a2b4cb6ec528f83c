// The engine's part in telling how far a connection has come that is being established.
#include "core/engine/engine.hpp"

namespace culver::engine {
namespace {

/// Nothing once there is a session, or the end of one.
std::optional<Establishing::Phase> phase_of(const connection::Machine::State& state) {
  using Phase = Establishing::Phase;
  using Told = std::optional<Phase>;
  return std::visit(
      fsm::overload{[](const connection::Gathering&) -> Told { return Phase::awaiting_answer; },
                    [](const connection::Awaiting&) -> Told { return Phase::awaiting_answer; },
                    [](const connection::Offering&) -> Told { return Phase::awaiting_answer; },
                    [](const connection::Answering&) -> Told { return Phase::awaiting_answer; },
                    [](const connection::Connecting&) -> Told { return Phase::finding_path; },
                    [](const connection::Securing&) -> Told { return Phase::securing; },
                    [](const connection::Opening&) -> Told { return Phase::proving; },
                    [](const connection::Proving&) -> Told { return Phase::proving; },
                    [](const connection::Confirming&) -> Told { return Phase::proving; },
                    [](const auto&) -> Told { return std::nullopt; }},
      state);
}

}  // namespace

/// Only what is news.
void Engine::tell_how_far(ConnectionId id, Effects& out) {
  auto& peer = *roster_.edit(id);
  auto* at = std::get_if<peer::Establishing>(&peer.standing);
  const auto phase = at ? phase_of(peer.connection) : std::nullopt;
  if (!phase) return;
  const Establishing now{id, *phase, at->tried};
  if (at->told && at->told->phase == now.phase && at->told->tried == now.tried) return;
  at->told = now;
  out.emplace_back(Tell{now});
}

}  // namespace culver::engine
