#include "core/engine/acquaintances.hpp"

#include <algorithm>
#include <utility>

#include "core/engine/names.hpp"

namespace culver::engine {

Acquaintances::Acquaintances(std::vector<Known> known, Trust trust) : trust_(trust) {
  for (auto& peer : known) know(std::move(peer));
}

namespace {

/// Whether the peer may go on being called so, or is called otherwise whatever it says.
bool keeps(const Known& peer, const Plaintext& name) {
  return peer.alias || (peer.name && is_same_name(peer.name->expose(), name.expose()));
}

bool owns(const Known& peer, const Plaintext& name) {
  const auto is_it = [&](const Plaintext& one) {
    return is_same_name(one.expose(), name.expose());
  };
  if (peer.called() && is_it(*peer.called())) return true;
  return !peer.alias && std::ranges::any_of(peer.earlier, is_it);
}

}  // namespace

std::variant<Welcome, Unwelcome> Acquaintances::judge(const PublicKey& key,
                                                      const std::optional<Plaintext>& name) const {
  const auto* peer = find(key);
  if (peer && peer->is_blocked) return Unwelcome{Fault::peer_blocked, std::nullopt};
  if (peer && (!name || keeps(*peer, *name))) return Welcome{};
  const auto* namesake = name && !apart_.contains(key) ? owner(*name, key) : nullptr;
  // A blocked peer does not come back by a new key, whatever the policy.
  if (namesake && (trust_ != Trust::always || namesake->is_blocked))
    return Unwelcome{Fault::peer_key_changed, namesake->key};
  if (peer) return Welcome{};
  if (trust_ == Trust::never) return Unwelcome{Fault::peer_not_known, std::nullopt};
  if (namesake) return Welcome{namesake->key};
  return Welcome{};
}

const Known* Acquaintances::find(const PublicKey& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? nullptr : &found->second;
}

std::optional<Plaintext> Acquaintances::name_to_keep(const PublicKey& key,
                                                     const std::optional<Plaintext>& name) const {
  const auto* peer = find(key);
  const bool is_new =
      peer && name && !(peer->name && is_same_name(peer->name->expose(), name->expose()));
  if (is_new && owner(*name, key)) return std::nullopt;
  return name;
}

bool Acquaintances::may_be_another(const Unwelcome& why) const {
  const auto* namesake = why.of ? find(*why.of) : nullptr;
  return namesake && !namesake->is_blocked && trust_ == Trust::on_first_use;
}

const Known* Acquaintances::owner(const Plaintext& name, const PublicKey& claimant) const {
  for (const auto& [key, peer] : known_)
    if (key != claimant && owns(peer, name)) return &peer;
  return nullptr;
}

void Acquaintances::know(Known peer) {
  const auto key = peer.key;
  known_.insert_or_assign(key, std::move(peer));
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

void Acquaintances::met(const PublicKey& key, const std::optional<Plaintext>& name, bool is_culver,
                        const std::optional<PublicKey>& instead_of) {
  if (instead_of)
    if (auto old = known_.extract(*instead_of)) {
      old.key() = key;
      old.mapped().key = key;
      known_.insert(std::move(old));
    }
  apart_.erase(key);
  auto& peer = known_.try_emplace(key, Known{key, {}, {}}).first->second;
  if (name) rename(peer, *name);
  peer.is_culver = peer.is_culver || is_culver;
}

}  // namespace culver::engine
