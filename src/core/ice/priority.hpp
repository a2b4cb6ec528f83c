// How candidates and pairs are ordered: RFC 8445 sections 5.1.2 and 6.1.2.3, RFC 8421 for the order
// of the families.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/endpoint.hpp"
#include "core/wire/sdp.hpp"

namespace culver::ice {

constexpr std::uint32_t type_preference(wire::sdp::CandidateType type) {
  switch (type) {
    case wire::sdp::CandidateType::host:
      return 126;
    case wire::sdp::CandidateType::peer_reflexive:
      return 110;
    case wire::sdp::CandidateType::server_reflexive:
      return 100;
    case wire::sdp::CandidateType::relayed:
      break;
  }
  return 0;
}

/// Of component 1.
constexpr std::uint32_t candidate_priority(wire::sdp::CandidateType type,
                                           std::uint16_t local_preference) {
  return type_preference(type) << 24 | std::uint32_t{local_preference} << 8 | 255;
}

/// G is the priority of the controlling agent's candidate, D of the other's.
constexpr std::uint64_t pair_priority(std::uint32_t g, std::uint32_t d) {
  return (std::uint64_t{std::min(g, d)} << 32) + 2 * std::uint64_t{std::max(g, d)} +
         (g > d ? 1 : 0);
}

/// Gives each address its local preference: IPv6 and IPv4 in turn, each in the order in which they
/// come. Loopback comes after all others: what it reaches, another address of this machine reaches
/// too, and for a peer elsewhere it is a path to nowhere.
class LocalPreferences {
 public:
  std::uint16_t next(const Endpoint& address) {
    const bool v4 = address.family() == Endpoint::Family::v4;
    auto& count = counts_[address.is_loopback()][v4];
    const auto rank = std::min<std::uint32_t>(count++, most - 1);
    const std::uint32_t best = address.is_loopback() ? 0x7FFF : 0xFFFF;
    return static_cast<std::uint16_t>(best - 2 * rank - (v4 ? 1 : 0));
  }

 private:
  static constexpr std::uint32_t most = 0x4000;
  std::uint32_t counts_[2][2] = {};
};

}  // namespace culver::ice
