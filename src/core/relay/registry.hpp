// Who holds which code: code <-> socket, code -> owner. A code whose socket was lost can be parked
// for a while: then only its owner gets it, and what is said to it meanwhile.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/deadlines.hpp"
#include "core/base/strong.hpp"
#include "core/relay/events.hpp"
#include "core/relay/owner.hpp"

namespace culver::relay {

class Registry {
 public:
  /// Of what is kept for parked codes: few seconds of signals of one peer, and a part of what all
  /// sockets may have half sent.
  static constexpr std::size_t missed_messages = 64;
  static constexpr std::size_t missed_bytes_of_one = std::size_t{128} << 10;
  static constexpr std::size_t missed_bytes_of_all = std::size_t{16} << 20;

  struct CodeClaim {
    Owner owner;
    std::optional<SocketId> socket;  ///< none while parked
    bool announced = false;          ///< parked, and its partners have been told that it left
    /// Of its matches those in which it has said nothing yet, and whether it leads: it may not have
    /// heard of them.
    std::map<PairingCode, bool> unheard = {};
    std::vector<std::string> missed = {};  ///< said to it while it was parked
    std::size_t missed_bytes = 0;
  };
  enum class Granted {
    no,         ///< it is somebody else's
    anew,       ///< it was free
    again,      ///< to its owner: what hangs on the code goes on
    by_a_proof  ///< from somebody who had only named the key: what he has agreed to binds nobody
  };
  struct Claim {
    Granted granted;
    std::optional<SocketId> displaced;  ///< the socket that held the code until now
  };

  /// A free code, or one that the claimant may replace, wherever it is held.
  Claim claim(const PairingCode& code, const Claimant& claimant, SocketId socket);
  void release(const PairingCode& code);
  /// The code is told of a match.
  void told_of_match(const PairingCode& code, const PairingCode& partner, bool leads);
  /// It has said something in that match.
  void spoke(const PairingCode& code, const PairingCode& partner);
  /// Keeps this for a parked code. False, and nothing is kept, if it is not parked, if its partners
  /// know that it left, or if there is no room.
  [[nodiscard]] bool keep(const PairingCode& code, std::string message);
  /// What was kept for it, in order; it is kept no longer.
  std::vector<std::string> take_missed(const PairingCode& code);
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
  const CodeClaim* find(const PairingCode& code) const;

  const std::map<PairingCode, CodeClaim>& claims() const { return claims_; }
  std::size_t parked() const { return parked_.size(); }
  std::optional<TimePoint> deadline() const { return parked_.next(); }

 private:
  void erase(std::map<PairingCode, CodeClaim>::iterator held);

  std::map<PairingCode, CodeClaim> claims_;
  std::size_t missed_bytes_ = 0;
  Deadlines<PairingCode> parked_;
};

}  // namespace culver::relay
