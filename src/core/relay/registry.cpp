// Granting, parking and freeing codes.
#include "core/relay/registry.hpp"

#include <utility>

namespace culver::relay {

Registry::Claim Registry::claim(const PairingCode& code, const Claimant& claimant,
                                SocketId socket) {
  const auto owner = owner_of(claimant);
  const auto [seat, is_free] = seats_.try_emplace(code, Seat{owner, socket});
  if (is_free) return {Granted::anew, std::nullopt};
  const auto& older = seat->second.owner;
  if (!may_replace(owner, older)) return {Granted::no, std::nullopt};
  const auto granted = owner == older ? Granted::again : Granted::by_a_proof;
  auto displaced = seat->second.socket;
  if (displaced == socket) displaced.reset();
  seat->second.socket = socket;
  seat->second.announced = false;
  if (granted == Granted::by_a_proof) {
    missed_bytes_ -= seat->second.missed_bytes;
    seat->second = Seat{owner, socket};
  }
  parked_.erase(code);
  return {granted, displaced};
}

void Registry::release(const PairingCode& code) {
  if (const auto seat = seats_.find(code); seat != seats_.end()) erase(seat);
  parked_.erase(code);
}

void Registry::erase(std::map<PairingCode, Seat>::iterator seat) {
  missed_bytes_ -= seat->second.missed_bytes;
  seats_.erase(seat);
}

void Registry::told_of_match(const PairingCode& code, const PairingCode& partner, bool leads) {
  if (const auto seat = seats_.find(code); seat != seats_.end())
    seat->second.unheard.insert_or_assign(partner, leads);
}

void Registry::spoke(const PairingCode& code, const PairingCode& partner) {
  if (const auto seat = seats_.find(code); seat != seats_.end())
    seat->second.unheard.erase(partner);
}

bool Registry::keep(const PairingCode& code, std::string message) {
  const auto found = seats_.find(code);
  if (found == seats_.end() || found->second.socket) return false;
  auto& seat = found->second;
  if (seat.missed.size() >= missed_messages ||
      seat.missed_bytes + message.size() > missed_bytes_of_one ||
      missed_bytes_ + message.size() > missed_bytes_of_all)
    return false;
  seat.missed_bytes += message.size();
  missed_bytes_ += message.size();
  seat.missed.push_back(std::move(message));
  return true;
}

std::vector<std::string> Registry::take_missed(const PairingCode& code) {
  const auto found = seats_.find(code);
  if (found == seats_.end()) return {};
  missed_bytes_ -= std::exchange(found->second.missed_bytes, 0);
  return std::exchange(found->second.missed, {});
}

void Registry::park(const PairingCode& code, TimePoint until, bool announced) {
  const auto seat = seats_.find(code);
  if (seat == seats_.end()) return;
  seat->second.socket.reset();
  seat->second.announced = announced;
  parked_.set(code, until);
}

std::optional<Registry::Lapsed> Registry::take_lapsed(TimePoint now) {
  const auto code = parked_.take_due(now);
  if (!code) return std::nullopt;
  const auto seat = seats_.find(*code);
  const bool announced = seat->second.announced;
  erase(seat);
  return Lapsed{*code, announced};
}

std::optional<SocketId> Registry::socket_of(const PairingCode& code) const {
  const auto* seat = find(code);
  return seat ? seat->socket : std::nullopt;
}

const Registry::Seat* Registry::find(const PairingCode& code) const {
  const auto seat = seats_.find(code);
  return seat == seats_.end() ? nullptr : &seat->second;
}

}  // namespace culver::relay
