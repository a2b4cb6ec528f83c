// Granting, parking and freeing codes.
#include "core/relay/registry.hpp"

namespace culver::relay {

Registry::Claim Registry::claim(const PairingCode& code, const Claimant& claimant,
                                SocketId socket) {
  const auto holder = holder_of(claimant);
  const auto [seat, is_free] = seats_.try_emplace(code, Seat{holder, socket});
  if (is_free) return {Granted::anew, std::nullopt};
  const auto& older = seat->second.holder;
  if (!may_replace(holder, older)) return {Granted::no, std::nullopt};
  const auto granted = holder == older ? Granted::again : Granted::by_a_proof;
  auto displaced = seat->second.socket;
  if (displaced == socket) displaced.reset();
  seat->second = Seat{holder, socket};
  parked_.erase(code);
  return {granted, displaced};
}

void Registry::release(const PairingCode& code) {
  seats_.erase(code);
  parked_.erase(code);
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
  const bool announced = seats_.at(*code).announced;
  seats_.erase(*code);
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
