// Rendezvous, as far as it travels in messages: two peers who know each other find each other again
// at points and by tokens that only they can derive (core/signaling/rendezvous_points.hpp).
// Layout and rules: docs/protocol/signaling.md.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/strong.hpp"

namespace culver::wire::signaling {

/// Client -> server. Points, tokens and drops are the clients' business: opaque texts within
/// limits::rendezvous_text and limits::dead_drop.
struct RegisterRendezvous {
  std::string peer_id;                       ///< 1 to 128 of A-Z a-z 0-9 _ -; for us, our code
  std::string relay_id;                      ///< of Zajel's relays; empty: none
  std::set<std::string> points;              ///< valid for days: what is left there waits
  std::set<std::string> tokens;              ///< valid for hours: who brings one is there now
  std::map<std::string, std::string> drops;  ///< by point, each one of `points`; none is empty
  bool operator==(const RegisterRendezvous&) const = default;
};

/// Somebody who is there now.
struct LiveMatch {
  PairingCode peer;
  std::string relay_id;  ///< may be empty
  std::string token;     ///< by which we met; empty: a server of Zajel's does not say
  bool operator==(const LiveMatch&) const = default;
};
/// What somebody has left.
struct DeadDrop {
  PairingCode peer;  ///< the code that it had then
  std::string text;
  std::string relay_id;  ///< may be empty
  std::string point;     ///< where it was left; empty: a server of Zajel's does not say
  bool operator==(const DeadDrop&) const = default;
};

/// Server -> client: the answer. Of Zajel's rendezvous_partial the part that this server knows;
/// what it says of others is not read. Entries whose peer is no pairing code, or that are beyond
/// the limits, are left out: there is nothing that we could do with them.
struct RendezvousResult {
  std::vector<LiveMatch> live;
  std::vector<DeadDrop> drops;
  bool operator==(const RendezvousResult&) const = default;
};
/// Server -> client, unasked: somebody brought a token that we brought before.
struct RendezvousMatch {
  LiveMatch match;
  bool operator==(const RendezvousMatch&) const = default;
};

/// Live matches first, then drops: as many as fit into limits::signaling_frame_in.
std::string print(const RendezvousResult&);
std::string print(const RendezvousMatch&);

}  // namespace culver::wire::signaling
