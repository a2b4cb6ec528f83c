// The engine's part in telling how far a link has come that is being established.
#include "core/engine/engine.hpp"

namespace culver::engine {
namespace {

/// Nothing once there is a session, or the end of one.
std::optional<Establishing::Phase> phase_of(const link::Machine::State& state) {
  using Phase = Establishing::Phase;
  using Told = std::optional<Phase>;
  return std::visit(
      fsm::overload{[](const link::Gathering&) -> Told { return Phase::awaiting_answer; },
                    [](const link::Awaiting&) -> Told { return Phase::awaiting_answer; },
                    [](const link::Offering&) -> Told { return Phase::awaiting_answer; },
                    [](const link::Answering&) -> Told { return Phase::awaiting_answer; },
                    [](const link::Connecting&) -> Told { return Phase::finding_path; },
                    [](const link::Securing&) -> Told { return Phase::securing; },
                    [](const link::Opening&) -> Told { return Phase::proving; },
                    [](const link::Proving&) -> Told { return Phase::proving; },
                    [](const link::Confirming&) -> Told { return Phase::proving; },
                    [](const auto&) -> Told { return std::nullopt; }},
      state);
}

}  // namespace

/// Only what is news.
void Engine::tell_how_far(LinkId id, Effects& out) {
  auto& peer = *roster_.edit(id);
  auto* at = std::get_if<peer::Establishing>(&peer.standing);
  const auto phase = at ? phase_of(peer.link) : std::nullopt;
  if (!phase) return;
  const Establishing now{id, *phase, at->tried};
  if (at->told && at->told->phase == now.phase && at->told->tried == now.tried) return;
  at->told = now;
  out.emplace_back(Tell{now});
}

}  // namespace culver::engine
