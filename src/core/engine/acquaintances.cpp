#include "core/engine/acquaintances.hpp"

#include <utility>

#include "core/engine/names.hpp"

namespace culver::engine {

Acquaintances::Acquaintances(std::vector<Known> known, Trust trust) : trust_(trust) {
  for (auto& peer : known) know(std::move(peer));
}

std::variant<Welcome, Unwelcome> Acquaintances::judge(const PublicKey& key,
                                                      const std::optional<Plaintext>& name) const {
  if (const auto* peer = find(key)) {
    if (peer->is_blocked) return Unwelcome{Fault::peer_blocked, std::nullopt};
    return Welcome{};
  }
  const auto* namesake = name && !apart_.contains(key) ? named(*name) : nullptr;
  // A blocked peer does not come back by a new key, whatever the policy.
  if (namesake && (trust_ != Trust::always || namesake->is_blocked))
    return Unwelcome{Fault::peer_key_changed, namesake->key};
  if (trust_ == Trust::never) return Unwelcome{Fault::peer_not_known, std::nullopt};
  if (namesake) return Welcome{namesake->key};
  return Welcome{};
}

const Known* Acquaintances::find(const PublicKey& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? nullptr : &found->second;
}

bool Acquaintances::may_be_another(const Unwelcome& why) const {
  const auto* namesake = why.of ? find(*why.of) : nullptr;
  return namesake && !namesake->is_blocked && trust_ == Trust::on_first_use;
}

const Known* Acquaintances::named(const Plaintext& name) const {
  for (const auto& [key, peer] : known_)
    if (peer.called() && is_same_name(peer.called()->expose(), name.expose())) return &peer;
  return nullptr;
}

void Acquaintances::know(Known peer) {
  const auto key = peer.key;
  known_.insert_or_assign(key, std::move(peer));
}

void Acquaintances::met(const PublicKey& key, const std::optional<Plaintext>& name, bool is_culver,
                        const std::optional<PublicKey>& instead_of) {
  if (instead_of)
    if (auto old = known_.extract(*instead_of)) {
      old.key() = key;
      old.mapped().key = key;
      known_.insert(std::move(old));
    }
  apart_.erase(key);
  auto& peer = known_.try_emplace(key, Known{key, {}, {}, false, false}).first->second;
  if (name) peer.name = name;
  peer.is_culver = is_culver;
}

}  // namespace culver::engine
