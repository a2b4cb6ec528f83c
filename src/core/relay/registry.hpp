// Who holds which code: code <-> socket, code -> holder. A code whose socket was lost can be parked
// for a while: then only its holder gets it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "core/base/strong.hpp"
#include "core/relay/deadlines.hpp"
#include "core/relay/events.hpp"
#include "core/relay/holder.hpp"

namespace culver::relay {

class Registry {
 public:
  struct Seat {
    Holder holder;
    std::optional<SocketId> socket;  ///< none while parked
    bool announced = false;          ///< parked, and its partners have been told that it left
  };
  enum class Granted {
    no,         ///< it is somebody else's
    anew,       ///< it was free
    again,      ///< to its holder: what hangs on the code goes on
    by_a_proof  ///< from somebody who had only named the key: what he has agreed to binds nobody
  };
  struct Claim {
    Granted granted;
    std::optional<SocketId> displaced;  ///< the socket that held the code until now
  };

  /// A free code, or one that the claimant may replace, wherever it is held.
  Claim claim(const PairingCode& code, const Claimant& claimant, SocketId socket);
  void release(const PairingCode& code);
  void park(const PairingCode& code, TimePoint until, bool announced);
  /// A parked code whose time is over; it is released. Call until nullopt.
  struct Lapsed {
    PairingCode code;
    bool announced;
  };
  std::optional<Lapsed> take_lapsed(TimePoint now);

  /// The live socket of a code.
  std::optional<SocketId> socket_of(const PairingCode& code) const;
  /// Null unless somebody holds the code or it is parked.
  const Seat* find(const PairingCode& code) const;

  const std::map<PairingCode, Seat>& seats() const { return seats_; }
  std::size_t parked() const { return parked_.size(); }
  std::optional<TimePoint> deadline() const { return parked_.next(); }

 private:
  std::map<PairingCode, Seat> seats_;
  Deadlines<PairingCode> parked_;
};

}  // namespace culver::relay
