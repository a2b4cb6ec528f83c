#include "core/ice/candidates.hpp"

#include <algorithm>

namespace culver::ice {

using wire::sdp::Candidate;
using wire::sdp::CandidateType;

namespace {

template <class Items, class Matches>
auto* find_in(Items& items, Matches matches) {
  const auto at = std::find_if(items.begin(), items.end(), matches);
  return at == items.end() ? nullptr : &*at;
}

Candidate candidate_of(CandidateType type, std::string foundation, std::uint32_t priority,
                       const Endpoint& address, const std::optional<Endpoint>& related) {
  return {std::move(foundation),
          priority,
          address.address_text(),
          address.port(),
          type,
          related ? related->address_text() : std::string(),
          related ? related->port() : std::uint16_t{0}};
}

bool is_at(const Candidate& candidate, const Endpoint& address) {
  return candidate.port == address.port() && candidate.address == address.address_text();
}

}  // namespace

std::string Foundations::of(CandidateType type, const Endpoint& base,
                            const std::optional<Endpoint>& server) {
  const Seen wanted{type, base.with_port(0), server};
  const auto at = std::find(seen_.begin(), seen_.end(), wanted);
  const auto index = at - seen_.begin();
  if (at == seen_.end() && seen_.size() < most) seen_.push_back(wanted);
  return std::to_string(index + 1);
}

bool LocalCandidates::has_room() const {
  return bases_.size() < most_bases && announced_.size() < most_candidates;
}

const Base* LocalCandidates::add_host(WireId wire, const Endpoint& address,
                                      std::uint8_t subnet_bits) {
  const auto same = [&](const Base& base) {
    return !base.relay && (base.wire == wire || base.address == address);
  };
  if (find_in(bases_, same) || !has_room()) return nullptr;
  const auto preference = preferences_.next(address);
  return &add({{}, wire, address, preference, 0, {}, {}, subnet_bits}, CandidateType::host,
              address);
}

const Base* LocalCandidates::add_relayed(WireId wire, RelayId relay, const Endpoint& relayed,
                                         const Endpoint& server) {
  if (relayed_by(relay) || !has_room()) return nullptr;
  const auto preference = relayed_preferences_.next(relayed);
  return &add({{}, wire, relayed, preference, 0, {}, relay}, CandidateType::relayed, server);
}

const Base& LocalCandidates::add(Base base, CandidateType type, const Endpoint& server) {
  const bool host = type == CandidateType::host;
  const std::optional<Endpoint> by = host ? std::nullopt : std::optional(server);
  base.id = BaseId{++last_};
  base.priority = candidate_priority(type, base.preference);
  base.foundation = foundations_.of(type, base.address, by);
  // What the relay sees of us need not be told to the peer: the field is for diagnosis only.
  const auto related = host ? std::nullopt : std::optional(base.address);
  announced_.push_back(
      {base.id, candidate_of(type, base.foundation, base.priority, base.address, related)});
  return bases_.emplace_back(std::move(base));
}

bool LocalCandidates::add_reflexive(BaseId id, const Endpoint& mapped, const Endpoint& server) {
  const Base* base = find(id);
  if (!base || base->relay || announced_.size() >= most_before_reflexive) return false;
  if (mapped.family() != base->address.family() || !mapped.port() || !mapped.is_unicast())
    return false;
  const auto same = [&](const Announced& a) { return a.base == id && is_at(a.candidate, mapped); };
  if (find_in(announced_, same)) return false;  // RFC 8445 section 5.1.3
  const auto type = CandidateType::server_reflexive;
  announced_.push_back(
      {id, candidate_of(type, foundations_.of(type, base->address, server),
                        candidate_priority(type, base->preference), mapped, base->address)});
  return true;
}

void LocalCandidates::remove(BaseId id) {
  std::erase_if(announced_, [&](const Announced& a) { return a.base == id; });
  std::erase_if(bases_, [&](const Base& base) { return base.id == id; });
}

const Base* LocalCandidates::find(BaseId id) const {
  return find_in(bases_, [&](const Base& base) { return base.id == id; });
}

const Base* LocalCandidates::host_of(WireId wire) const {
  return find_in(bases_, [&](const Base& base) { return !base.relay && base.wire == wire; });
}

const Base* LocalCandidates::relayed_by(RelayId relay) const {
  return find_in(bases_, [&](const Base& base) { return base.relay == relay; });
}

/// The last of the kind that has most, if it has more than this one's.
bool RemoteCandidates::make_room_for(const Remote& remote) {
  if (signaled_ < wire::limits::candidates) return true;
  const auto kind = [](const Remote& r) { return std::pair(r.address.family(), r.type); };
  const auto count = [&](const Remote& like) {
    return std::count_if(all_.begin(), all_.end(),
                         [&](const Remote& r) { return kind(r) == kind(like); });
  };
  auto victim = all_.end();
  for (auto at = all_.begin(); at != all_.end(); ++at)
    if (at->type != CandidateType::peer_reflexive &&
        (victim == all_.end() || count(*at) >= count(*victim)))
      victim = at;
  if (victim == all_.end() || count(*victim) <= count(remote) + 1) return false;
  all_.erase(victim);
  --signaled_;
  return true;
}

News RemoteCandidates::add(const Candidate& candidate, const Endpoint& address) {
  if (!address.is_unicast()) return News::none;
  auto* known = find_in(all_, [&](const Remote& remote) { return remote.address == address; });
  if (known && known->type != CandidateType::peer_reflexive) return News::none;
  Remote remote{address, candidate.type, candidate.priority, candidate.foundation};
  if (!known && !make_room_for(remote)) return News::none;
  ++signaled_;
  if (!known) {
    all_.push_back(std::move(remote));
    return News::added;
  }
  --unnamed_;
  *known = std::move(remote);
  return News::known_now;
}

bool RemoteCandidates::add_reflexive(const Endpoint& address, std::uint32_t priority) {
  if (find(address)) return true;
  if (unnamed_ >= most_reflexive || !address.is_unicast()) return false;
  ++unnamed_;
  // A foundation like no signaled one: "prflx" is not what anybody's generator makes.
  all_.push_back(
      {address, CandidateType::peer_reflexive, priority, "prflx" + std::to_string(++reflexive_)});
  return true;
}

const Remote* RemoteCandidates::find(const Endpoint& address) const {
  return find_in(all_, [&](const Remote& remote) { return remote.address == address; });
}

void RemoteCandidates::clear() {
  all_.clear();
  signaled_ = unnamed_ = 0;
}

}  // namespace culver::ice
