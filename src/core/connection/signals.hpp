// What states do alike with descriptions and candidates: printing ours, sorting the peer's.
#pragma once

#include <string>

#include "core/connection/candidates.hpp"
#include "core/connection/words.hpp"

namespace culver::connection {

/// Takes one step of the candidate sorter and hands its effects on.
Candidates::State sort(Candidates::State sorter, Candidates::Event event, Env&, Effects&);
Candidates::State sort(Candidates::State sorter, RemoteCandidate&& remote, Env&, Effects&);
/// The peer's description is here: its credentials, then what is known of its candidates.
Candidates::State sort(Candidates::State sorter, const wire::sdp::SessionDescription& theirs, Env&,
                       Effects&);

void trickle(const wire::sdp::Candidate& candidate, Effects&);
void describe(wire::signaling::Description::Kind, const LocalDescription& local, wire::sdp::Setup,
              std::string mid, Effects&);

}  // namespace culver::connection
