// The links that exist, by value, each with the code that its signals travel under.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/engine/api.hpp"
#include "core/link/link.hpp"

namespace culver::engine {

/// What waits until the book has the peer: what there is to tell, and what has come in since, in
/// order. Reading is paused, so that this is little.
struct Unremembered {
  link::Established established;
  std::optional<PublicKey> instead_of;
  TimePoint deadline;  ///< of the book, or of the person
  link::Effects held;
  /// A person is asked first whether it is somebody else than this one of its name.
  std::optional<PublicKey> namesake = {};
};

/// A frame of version 1 that the store has not answered for: another process of this data folder
/// may have taken it. What came of it waits, and what comes behind it.
struct UnkeptFrame {
  Nonce nonce;
  bool is_kept = false;
  link::Effects then = {};
};

/// Who wants nothing to be read of a peer. Each ends its own wish and no other.
enum class Pausing : std::uint8_t { link, book, frames, files };

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

/// How far a peer has come.
enum class Standing : std::uint8_t {
  establishing,
  claimed,    ///< told as Unproven: its key is a claim
  connected,  ///< told as Connected
};

/// One link and what the engine must know to route to it.
struct Peer {
  PairingCode code;
  PublicKey key;
  std::optional<Plaintext> name;  ///< as proposed while pairing; a handshake's name replaces it
  link::Machine::State state;
  TimePoint matched;
  bool initiator = false;
  /// Its request and ours had crossed: there may be two matches, and the peer may be in the other.
  bool crossed = false;
  std::optional<PublicKey> sought = {};  ///< it was looked for
  Standing standing = Standing::establishing;
  bool superseded = false;  ///< by the other match, or by its end: nothing more of it is told
  /// Its keys are proven, and the book has not answered yet.
  std::optional<Unremembered> unremembered = {};
  std::optional<PublicKey> refused_for = {};     ///< the known peer whose name it used
  std::vector<TextId> texts = {};                ///< under way, to one that speaks no letters
  std::size_t largest_message = link::no_limit;  ///< bytes, sealed, that its SCTP takes
  bool is_culver = false;                        ///< connected with all that a Culver promises
  std::deque<UnkeptFrame> unkept = {};
  TimePoint unkept_by = {};  ///< until when the store has to answer for the first
  Pauses pauses = {};
  Tried tried = {};                       ///< until it is established
  std::optional<Establishing> told = {};  ///< the last of them
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
  /// The link that signals from this code belong to: the newest. An older one of the code is up.
  std::optional<LinkId> find(const PairingCode& code) const {
    for (auto it = peers_.rbegin(); it != peers_.rend(); ++it)
      if (it->second.code == code) return it->first;
    return std::nullopt;
  }
  /// The connected link of this key other than `id`.
  std::optional<LinkId> connected(const PublicKey& key, LinkId id) const {
    for (const auto& [other, peer] : peers_)
      if (other != id && peer.standing == Standing::connected && peer.key == key) return other;
    return std::nullopt;
  }
  bool has(const PublicKey& key) const {
    return std::ranges::any_of(peers_, [&](const auto& at) { return at.second.key == key; });
  }
  /// Something of it is still to be told, or written down first.
  static bool is_owing(const Peer& peer) { return peer.unremembered || !peer.unkept.empty(); }
  std::map<LinkId, Peer>& all() { return peers_; }
  const std::map<LinkId, Peer>& all() const { return peers_; }

 private:
  std::map<LinkId, Peer> peers_;
};

}  // namespace culver::engine
