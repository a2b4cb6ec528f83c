#include "core/connection/candidates.hpp"

#include "core/wire/limits.hpp"

namespace culver::connection {

namespace {

void pass(CandidateArrived&& event, std::size_t& passed, Candidates::Effects& out) {
  if (passed >= Candidates::most_passed) return;
  out.emplace_back(AddCandidate{std::move(event.candidate)});
  ++passed;
}

}  // namespace

fsm::OneOf<Candidates::Holding> Candidates::Holding::on(CandidateArrived&& event, Env&,
                                                        Effects&) && {
  wire::sdp::keep_evenly(held, std::move(event.candidate));
  return std::move(*this);
}

fsm::OneOf<Candidates::Holding> Candidates::Holding::on(CandidatesEnded&&, Env&, Effects&) && {
  complete = true;
  return std::move(*this);
}

fsm::OneOf<Candidates::Passing, Candidates::Ended> Candidates::Holding::on(DescriptionKnown&& event,
                                                                           Env&, Effects& out) && {
  out.emplace_back(SetRemoteIce{std::move(event.ice)});
  std::size_t passed = 0;
  for (auto* source : {&event.candidates, &held})
    for (auto& candidate : *source) pass(CandidateArrived{std::move(candidate)}, passed, out);
  if (!complete && !event.complete) return Passing{passed};
  out.emplace_back(RemoteCandidatesDone{});
  return Ended{passed};
}

fsm::OneOf<Candidates::Passing> Candidates::Passing::on(CandidateArrived&& event, Env&,
                                                        Effects& out) && {
  pass(std::move(event), passed, out);
  return std::move(*this);
}

fsm::OneOf<Candidates::Ended> Candidates::Passing::on(CandidatesEnded&&, Env&, Effects& out) && {
  out.emplace_back(RemoteCandidatesDone{});
  return Ended{passed};
}

fsm::OneOf<Candidates::Ended> Candidates::Ended::on(CandidateArrived&& event, Env&,
                                                    Effects& out) && {
  pass(std::move(event), passed, out);
  return std::move(*this);
}

}  // namespace culver::connection
