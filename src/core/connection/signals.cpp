#include "core/connection/signals.hpp"

#include "core/wire/limits.hpp"

namespace culver::connection {

Candidates::State sort(Candidates::State sorter, Candidates::Event event, Env& env, Effects& out) {
  Candidates::Effects sorted;
  sorter = fsm::step<Candidates>(std::move(sorter), std::move(event), env, sorted);
  for (auto& effect : sorted)
    out.emplace_back(
        std::visit([](auto&& e) { return TransportEffect{std::move(e)}; }, std::move(effect)));
  return sorter;
}

Candidates::State sort(Candidates::State sorter, RemoteCandidate&& remote, Env& env, Effects& out) {
  if (!remote.candidate) return sort(std::move(sorter), CandidatesEnded{}, env, out);
  CandidateArrived arrived{std::move(*remote.candidate)};
  return sort(std::move(sorter), std::move(arrived), env, out);
}

Candidates::State sort(Candidates::State sorter, const wire::sdp::SessionDescription& theirs,
                       Env& env, Effects& out) {
  DescriptionKnown known{theirs.ice, theirs.candidates, theirs.end_of_candidates};
  return sort(std::move(sorter), std::move(known), env, out);
}

void trickle(const wire::sdp::Candidate& candidate, Effects& out) {
  out.emplace_back(SignalOut{wire::signaling::TrickledCandidate{wire::sdp::print(candidate), "0"}});
}

void describe(wire::signaling::Description::Kind kind, const LocalDescription& local,
              wire::sdp::Setup setup, std::string mid, Effects& out) {
  wire::sdp::SessionDescription ours;
  ours.ice = local.ice;
  ours.fingerprint = local.fingerprint;
  ours.setup = setup;
  ours.mid = std::move(mid);
  ours.max_message_size = wire::limits::channel_frame_in;
  out.emplace_back(SignalOut{wire::signaling::Description{kind, wire::sdp::print(ours)}});
}

}  // namespace culver::connection
