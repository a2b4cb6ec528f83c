// Whom the engine knows, and whether a key is welcome: the peer book's rows in memory and the trust
// policy over them. It decides and writes nothing. Source: docs/protocol/known-peers.md.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "core/base/fault.hpp"
#include "core/engine/known.hpp"
#include "core/engine/names.hpp"

namespace culver::engine {

/// The key may go on. `instead_of`: it is new under a name that another key has, and the policy
/// lets it.
struct Welcome {
  std::optional<PublicKey> instead_of;
};
/// peer_blocked, peer_not_known; with the key whose name was used peer_key_changed, or
/// name_of_another of a key that is known itself.
struct Unwelcome {
  Fault fault;
  std::optional<PublicKey> of;
};

class PeerDirectory {
 public:
  PeerDirectory(std::vector<Known> known, Trust trust);

  /// `name` is what the key claims to be called; none: not heard yet. A name belongs to the key
  /// that had it first, in whatever spelling it is read (Reading), whether the one that claims it
  /// later is known or not.
  std::variant<Welcome, Unwelcome> judge(const PublicKey& key,
                                         const std::optional<Plaintext>& name) const;
  const Known* find(const PublicKey& key) const;
  /// The key was known as a Culver's once, perhaps since this connection was begun: with less it
  /// does not come.
  bool is_less_than_known(const PublicKey& key, bool is_culver) const {
    const auto* peer = find(key);
    return peer != nullptr && peer->is_culver && !is_culver;
  }
  /// The name under which a connection of this key is written down: none leaves the one it has. A
  /// known key does not take another's name with it.
  std::optional<Plaintext> name_to_keep(const PublicKey& key,
                                        const std::optional<Plaintext>& name) const;
  /// Why a key may not have the name of another: name_of_another if it is known itself, else
  /// peer_key_changed.
  Fault why_not(const PublicKey& key) const;
  /// Whether a person may be asked: the key may be somebody else of that name. A blocked peer's
  /// name is never free again.
  bool may_be_another(const Unwelcome& why) const;
  /// A person has said that this key is somebody else of its name.
  void tell_apart(const PublicKey& key) { apart_.insert(key); }

  /// The row as it is now.
  void know(Known peer);
  /// A connection of this key was written down.
  void connected(const PublicKey& key, const std::optional<Plaintext>& name, bool is_culver,
                 const std::optional<PublicKey>& instead_of);
  void forget(const PublicKey& key) {
    if (known_.erase(key) > 0) forgotten_.insert(key);
  }
  /// Since the engine runs, and it is not known again.
  bool was_forgotten(const PublicKey& key) const { return forgotten_.contains(key); }
  /// Those that are not blocked.
  std::vector<PublicKey> welcome() const;

 private:
  /// Another key that the name belongs to.
  const Known* owner(const Plaintext& name, const PublicKey& claimant) const;

  struct Row {
    Known peer;
    std::vector<Reading> own_names;  ///< that it is called by, and that it has not given away
  };
  std::map<PublicKey, Row> known_;
  std::set<PublicKey> apart_;  ///< and are not known yet
  std::set<PublicKey> forgotten_;
  Trust trust_;
};

}  // namespace culver::engine
