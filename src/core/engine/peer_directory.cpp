#include "core/engine/peer_directory.hpp"

#include <algorithm>
#include <utility>

#include "core/engine/names.hpp"

namespace culver::engine {

PeerDirectory::PeerDirectory(std::vector<Known> known, Trust trust) : trust_(trust) {
  for (auto& peer : known) know(std::move(peer));
}

namespace {

bool is_called(const Known& peer, const Plaintext& name) {
  return peer.name && is_same_name(peer.name->expose(), name.expose());
}

/// Whether the peer may go on being called so, or is called otherwise whatever it says. A name that
/// only looks like its own is another one, which may be somebody's.
bool keeps(const Known& peer, const Plaintext& name) { return peer.alias || is_called(peer, name); }

std::vector<Reading> own_names(const Known& peer) {
  std::vector<Reading> names;
  if (peer.called()) names.emplace_back(peer.called()->expose());
  if (peer.alias) return names;
  for (const auto& name : peer.earlier) names.emplace_back(name.expose());
  return names;
}

}  // namespace

std::variant<Welcome, Unwelcome> PeerDirectory::judge(const PublicKey& key,
                                                      const std::optional<Plaintext>& name) const {
  const auto* peer = find(key);
  if (peer && peer->is_blocked) return Unwelcome{Fault::peer_blocked, std::nullopt};
  if (peer && (!name || keeps(*peer, *name))) return Welcome{};
  const auto* namesake = name && !apart_.contains(key) ? owner(*name, key) : nullptr;
  // A blocked peer does not come back by a new key, whatever the policy.
  if (namesake && (trust_ != Trust::always || namesake->is_blocked))
    return Unwelcome{why_not(key), namesake->key};
  if (peer) return Welcome{};
  if (trust_ == Trust::never) return Unwelcome{Fault::peer_not_known, std::nullopt};
  if (namesake) return Welcome{namesake->key};
  return Welcome{};
}

const Known* PeerDirectory::find(const PublicKey& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? nullptr : &found->second.peer;
}

std::optional<Plaintext> PeerDirectory::name_to_keep(const PublicKey& key,
                                                     const std::optional<Plaintext>& name) const {
  const auto* peer = find(key);
  const bool is_new = peer && name && !is_called(*peer, *name);
  // Who was let in as somebody else of a name keeps it, and is not asked about again.
  if (is_new && !apart_.contains(key) && owner(*name, key)) return std::nullopt;
  return name;
}

Fault PeerDirectory::why_not(const PublicKey& key) const {
  return find(key) ? Fault::name_of_another : Fault::peer_key_changed;
}

bool PeerDirectory::may_be_another(const Unwelcome& why) const {
  const auto* namesake = why.of ? find(*why.of) : nullptr;
  return namesake && !namesake->is_blocked && trust_ == Trust::on_first_use;
}

std::vector<PublicKey> PeerDirectory::welcome() const {
  std::vector<PublicKey> keys;
  for (const auto& [key, row] : known_)
    if (!row.peer.is_blocked) keys.push_back(key);
  return keys;
}

const Known* PeerDirectory::owner(const Plaintext& name, const PublicKey& claimant) const {
  const Reading reading(name.expose());
  for (const auto& [key, row] : known_)
    if (key != claimant && std::ranges::any_of(row.own_names, [&](const Reading& one) {
          return one.looks_like(reading);
        }))
      return &row.peer;
  return nullptr;
}

void PeerDirectory::know(Known peer) {
  const auto key = peer.key;
  auto names = own_names(peer);
  forgotten_.erase(key);
  known_.insert_or_assign(key, Row{std::move(peer), std::move(names)});
}

namespace {

void rename(Known& peer, const Plaintext& name) {
  const auto is_it = [&](const Plaintext& one) { return one.expose() == name.expose(); };
  if (peer.name && !is_it(*peer.name)) {
    std::erase_if(peer.earlier, is_it);
    peer.earlier.push_back(*peer.name);
    if (peer.earlier.size() > Known::earlier_names) peer.earlier.erase(peer.earlier.begin());
  }
  peer.name = name;
}

}  // namespace

void PeerDirectory::connected(const PublicKey& key, const std::optional<Plaintext>& name,
                              bool is_culver, const std::optional<PublicKey>& instead_of) {
  if (instead_of)
    if (auto old = known_.extract(*instead_of)) {
      old.key() = key;
      old.mapped().peer.key = key;
      known_.insert(std::move(old));
    }
  apart_.erase(key);
  forgotten_.erase(key);
  auto& row = known_.try_emplace(key, Row{Known{key, {}, {}}, {}}).first->second;
  if (name) rename(row.peer, *name);
  row.peer.is_culver = row.peer.is_culver || is_culver;
  row.own_names = own_names(row.peer);
}

}  // namespace culver::engine
