#include "core/ice/checklist.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace culver::ice {
namespace {

bool better(const Pair& a, const Pair& b) { return a.priority > b.priority; }

std::uint64_t priority_of(const Base& base, const Remote& remote, bool controlling) {
  return controlling ? pair_priority(base.priority, remote.priority)
                     : pair_priority(remote.priority, base.priority);
}

std::string foundation_of(const Base& base, const Remote& remote) {
  return base.foundation + ":" + remote.foundation;
}

std::uint8_t kind_of(const Base& base, const Remote& remote) {
  const auto family = remote.address.family() == Endpoint::Family::v6 ? 1U : 0U;
  const auto relay = base.relay ? 1U : 0U;
  return static_cast<std::uint8_t>(family * 8 + relay * 4 + static_cast<unsigned>(remote.type));
}

bool under_way(const Pair& pair) { return pair.is<pair::Waiting>() || pair.is<pair::InProgress>(); }

}  // namespace

Pair* Checklist::add(const Base& base, const Remote& remote, bool controlling, bool reachable,
                     Env& env) {
  const auto priority = priority_of(base, remote, controlling);
  if (find(base.id, remote.address)) return nullptr;
  Pair made{PairId{++last_}, base.id, remote.address, priority, foundation_of(base, remote)};
  made.kind = kind_of(base, remote);
  if (!make_room_for(made)) return nullptr;
  made.reachable = reachable;
  if (!like_under_way(made)) made.step(pair::Thaw{}, env);
  const auto at = std::upper_bound(pairs_.begin(), pairs_.end(), made, better);
  return &*pairs_.insert(at, std::move(made));
}

/// Of the kind that has most pairs the worst goes, unless somebody waits for its answer or it
/// works.
bool Checklist::make_room_for(const Pair& pair) {
  if (pairs_.size() < most) return true;
  std::map<std::uint8_t, std::size_t> count;
  for (const auto& each : pairs_) ++count[each.kind];
  auto largest = pair.kind;
  for (const auto& [kind, size] : count)
    if (size > count[largest]) largest = kind;
  for (auto at = pairs_.rbegin(); at != pairs_.rend(); ++at) {
    if (at->kind != largest || at->is<pair::InProgress>() || at->is<pair::Succeeded>()) continue;
    if (largest == pair.kind && at->priority >= pair.priority) return false;
    pairs_.erase(std::next(at).base());
    forget_triggers();
    return true;
  }
  return false;
}

const Pair* Checklist::find(PairId id) const {
  const auto at =
      std::find_if(pairs_.begin(), pairs_.end(), [&](const Pair& p) { return p.id == id; });
  return at == pairs_.end() ? nullptr : &*at;
}

Pair* Checklist::find(PairId id) { return const_cast<Pair*>(std::as_const(*this).find(id)); }

Pair* Checklist::find(BaseId base, const Endpoint& remote) {
  const auto at = std::find_if(pairs_.begin(), pairs_.end(),
                               [&](const Pair& p) { return p.base == base && p.remote == remote; });
  return at == pairs_.end() ? nullptr : &*at;
}

void Checklist::trigger(Pair& pair, Env& env) {
  forget_triggers();
  pair.step(pair::Trigger{}, env);
  if (!pair.is<pair::Waiting>()) return;
  if (std::find(triggered_.begin(), triggered_.end(), pair.id) == triggered_.end())
    triggered_.push_back(pair.id);
}

Pair* Checklist::next(bool ordinary, Env& env) {
  const auto* turn = next_triggered();
  if (!turn && ordinary) turn = next_ordinary();
  if (!turn) return nullptr;
  auto* pair = find(turn->id);
  pair->step(pair::Thaw{}, env);
  return pair;
}

bool Checklist::has_next(bool ordinary) const {
  return next_triggered() || (ordinary && next_ordinary());
}

/// Those that are no longer Waiting had their answer, or their turn, already.
const Pair* Checklist::next_triggered() const {
  for (const auto id : triggered_)
    if (const auto* pair = find(id); pair && pair->is<pair::Waiting>() && pair->reachable)
      return pair;
  return nullptr;
}

const Pair* Checklist::next_ordinary() const {
  for (const auto& pair : pairs_)
    if (pair.is<pair::Waiting>() && pair.reachable) return &pair;
  for (const auto& pair : pairs_)
    if (pair.is<pair::Frozen>() && pair.reachable && !like_under_way(pair)) return &pair;
  return nullptr;
}

bool Checklist::like_under_way(const Pair& pair) const {
  return std::any_of(pairs_.begin(), pairs_.end(), [&](const Pair& other) {
    return other.id != pair.id && other.foundation == pair.foundation && under_way(other);
  });
}

void Checklist::thaw_likes_of(const Pair& like, Env& env) {
  for (auto& pair : pairs_)
    if (pair.foundation == like.foundation) pair.step(pair::Thaw{}, env);
}

void Checklist::reorder(const LocalCandidates& local, const RemoteCandidates& remotes,
                        bool controlling) {
  for (auto& pair : pairs_) {
    const auto* base = local.find(pair.base);
    const auto* remote = remotes.find(pair.remote);
    if (!base || !remote) continue;
    pair.priority = priority_of(*base, *remote, controlling);
    pair.foundation = foundation_of(*base, *remote);
    pair.kind = kind_of(*base, *remote);
  }
  std::stable_sort(pairs_.begin(), pairs_.end(), better);
}

void Checklist::remove(BaseId base) {
  std::erase_if(pairs_, [&](const Pair& pair) { return pair.base == base; });
  forget_triggers();
}

void Checklist::clear() {
  pairs_.clear();
  triggered_.clear();
}

void Checklist::forget_triggers() {
  std::erase_if(triggered_, [&](PairId id) {
    const auto* pair = find(id);
    return !pair || !pair->is<pair::Waiting>();
  });
}

std::size_t Checklist::active() const {
  return static_cast<std::size_t>(std::count_if(pairs_.begin(), pairs_.end(), under_way));
}

bool Checklist::pending() const {
  return std::any_of(pairs_.begin(), pairs_.end(),
                     [](const Pair& p) { return under_way(p) || p.is<pair::Frozen>(); });
}

}  // namespace culver::ice
