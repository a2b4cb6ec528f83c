// Which path carries data: nomination, what the peer nominated, consent, and what takes over when
// it is lost. RFC 8445 section 8, RFC 7675.
#include <algorithm>
#include <utility>

#include "core/ice/agent_core.hpp"

namespace culver::ice {
namespace {

template <class Pairs, class Matches>
auto* first_of(Pairs& pairs, Matches matches) {
  const auto at = std::find_if(pairs.begin(), pairs.end(), matches);
  return at == pairs.end() ? nullptr : &*at;
}

}  // namespace

// ---- we nominate --------------------------------------------------------------------------------

void Agent::Core::nominate(Env& env, Effects& out) {
  if (!controlling) return;
  auto* best = best_valid();
  if (!best) return feed(nomination::NoneValid{}, env, out);
  const bool relayed = is_relayed(*best);
  feed(nomination::BestValid{best->id, relayed, is_settled(*best),
                             nomination::patience(best->round_trip, relayed)},
       env, out);
}

void Agent::Core::feed(nomination::Event event, Env& env, Effects& out) {
  nomination::Effects effects;
  nomination =
      fsm::step<nomination::Machine>(std::move(nomination), std::move(event), env, effects);
  for (const auto& effect : effects)
    if (auto* pair = checklist.find(std::get<nomination::Nominate>(effect).pair))
      send_check(*pair, true, env, out);
}

/// Data could go there: of a relay, that takes a channel.
Pair* Agent::Core::best_valid() {
  return first_of(checklist.pairs(), [&](const Pair& pair) {
    return pair.is<pair::Succeeded>() && route_of(pair.base, pair.remote);
  });
}

/// From one machine's own address to the other's own there is nothing to wait for. Else while a
/// better pair may still answer, or candidates may come, there is.
bool Agent::Core::is_settled(const Pair& best) const {
  const auto* base = local.find(best.base);
  const auto* remote = remotes.find(best.remote);
  if (base && !base->relay && remote && remote->type == wire::sdp::CandidateType::host) return true;
  if (!gathering_told || !remotes_done) return false;
  return std::all_of(checklist.pairs().begin(), checklist.pairs().end(), [&](const Pair& pair) {
    return pair.priority <= best.priority || pair.is<pair::Failed>();
  });
}

// ---- the peer nominates -------------------------------------------------------------------------

/// RFC 8445 knows one nomination. Agents that nominate several mean the best of them (RFC 5245,
/// aggressive), or the last (a path that they moved to): a worse pair is followed once the better
/// one is no longer repeated.
void Agent::Core::consider_nomination(Pair& pair, Env& env, Effects& out) {
  if (controlling || !pair.is<pair::Succeeded>() || !route_of(pair.base, pair.remote)) return;
  pair.nomination_open = false;
  if (is_selected(pair)) return;
  const auto* current = selected && selected->generation == now.number
                            ? checklist.find(selected->base, selected->remote)
                            : nullptr;
  const bool holds = current && current->nominated_by_peer && current->priority > pair.priority &&
                     env.now - *current->nominated_by_peer <= nomination_memory;
  if (!holds) return select(pair, env, out);
  peer_elsewhere(pair, env, out);
}

// ---- the selected path --------------------------------------------------------------------------

bool Agent::Core::is_selected(const Pair& pair) const {
  return selected && selected->generation == now.number && selected->base == pair.base &&
         selected->remote == pair.remote;
}

void Agent::Core::select(Pair& pair, Env& env, Effects& out) {
  const auto route = route_of(pair.base, pair.remote);
  if (!route) return;
  const bool relayed = is_relayed(pair);
  const bool was_doubted = std::exchange(doubt_told, false);
  const bool news =
      was_doubted || !selected || selected->route != *route || selected->relayed != relayed;
  const auto carried = selected ? path_mtu::told(selected->mtu) : path_mtu::base;
  selected = SelectedPath{now.number,
                          pair.base,
                          pair.remote,
                          *route,
                          relayed,
                          env.now,
                          consent::begin(env, env.now),
                          path_mtu::begin(carried, env)};
  pair.keep_alive_at.reset();
  before.reset();
  transactions.remove_of_selected();
  if (!relayed) rest(env);
  if (news) out.emplace_back(Selected{*route, relayed});
  if (relayed) leave_unprobed(env, out);
}

/// A relay has paths of its own beyond it.
void Agent::Core::leave_unprobed(Env& env, Effects& out) {
  path_mtu::Effects effects;
  selected->mtu = path_mtu::unprobed(path_mtu::told(selected->mtu), effects);
  perform(effects, env, out);
}

/// A peer-reflexive candidate may turn out to be the peer's relay.
void Agent::Core::renew_relayed(Env& env, Effects& out) {
  if (!selected || selected->generation != now.number) return;
  const auto* pair = checklist.find(selected->base, selected->remote);
  if (!pair || is_relayed(*pair) == selected->relayed) return;
  selected->relayed = is_relayed(*pair);
  out.emplace_back(Selected{selected->route, selected->relayed});
  if (!selected->relayed) return;
  leave_unprobed(env, out);
  feed(nomination::FoundRelayed{}, env, out);
}

/// The other pairs wait until they are needed.
void Agent::Core::rest(Env& env) {
  for (auto& pair : checklist.pairs()) {
    if (pair.is<pair::Succeeded>()) continue;
    transactions.quiet(pair.id, env.now);
    pair.step(pair::Halt{}, env);
  }
}

bool Agent::Core::in_doubt() const {
  return selected && !std::holds_alternative<consent::Fresh>(selected->consent) &&
         !std::holds_alternative<consent::Asked>(selected->consent);
}

void Agent::Core::watch_consent(Env& env, Effects& out) {
  if (!selected) return;
  feed(consent::Tick{}, env, out);
  if (const auto grave = consent::grave_doubt(selected->consent)) escape(*grave, env, out);
  if (const auto* lost = std::get_if<consent::Lost>(&selected->consent))
    path_lost(lost->since, env, out);
}

/// A socket that is gone is certain: a pair that was well a while ago is better, until one shows
/// that it still is. Silence is not, and what takes over must have answered since it began.
void Agent::Core::escape(const consent::Grave& doubt, Env& env, Effects& out) {
  if (auto* alive = best_spare(doubt.since)) return take_over(*alive, env, out);
  const bool cut = std::holds_alternative<consent::Cut>(selected->consent);
  if (auto* spare = cut ? best_spare(env.now - spare_freshness) : nullptr) {
    const auto patience = nomination::patience(spare->round_trip, is_relayed(*spare));
    take_over(*spare, env, out);
    return prove(patience, env, out);
  }
  if (doubt.is_told && !std::exchange(doubt_told, true)) out.emplace_back(Doubted{doubt.heard});
}

/// What was selected is asked at once, and with it everybody else.
void Agent::Core::prove(Duration patience, Env& env, Effects& out) {
  consent::Effects effects;
  selected->consent = consent::begin_unproven(patience, env, effects);
  perform(effects, env, out);
  doubt(env);
}

/// From an address that is gone nobody can say so: what comes from elsewhere is the first sign of
/// it. A relay is no such sign, since whoever has one asks along it too.
void Agent::Core::peer_elsewhere(const Pair& seen, Env& env, Effects& out) {
  if (!selected || selected->generation != now.number || env.now - selected->since < settling)
    return;
  const auto* here = checklist.find(selected->base, selected->remote);
  if (!here || here == &seen || is_relayed(seen)) return;
  const auto patience = std::clamp<Duration>(2 * here->round_trip, least_patience, most_patience);
  feed(consent::PeerElsewhere{patience}, env, out);
}

void Agent::Core::feed(consent::Event event, Env& env, Effects& out) {
  const bool doubted = in_doubt();
  // What was asked beside it may be where the peer goes next.
  const bool unproven = std::holds_alternative<consent::Unproven>(selected->consent);
  consent::Effects effects;
  selected->consent =
      fsm::step<consent::Machine>(std::move(selected->consent), std::move(event), env, effects);
  perform(effects, env, out);
  if (!doubted || in_doubt()) return;
  if (!selected->relayed && !unproven) rest(env);
  if (std::exchange(doubt_told, false))
    out.emplace_back(Selected{selected->route, selected->relayed});
}

void Agent::Core::feed(path_mtu::Event event, Env& env, Effects& out) {
  path_mtu::Effects effects;
  selected->mtu =
      fsm::step<path_mtu::Machine>(std::move(selected->mtu), std::move(event), env, effects);
  perform(effects, env, out);
}

void Agent::Core::perform(const path_mtu::Effects& effects, Env& env, Effects& out) {
  for (const auto& effect : effects)
    if (const auto* probe = std::get_if<path_mtu::SendProbe>(&effect))
      send_probe(probe->size, env, out);
    else
      out.emplace_back(Carries{std::get<path_mtu::Told>(effect).size});
}

void Agent::Core::perform(const consent::Effects& effects, Env& env, Effects& out) {
  for (const auto& effect : effects) {
    if (std::holds_alternative<consent::SendCheck>(effect)) send_consent_check(env, out);
    if (std::holds_alternative<consent::Doubt>(effect)) doubt(env);
  }
}

/// Every other pair is asked again, so that one is known to work when the selected one is lost.
void Agent::Core::doubt(Env& env) {
  for (auto& pair : checklist.pairs()) {
    if (is_selected(pair) || !pair.reachable) continue;
    if (pair.is<pair::Succeeded>())
      pair.keep_alive_at = env.now;
    else if (!pair.is<pair::InProgress>())
      checklist.trigger(pair, env);
  }
}

Pair* Agent::Core::best_spare(TimePoint answered_since) {
  return first_of(checklist.pairs(), [&](const Pair& pair) {
    const auto* valid = std::get_if<pair::Succeeded>(&pair.state);
    return valid && valid->answered >= answered_since && !is_selected(pair) &&
           route_of(pair.base, pair.remote);
  });
}

void Agent::Core::path_lost(TimePoint since, Env& env, Effects& out) {
  if (auto* spare = best_spare(since)) return take_over(*spare, env, out);
  // A restart that is under way may still find a path.
  if (before && verdict_at()) {
    selected.reset();
    before.reset();
    transactions.remove_of_selected();
    return;
  }
  fail(Failed::Why::consent_lost, env, out);
}

/// Data moves at once; the peer learns it from the nomination, or comes to the same by itself. The
/// consent is as old as the pair's last answer: a peer that died meanwhile is lost in time.
void Agent::Core::take_over(Pair& pair, Env& env, Effects& out) {
  const auto answered = std::get<pair::Succeeded>(pair.state).answered;
  if (auto* old = checklist.find(selected->base, selected->remote); old && is_selected(*old))
    old->step(pair::GivenUp{}, env);
  select(pair, env, out);
  if (is_selected(pair)) selected->consent = consent::begin(env, answered);
  if (!controlling) return;
  feed(nomination::PathLost{}, env, out);
  feed(nomination::BestValid{pair.id, is_relayed(pair), true, {}}, env, out);
}

/// The best few of the other valid pairs keep their holes in the NATs, and with them the best one
/// from another base and the best one that has neither end in common with the selected path: what
/// is left when an address goes, and when both sides' go.
void Agent::Core::keep_spares(Env& env) {
  if (!selected) return;
  std::size_t best = 0, elsewhere = 0, apart = 0;
  for (auto& pair : checklist.pairs()) {
    if (!pair.is<pair::Succeeded>() || is_selected(pair)) {
      pair.keep_alive_at.reset();
      continue;
    }
    const bool is_elsewhere = pair.base != selected->base;
    const bool is_apart = is_elsewhere && pair.remote != selected->remote;
    const bool is_kept =
        best++ < spare_pairs || (is_elsewhere && elsewhere == 0) || (is_apart && apart == 0);
    elsewhere += is_elsewhere;
    apart += is_apart;
    // In doubt the turn of all of them has come, which nothing takes back.
    const bool is_due = pair.keep_alive_at && *pair.keep_alive_at <= env.now;
    if (!is_kept && !is_due) {
      pair.keep_alive_at.reset();
    } else if (!pair.keep_alive_at) {
      const std::chrono::duration<double> wait = spare_interval * (0.8 + 0.4 * env.rng.unit());
      pair.keep_alive_at = env.now + std::chrono::duration_cast<Duration>(wait);
    }
  }
}

}  // namespace culver::ice
