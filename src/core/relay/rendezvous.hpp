// Where peers who know each other meet again: dead drops that wait at a point for whoever comes,
// and tokens by which two who are there at the same time find each other. A value: it knows codes
// and keys, no socket.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/strong.hpp"
#include "core/relay/directory.hpp"
#include "core/relay/expiring_store.hpp"
#include "core/relay/owner.hpp"
#include "core/wire/signaling_rendezvous.hpp"

namespace culver::relay {

class Rendezvous {
 public:
  explicit Rendezvous(const Limits& limits);

  struct Peer {
    PairingCode code;
    Claimant claimant;  ///< replaces what it may: relay/owner.hpp
    Address address;
  };
  /// To be told to somebody who brought the token earlier.
  struct Push {
    PairingCode to;
    wire::signaling::RendezvousMatch match;
  };
  struct Found {
    wire::signaling::RendezvousResult result;
    std::vector<Push> pushes;      ///< one per peer and token
    std::vector<StoredDrop> kept;  ///< of its own drops, for the store
    bool is_full = false;          ///< some of what was brought found no room
  };
  /// What others have left at the points, and who of them is there by the tokens; then the peer's
  /// own drops and tokens are kept, as far as there is room. What it left earlier stays unless
  /// there is a new drop for the same point. Whoever has the same key is not another.
  Found visit(const Peer& peer, const wire::signaling::RegisterRendezvous& asked, TimePoint now,
              RunTime ran);

  /// A drop that was kept before this process began. It takes no room of any address.
  void restore(const StoredDrop& drop, TimePoint now, RunTime ran);

  /// The code has lost its socket: nobody meets it any more. Its drops stay.
  void withdraw(const PairingCode& code) { live_.withdraw(code); }

  /// Forgets what is over.
  void sweep(TimePoint now);
  std::optional<TimePoint> deadline() const;

  struct Drop {
    PairingCode code;
    std::string relay_id;
    std::string text;
  };
  struct Presence {
    PublicKey key;
    std::string relay_id;
  };
  using Drops = ExpiringStore<Owner, Drop>;
  using Live = ExpiringStore<PairingCode, Presence>;
  const Drops& drops() const { return drops_; }
  const Live& live() const { return live_; }

 private:
  Duration drop_life_, token_life_;
  Drops drops_;
  Live live_;
};

}  // namespace culver::relay
