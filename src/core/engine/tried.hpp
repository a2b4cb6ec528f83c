// What there was to find a path to a peer with: the candidates of both sides, counted.
#pragma once

#include <cstdint>

#include "core/wire/sdp.hpp"

namespace culver::engine {

struct Tried {
  struct Side {
    std::uint32_t direct = 0;   ///< addresses of the machine itself, and as others see it
    std::uint32_t relayed = 0;  ///< by a TURN server
    void count(const wire::sdp::Candidate& candidate) {
      ++(candidate.type == wire::sdp::CandidateType::relayed ? relayed : direct);
    }
    bool operator==(const Side&) const = default;
  };
  Side ours, theirs;
  bool operator==(const Tried&) const = default;
};

}  // namespace culver::engine
