// The links that exist, by value, each with the code that its signals travel under.
#pragma once

#include <map>
#include <optional>

#include "core/link/link.hpp"

namespace culver::engine {

/// One link and what the engine must know to route to it.
struct Peer {
  PairingCode code;
  PublicKey key;
  std::optional<Plaintext> name;  ///< as proposed while pairing; a handshake's name replaces it
  link::Machine::State state;
  TimePoint matched;
  bool connected = false;  ///< told to the user
};

class Roster {
 public:
  Peer& add(LinkId id, Peer peer) {
    return peers_.insert_or_assign(id, std::move(peer)).first->second;
  }
  void remove(LinkId id) { peers_.erase(id); }
  Peer* find(LinkId id) {
    const auto found = peers_.find(id);
    return found == peers_.end() ? nullptr : &found->second;
  }
  /// The link that signals from this code belong to: the newest, there is one per code.
  std::optional<LinkId> find(const PairingCode& code) const {
    for (auto it = peers_.rbegin(); it != peers_.rend(); ++it)
      if (it->second.code == code) return it->first;
    return std::nullopt;
  }
  std::map<LinkId, Peer>& all() { return peers_; }
  const std::map<LinkId, Peer>& all() const { return peers_; }

 private:
  std::map<LinkId, Peer> peers_;
};

}  // namespace culver::engine
