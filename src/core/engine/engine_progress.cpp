// The engine's part in telling how far a link has come that is being established.
#include "core/engine/engine.hpp"

namespace culver::engine {
namespace {

/// Nothing once it is connected, or over.
std::optional<Establishing::Phase> phase_of(const link::Machine::State& state) {
  using Phase = Establishing::Phase;
  using Told = std::optional<Phase>;
  return std::visit(
      fsm::overload{[](const link::Connecting&) -> Told { return Phase::finding_path; },
                    [](const link::Securing&) -> Told { return Phase::securing; },
                    [](const link::Opening&) -> Told { return Phase::proving; },
                    [](const link::Proving&) -> Told { return Phase::proving; },
                    [](const link::Confirming&) -> Told { return Phase::proving; },
                    [](const link::Secured&) -> Told { return std::nullopt; },
                    [](const link::Parting&) -> Told { return std::nullopt; },
                    [](const link::Leaving&) -> Told { return std::nullopt; },
                    [](const link::Refusing&) -> Told { return std::nullopt; },
                    [](const link::Closed&) -> Told { return std::nullopt; },
                    [](const auto&) -> Told { return Phase::awaiting_answer; }},
      state);
}

}  // namespace

/// Only what is news.
void Engine::tell_how_far(LinkId id, Effects& out) {
  auto& peer = *roster_.find(id);
  const auto phase = phase_of(peer.state);
  if (!phase || peer.superseded) return;
  const Establishing now{id, *phase, peer.tried};
  if (peer.told && peer.told->phase == now.phase && peer.told->tried == now.tried) return;
  peer.told = now;
  out.emplace_back(Tell{now});
}

}  // namespace culver::engine
