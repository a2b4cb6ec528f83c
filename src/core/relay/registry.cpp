// Granting, parking and freeing codes.
#include "core/relay/registry.hpp"

#include <utility>

namespace culver::relay {

Registry::Claim Registry::claim(const PairingCode& code, const Claimant& claimant,
                                SocketId socket) {
  const auto owner = owner_of(claimant);
  const auto [held, is_free] = claims_.try_emplace(code, CodeClaim{owner, socket});
  if (is_free) return {Granted::anew, std::nullopt};
  const auto& older = held->second.owner;
  if (!may_replace(owner, older)) return {Granted::no, std::nullopt};
  const auto granted = owner == older ? Granted::again : Granted::by_a_proof;
  auto displaced = held->second.socket;
  if (displaced == socket) displaced.reset();
  held->second.socket = socket;
  held->second.announced = false;
  if (granted == Granted::by_a_proof) {
    missed_bytes_ -= held->second.missed_bytes;
    held->second = CodeClaim{owner, socket};
  }
  parked_.erase(code);
  return {granted, displaced};
}

void Registry::release(const PairingCode& code) {
  if (const auto held = claims_.find(code); held != claims_.end()) erase(held);
  parked_.erase(code);
}

void Registry::erase(std::map<PairingCode, CodeClaim>::iterator held) {
  missed_bytes_ -= held->second.missed_bytes;
  claims_.erase(held);
}

void Registry::told_of_match(const PairingCode& code, const PairingCode& partner, bool leads) {
  if (const auto held = claims_.find(code); held != claims_.end())
    held->second.unheard.insert_or_assign(partner, leads);
}

void Registry::spoke(const PairingCode& code, const PairingCode& partner) {
  if (const auto held = claims_.find(code); held != claims_.end())
    held->second.unheard.erase(partner);
}

bool Registry::keep(const PairingCode& code, std::string message) {
  const auto found = claims_.find(code);
  if (found == claims_.end() || found->second.socket || found->second.announced) return false;
  auto& held = found->second;
  if (held.missed.size() >= missed_messages ||
      held.missed_bytes + message.size() > missed_bytes_of_one ||
      missed_bytes_ + message.size() > missed_bytes_of_all)
    return false;
  held.missed_bytes += message.size();
  missed_bytes_ += message.size();
  held.missed.push_back(std::move(message));
  return true;
}

std::vector<std::string> Registry::take_missed(const PairingCode& code) {
  const auto found = claims_.find(code);
  if (found == claims_.end()) return {};
  missed_bytes_ -= std::exchange(found->second.missed_bytes, 0);
  return std::exchange(found->second.missed, {});
}

void Registry::park(const PairingCode& code, TimePoint until, bool announced) {
  const auto held = claims_.find(code);
  if (held == claims_.end()) return;
  held->second.socket.reset();
  held->second.announced = announced;
  parked_.set(code, until);
}

std::optional<Registry::Lapsed> Registry::take_lapsed(TimePoint now) {
  const auto code = parked_.take_due(now);
  if (!code) return std::nullopt;
  const auto held = claims_.find(*code);
  const bool announced = held->second.announced;
  erase(held);
  return Lapsed{*code, announced};
}

std::optional<SocketId> Registry::socket_of(const PairingCode& code) const {
  const auto* held = find(code);
  return held ? held->socket : std::nullopt;
}

const Registry::CodeClaim* Registry::find(const PairingCode& code) const {
  const auto held = claims_.find(code);
  return held == claims_.end() ? nullptr : &held->second;
}

}  // namespace culver::relay
