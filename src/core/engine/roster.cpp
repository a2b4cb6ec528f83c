#include "core/engine/roster.hpp"

#include <algorithm>
#include <utility>

namespace culver::engine {
namespace {

/// One that makes room for a newer connection is over before that is told, although its peer still
/// has to hear of it. Other ends are told when the peer has heard: the program may be over then.
bool is_to_be_told(const connection::Machine::State& state) {
  const auto* refusing = std::get_if<connection::Refusing>(&state);
  return connection::is_closed(state) || (refusing && refusing->fault == Fault::replaced);
}

}  // namespace

std::optional<TimePoint> Peer::deadline() const {
  return fsm::earlier(fsm::earlier(fsm::deadline_of(connection), fsm::deadline_of(standing)),
                      unkept.deadline());
}

void Roster::add(ConnectionId id, Peer peer) {
  peers_.insert_or_assign(id, std::move(peer));
  changed_.insert(id);
}

void Roster::remove(ConnectionId id) {
  peers_.erase(id);
  changed_.erase(id);
  ending_.erase(id);
  deadlines_.erase(id);
}

const Peer* Roster::find(ConnectionId id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : &found->second;
}

Peer* Roster::edit(ConnectionId id) {
  const auto found = peers_.find(id);
  if (found == peers_.end()) return nullptr;
  changed_.insert(id);
  return &found->second;
}

std::optional<ConnectionId> Roster::find(const PairingCode& code) const {
  for (auto it = peers_.rbegin(); it != peers_.rend(); ++it)
    if (it->second.code == code) return it->first;
  return std::nullopt;
}

bool Roster::has(const PublicKey& key) const {
  return std::ranges::any_of(peers_, [&](const auto& at) { return at.second.key == key; });
}

std::vector<ConnectionId> Roster::of(const PublicKey& key) const {
  std::vector<ConnectionId> theirs;
  for (const auto& [id, peer] : peers_)
    if (peer.key == key) theirs.push_back(id);
  return theirs;
}

void Roster::settle() {
  for (const auto id : changed_) {
    const auto& peer = peers_.at(id);
    ++asked_;
    deadlines_.set(id, peer.deadline());
    if (is_to_be_told(peer.connection)) ending_.insert(id);
  }
  changed_.clear();
}

std::optional<ConnectionId> Roster::take_due(TimePoint now) {
  const auto due = deadlines_.take_due(now);
  if (due) changed_.insert(*due);
  return due;
}

}  // namespace culver::engine
