#include "core/ice/agent.hpp"

#include <algorithm>
#include <utility>

#include "core/base/fsm.hpp"
#include "core/ice/agent_core.hpp"

namespace culver::ice {
namespace {

constexpr std::size_t most_wires = 64;

}  // namespace

std::uint64_t random_number(Rng& rng) {
  std::uint64_t number = 0;
  for (const auto byte : rng.bytes<8>()) number = number << 8 | std::to_integer<std::uint8_t>(byte);
  return number;
}

Agent::Agent(Config config, Env& env) : core_(std::make_unique<Core>(std::move(config), env)) {}
Agent::Agent(Agent&&) noexcept = default;
Agent& Agent::operator=(Agent&&) noexcept = default;
Agent::~Agent() = default;

void Agent::step(Event event, Env& env, Effects& effects) {
  std::visit([&](auto&& e) { core_->on(std::move(e), env, effects); }, std::move(event));
  core_->advance(env, effects);
}

std::optional<TimePoint> Agent::deadline() const { return core_->deadline(); }

std::optional<Way> Agent::way_of(WireId wire, const Endpoint& from,
                                 std::optional<std::uint16_t> channel) const {
  if (!channel) {
    const auto* base = core_->local.host_of(wire);
    return base ? std::optional(Way{base->id, from}) : std::nullopt;
  }
  const auto* relay = core_->relays.find(wire, from);
  const auto* base = relay ? core_->local.relayed_by(relay->id) : nullptr;
  const auto peer = base ? relay->client.peer_of_channel(*channel) : std::nullopt;
  return peer ? std::optional(Way{base->id, *peer}) : std::nullopt;
}

bool Agent::leads_to_peer(const Way& way) const {
  const auto& selected = core_->selected;
  return (selected && selected->base == way.base && selected->remote == way.from) ||
         core_->valid_ways.has(way);
}

bool Agent::restarting() const { return core_->before.has_value(); }

Census Agent::census() const {
  return {core_->wires.size(), core_->checklist.pairs().size(), core_->transactions.size(),
          core_->relays.size()};
}

Agent::Core::Core(Config config, Env& env)
    : loopback(config.loopback),
      controlling(config.controlling),
      tie_breaker(random_number(env.rng)),
      now{0, Identity(std::move(config.credentials)), std::nullopt},
      verdict_at_latest(env.now + longest_silence) {}

// ---- what the owner says ------------------------------------------------------------------------

/// What comes after the end of candidates means that a machine has moved: the path that it had may
/// be about to go.
template <class Matches>
void Agent::Core::check_late_pairs(Matches matches, Env& env) {
  if (!selected) return;
  for (auto& pair : checklist.pairs())
    if (matches(pair)) checklist.trigger(pair, env);
}

void Agent::Core::on(WireOpened&& event, Env& env, Effects& out) {
  if (event.local.is_loopback() && !loopback) return;
  if (wires.size() >= most_wires) return;
  wires.push_back(event.wire);
  const auto first = local.announced().size();
  const auto* base = local.add_host(event.wire, event.local, event.subnet_bits);
  if (!base) return;
  announce_from(first, out);
  const auto id = base->id;
  gathering.base_added(*base);
  pair_base(*base, env);
  if (!over) begun(relays.base_added(*base, env), env, out);
  if (gathering_told) check_late_pairs([&](const Pair& pair) { return pair.base == id; }, env);
}

void Agent::Core::on(WiresDone&&, Env&, Effects&) { gathering.no_more_bases(); }

void Agent::Core::on(WireLost&& event, Env& env, Effects& out) {
  std::erase(wires, event.wire);
  relays.forget_stream(event.wire);
  for (const auto relay : relays.on_wire(event.wire)) lose_relay(relay, env, out);
  std::vector<BaseId> lost;
  for (const auto& base : local.bases())
    if (base.wire == event.wire) lost.push_back(base.id);
  for (const auto base : lost) lose_base(base, env, out);
  pair_loopback(env);
}

void Agent::Core::on(StunServer&& event, Env&, Effects&) {
  gathering.server_named(event.address, local.bases());
}

void Agent::Core::on(ServersDone&&, Env&, Effects&) { gathering.no_more_servers(); }

void Agent::Core::on(RemoteCredentials&& event, Env& env, Effects& out) {
  if (now.theirs && now.theirs->ice == event.ice) return;
  if (now.theirs || over) {
    begin_generation(Identity(now.ours.ice), Identity(std::move(event.ice)));
    remote_restarted = true;
  } else {
    now.theirs.emplace(std::move(event.ice));
  }
  wait_for_verdict(env);
  replay_early(env, out);
}

void Agent::Core::wait_for_verdict(Env& env) {
  verdict_not_before = now.theirs ? std::optional(env.now + least_wait) : std::nullopt;
  verdict_at_latest = env.now + (now.theirs ? longest_wait : longest_silence);
}

void Agent::Core::on(RemoteCandidate&& event, Env& env, Effects& out) {
  if (over && !remote_restarted) return;
  const auto address = Endpoint::parse(event.candidate.address, event.candidate.port);
  if (!address || !address->port() || address->is_unspecified()) return;
  // Whose connection it is local to, nobody could say.
  if (address->family() == Endpoint::Family::v6 && address->is_link_local()) return;
  const auto news = remotes.add(event.candidate, *address);
  if (news == News::known_now) {
    checklist.reorder(local, remotes, controlling);
    renew_relayed(env, out);
  }
  if (news != News::added && news != News::known_now) return;
  // One that its checks have shown is paired so far with the base that they came to.
  const auto& remote = *remotes.find(*address);
  for (const auto& base : local.bases())
    if (worth_pairing(base, remote)) pair_up(base, remote, env);
  // Not everybody says that there will be no more. An address that comes once there is a path is a
  // new one then, or does no harm.
  if (remotes_done || remote.type == wire::sdp::CandidateType::host)
    check_late_pairs([&](const Pair& pair) { return pair.remote == *address; }, env);
}

void Agent::Core::on(RemoteCandidatesDone&&, Env&, Effects&) { remotes_done = true; }

void Agent::Core::on(Restart&& event, Env& env, Effects& out) {
  if (remote_restarted) {
    now.ours = Identity(std::move(event.ice));
    remote_restarted = false;
  } else {
    begin_generation(Identity(std::move(event.ice)), std::nullopt);
  }
  wait_for_verdict(env);
  gathering_told = false;
  announce_from(0, out);
  gathering.begin_anew(local.bases());
  if (std::exchange(over, false)) begun(relays.begin_anew(local.bases(), env), env, out);
}

/// The selected path lives on, with the credentials that it was checked with.
void Agent::Core::begin_generation(Identity ours, std::optional<Identity> theirs) {
  const auto number = now.number + 1;
  if (!selected)
    before.reset();
  else if (selected->generation == now.number)
    before = std::move(now);
  now = Generation{number, std::move(ours), std::move(theirs)};
  transactions.remove_checks();
  checklist.clear();
  remotes.clear();
  remotes_done = false;
  nomination = nomination::Watching{};
}

const Generation* Agent::Core::generation(std::uint32_t number) const {
  if (number == now.number) return &now;
  return before && before->number == number ? &*before : nullptr;
}

// ---- what follows -------------------------------------------------------------------------------

void Agent::Core::advance(Env& env, Effects& out) {
  if (over) return;
  resend(env, out);
  tick_relays(env, out);
  ask_relays(env, out);
  watch_consent(env, out);
  if (selected) feed(path_mtu::Tick{}, env, out);
  nominate(env, out);
  keep_spares(env);
  start_what_may(env, out);
  ask_relays(env, out);
  finish_gathering(env, out);
  judge(env, out);
}

/// When it is decided that there is no path. Nothing while there is one.
std::optional<TimePoint> Agent::Core::verdict_at() const {
  if (over || (selected && !before)) return std::nullopt;
  const bool hopeless = gathering_told && remotes_done && now.theirs && !checklist.pending() &&
                        std::none_of(checklist.pairs().begin(), checklist.pairs().end(),
                                     [](const Pair& p) { return p.is<pair::Succeeded>(); });
  return hopeless ? verdict_not_before : verdict_at_latest;
}

void Agent::Core::judge(Env& env, Effects& out) {
  const auto at = verdict_at();
  if (over || !at || env.now < *at) return;
  if (!selected) return fail(Failed::Why::no_pair, env, out);
  // The restart came to nothing. What was selected is still as good as it was.
  transactions.remove_checks();
  checklist.clear();
  verdict_at_latest.reset();
  verdict_not_before.reset();
}

void Agent::Core::fail(Failed::Why why, Env& env, Effects& out) {
  over = true;
  selected.reset();
  doubt_told = false;
  give_back_relays(env, out);
  transactions.clear();
  checklist.clear();
  remotes.clear();
  early.clear();
  gathering.stop();
  before.reset();
  out.emplace_back(Failed{why});
}

std::optional<TimePoint> Agent::Core::deadline() const {
  if (over) return std::nullopt;
  auto first = fsm::earlier(transactions.deadline(), verdict_at());
  if (selected) {
    first = fsm::earlier(first, fsm::deadline_of(selected->consent));
    first = fsm::earlier(first, fsm::deadline_of(selected->mtu));
  }
  if (controlling) first = fsm::earlier(first, fsm::deadline_of(nomination));
  for (const auto& pair : checklist.pairs())
    if (pair.keep_alive_at) first = fsm::earlier(first, std::max(*pair.keep_alive_at, pace_at));
  first = fsm::earlier(first, relays.deadline());
  if (!gathering_told) first = fsm::earlier(first, relays_until);
  if (has_work()) first = fsm::earlier(first, pace_at);
  return first;
}

void Agent::close(Env& env, Effects& effects) {
  auto& core = *core_;
  core.over = true;
  core.selected.reset();
  core.give_back_relays(env, effects);
  core.transactions.clear();
  core.checklist.clear();
  core.remotes.clear();
  core.early.clear();
  core.gathering.stop();
  core.wires.clear();
}

}  // namespace culver::ice
