// The pairs of one generation of credentials, best first, and whose turn it is: RFC 8445 sections
// 6.1.2 and 6.1.4, with pairs that come late (RFC 8838 section 12).
#pragma once

#include <deque>
#include <vector>

#include "core/ice/pair.hpp"

namespace culver::ice {

class Checklist {
 public:
  static constexpr std::size_t most = 100;

  /// A new pair of a base and a remote candidate, Waiting or Frozen. Nothing if it is there already
  /// or if a hundred are that it must not displace: kinds share the room evenly, and within a kind
  /// the better ones stay. Else the many addresses of two machines would leave no pair for the one
  /// relay that reaches.
  Pair* add(const Base& base, const Remote& remote, bool controlling, bool reachable, Env& env);
  Pair* find(PairId id);
  const Pair* find(PairId id) const;
  Pair* find(BaseId base, const Endpoint& remote);

  /// Next of all to be checked: behind earlier triggers. Not a pair that has succeeded.
  void trigger(Pair& pair, Env& env);
  /// The pair whose turn it is: the first that was triggered, or if `ordinary` the best that waits,
  /// or the best frozen one of which no like is under way, which is thawed. Nothing while none may
  /// be checked.
  Pair* next(bool ordinary, Env& env);
  /// Whether next() would give one.
  bool has_next(bool ordinary) const;
  /// It works: its likes may follow.
  void thaw_likes_of(const Pair& like, Env& env);

  /// A role or the name of a candidate has changed.
  void reorder(const LocalCandidates& local, const RemoteCandidates& remotes, bool controlling);
  void remove(BaseId base);
  void clear();

  std::vector<Pair>& pairs() { return pairs_; }
  const std::vector<Pair>& pairs() const { return pairs_; }
  /// Waiting or in progress: what RFC 8445 section 14.3 counts for the retransmission timer.
  std::size_t active() const;
  /// Some pair may still succeed without new candidates.
  bool pending() const;

 private:
  bool like_under_way(const Pair& pair) const;
  void forget_triggers();
  bool make_room_for(const Pair& pair);
  const Pair* next_triggered() const;
  const Pair* next_ordinary() const;

  std::uint32_t last_ = 0;
  std::vector<Pair> pairs_;  // by falling priority
  std::deque<PairId> triggered_;
};

}  // namespace culver::ice
