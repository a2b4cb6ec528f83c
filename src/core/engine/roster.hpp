// The connections that exist, by value, each with the code that its signals travel under and the
// standing of its peer.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/base/deadlines.hpp"
#include "core/connection/connection.hpp"
#include "core/engine/api.hpp"
#include "core/engine/peer.hpp"
#include "core/engine/unkept_frames.hpp"

namespace culver::engine {

/// Who wants nothing to be read of a peer. Each ends its own wish and no other.
enum class Pausing : std::uint8_t { connection, book, frames, files };

class Pauses {
 public:
  /// Whether this pauses or resumes the reading.
  [[nodiscard]] bool set(Pausing who, bool pauses) {
    const bool before = wanted_.any();
    wanted_.set(static_cast<std::size_t>(who), pauses);
    return wanted_.any() != before;
  }

 private:
  std::bitset<4> wanted_;
};

/// A peer that there is a connection with, and what of it belongs to no standing.
struct Peer {
  PairingCode code;
  PublicKey key;
  std::optional<Plaintext> name;  ///< as proposed while pairing; a handshake's name replaces it
  TimePoint matched;
  bool initiator;
  std::optional<PublicKey> sought;  ///< it was looked for
  peer::Machine::State standing;
  connection::Machine::State connection = {};
  UnkeptFrames unkept = {};
  Pauses pauses = {};

  /// Something of it is still to be told, or written down first.
  bool is_owing() const { return peer::is_waiting(standing) || !unkept.empty(); }
  std::optional<TimePoint> deadline() const;
};

class Roster {
 public:
  void add(ConnectionId id, Peer peer);
  void remove(ConnectionId id);

  const Peer* find(ConnectionId id) const;
  /// To be changed: what it waits for is looked at again with the next settle().
  Peer* edit(ConnectionId id);
  /// The connection that signals from this code belong to: the newest. An older one of the code is
  /// up.
  std::optional<ConnectionId> find(const PairingCode& code) const;
  bool has(const PublicKey& key) const;
  std::vector<ConnectionId> of(const PublicKey& key) const;
  const std::map<ConnectionId, Peer>& all() const { return peers_; }

  /// Looks again at those that were changed: when they are due, and whether their end is to be
  /// told.
  void settle();
  /// Whose connection is closed, or ends in favor of another.
  const std::set<ConnectionId>& ending() const { return ending_; }

  std::optional<TimePoint> deadline() const { return deadlines_.next(); }
  std::optional<ConnectionId> take_due(TimePoint now);
  /// So many peers were asked when they are due, ever.
  std::uint64_t asked() const { return asked_; }

 private:
  std::map<ConnectionId, Peer> peers_;
  std::set<ConnectionId> changed_, ending_;
  Deadlines<ConnectionId> deadlines_;
  std::uint64_t asked_ = 0;
};

}  // namespace culver::engine
