// Asking, answering, crossing, expiring.
#include "core/relay/pairing_book.hpp"

#include <algorithm>

namespace culver::relay {

PairingBook::Asked PairingBook::ask(const PairingCode& requester, const PairingCode& target,
                                    TimePoint now, const Address& from) {
  if (const Route crossing{target, requester}; requests_.contains(crossing)) {
    erase(crossing);
    match(requester, target);
    return Asked::crossed;
  }
  const Route route{requester, target};
  if (!requests_.contains(route) && !has_room(requester, target, from)) return Asked::full;
  const bool warns = limits_.pair_warning < limits_.pair_expiry;
  requests_.insert_or_assign(route, Request{now + limits_.pair_expiry, !warns, from});
  requesters_[target].insert(requester);
  due_.set(route, now + (warns ? limits_.pair_warning : limits_.pair_expiry));
  return Asked::waiting;
}

bool PairingBook::answer(const PairingCode& requester, const PairingCode& target, bool accepted) {
  const Route route{requester, target};
  if (!requests_.contains(route)) return false;
  erase(route);
  if (accepted) match(requester, target);
  return true;
}

bool PairingBook::matched(const PairingCode& a, const PairingCode& b) const {
  return partners(a).contains(b);
}

const std::set<PairingCode>& PairingBook::partners(const PairingCode& code) const {
  static const std::set<PairingCode> nobody;
  const auto found = matches_.find(code);
  return found == matches_.end() ? nobody : found->second;
}

std::vector<PairingCode> PairingBook::withdraw(const PairingCode& code) {
  std::vector<Route> ended;
  for (auto it = requests_.lower_bound(Route{code, PairingCode{}});
       it != requests_.end() && it->first.requester == code; ++it)
    ended.push_back(it->first);
  if (const auto found = requesters_.find(code); found != requesters_.end())
    for (const auto& requester : found->second) ended.push_back(Route{requester, code});

  std::vector<PairingCode> others;
  for (const auto& route : ended) {
    erase(route);
    others.push_back(route.requester == code ? route.target : route.requester);
  }
  return others;
}

std::vector<PairingCode> PairingBook::part(const PairingCode& code) {
  const auto& mine = partners(code);
  std::vector<PairingCode> others(mine.begin(), mine.end());
  for (const auto& other : others) {
    const auto theirs = matches_.find(other);
    theirs->second.erase(code);
    if (theirs->second.empty()) matches_.erase(theirs);
  }
  matches_.erase(code);
  return others;
}

std::optional<PairingBook::Due> PairingBook::take_due(TimePoint now) {
  const auto route = due_.take_due(now);
  if (!route) return std::nullopt;
  auto& request = requests_.at(*route);
  // A server that slept through both says the one thing that is still true.
  const bool expired = request.expires <= now;
  if (expired) {
    erase(*route);
  } else {
    request.warned = true;
    due_.set(*route, request.expires);
  }
  return Due{route->requester, route->target, expired};
}

std::size_t PairingBook::waiting_for(const PairingCode& target) const {
  const auto found = requesters_.find(target);
  return found == requesters_.end() ? 0 : found->second.size();
}

bool PairingBook::address_has_room(const PairingCode& target, const Address& from) const {
  const auto found = requesters_.find(target);
  if (from.empty() || found == requesters_.end()) return true;
  const auto waiting = std::ranges::count_if(found->second, [&](const PairingCode& requester) {
    return requests_.at(Route{requester, target}).from == from;
  });
  return static_cast<std::size_t>(waiting) < limits_.pending_per_target_and_address;
}

bool PairingBook::has_room(const PairingCode& requester, const PairingCode& target,
                           const Address& from) const {
  if (waiting_for(target) >= limits_.pending_per_target || !address_has_room(target, from))
    return false;
  return matched(requester, target) || (partners(requester).size() < limits_.matches_per_code &&
                                        partners(target).size() < limits_.matches_per_code);
}

void PairingBook::erase(const Route& route) {
  requests_.erase(route);
  due_.erase(route);
  const auto found = requesters_.find(route.target);
  if (found == requesters_.end()) return;
  found->second.erase(route.requester);
  if (found->second.empty()) requesters_.erase(found);
}

void PairingBook::match(const PairingCode& a, const PairingCode& b) {
  matches_[a].insert(b);
  matches_[b].insert(a);
}

}  // namespace culver::relay
