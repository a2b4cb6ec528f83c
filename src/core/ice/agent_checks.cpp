// The agent asks: checks, consent and questions to servers, and what their answers mean. RFC 8445
// sections 7.2 and 6.1.4.
#include <algorithm>

#include "core/ice/agent_core.hpp"
#include "core/ice/priority.hpp"

namespace culver::ice {

namespace stun = wire::stun;

// ---- asking -------------------------------------------------------------------------------------

/// Beyond what the peer triggers: while there is no path, or none that is sure, or a relay's.
bool Agent::Core::wants_ordinary() const {
  return !selected || before || selected->relayed || in_doubt();
}

bool Agent::Core::has_work() const {
  return gathering.wants_to_ask() || (now.theirs && checklist.has_next(wants_ordinary()));
}

/// One transaction each 5 ms, the first at once.
void Agent::Core::start_what_may(Env& env, Effects& out) {
  while (env.now >= pace_at && start_one(env, out)) pace_at = env.now + pace;
}

bool Agent::Core::start_one(Env& env, Effects& out) {
  if (now.theirs) {
    for (auto& pair : checklist.pairs())
      if (pair.keep_alive_at && env.now >= *pair.keep_alive_at) {
        pair.keep_alive_at.reset();
        return send_check(pair, false, env, out), true;
      }
    if (auto* pair = checklist.next(wants_ordinary(), env))
      return send_check(*pair, false, env, out), true;
  }
  if (!gathering.wants_to_ask()) return false;
  ask_server(gathering.next(), env, out);
  return true;
}

void Agent::Core::send_check(Pair& pair, bool nominating, Env& env, Effects& out) {
  pair.step(pair::CheckSent{}, env);
  ask(CheckOf{pair.id, nominating}, now, pair.base, pair.remote, nominating, env, out);
}

/// It nominates again: when a NAT has given us another address, the peer sees a new pair, and moves
/// its data there without waiting for the old one to be lost.
void Agent::Core::send_consent_check(Env& env, Effects& out) {
  if (const auto* of = generation(selected->generation))
    ask(ConsentOf{}, *of, selected->base, selected->remote, controlling && of == &now, env, out);
}

/// What every check says. Nothing without a way, or before the peer's credentials.
std::optional<stun::Message> Agent::Core::check_request(const Generation& of, BaseId base,
                                                        Env& env) const {
  const auto* from = local.find(base);
  if (!from || !of.theirs) return std::nullopt;
  stun::Message request{};
  request.kind = stun::Class::request;
  request.method = stun::Method::binding;
  request.id.data = env.rng.bytes<12>();
  request.username = username(of.theirs->ice.ufrag, of.ours.ice.ufrag);
  request.priority = candidate_priority(wire::sdp::CandidateType::peer_reflexive, from->preference);
  (controlling ? request.controlling : request.controlled) = tie_breaker;
  return request;
}

/// What is not sent is as lost as if the network had lost it.
bool Agent::Core::may_send(const Transaction& transaction, Env& env) {
  const auto size = transaction.bytes.size();
  if (std::holds_alternative<QueryOf>(transaction.purpose)) return questions.spend(size, env.now);
  return !std::holds_alternative<CheckOf>(transaction.purpose) ||
         valid_ways.leads_to(transaction.to) || checks.spend(size, env.now);
}

void Agent::Core::ask(Purpose purpose, const Generation& of, BaseId base, const Endpoint& to,
                      bool use_candidate, Env& env, Effects& out) {
  auto request = check_request(of, base, env);
  if (!request) return;
  request->use_candidate = use_candidate;
  auto bytes = stun::print(*request, &of.theirs->key);
  const auto times = std::holds_alternative<ConsentOf>(purpose)
                         ? consent_retransmission()
                         : check_retransmission(checklist.active());
  Transaction made{request->id, purpose, base, to, of.number, controlling, bytes, env.now};
  const bool goes = may_send(made, env);
  transactions.begin(std::move(made), times);
  if (goes) send(base, to, std::move(bytes), env, out);
}

/// A check that is as large as the datagrams that it stands for. It is not repeated: the machine
/// has rounds of its own.
void Agent::Core::send_probe(std::size_t size, Env& env, Effects& out) {
  const auto* of = generation(selected->generation);
  auto request = of ? check_request(*of, selected->base, env) : std::nullopt;
  if (!request) return;
  request->probe_padding = 0;
  const auto bare = stun::print(*request, &of->theirs->key).size();
  request->probe_padding = static_cast<std::uint16_t>(size - bare);
  auto bytes = stun::print(*request, &of->theirs->key);
  transactions.begin({request->id,
                      ProbeOf{size},
                      selected->base,
                      selected->remote,
                      of->number,
                      controlling,
                      {},
                      env.now},
                     consent_retransmission());
  out.emplace_back(Transmit{selected->route.wire, selected->route.to, std::move(bytes), true});
}

/// RFC 8489 section 7: without credentials.
void Agent::Core::ask_server(const Gathering::Query& query, Env& env, Effects& out) {
  stun::Message request{};
  request.kind = stun::Class::request;
  request.method = stun::Method::binding;
  request.id.data = env.rng.bytes<12>();
  auto bytes = stun::print(request, nullptr);
  Transaction made{request.id, QueryOf{},   query.base, query.server,
                   now.number, controlling, bytes,      env.now};
  const bool goes = may_send(made, env);
  transactions.begin(std::move(made), query_retransmission());
  if (goes) send(query.base, query.server, std::move(bytes), env, out);
}

void Agent::Core::resend(Env& env, Effects& out) {
  auto due = transactions.due(env.now);
  for (auto& transaction : due.again)
    if (may_send(transaction, env))
      send(transaction.base, transaction.to, std::move(transaction.bytes), env, out);
  for (const auto& transaction : due.given_up) given_up(transaction, env, out);
}

void Agent::Core::given_up(const Transaction& transaction, Env& env, Effects&) {
  if (const auto* check = std::get_if<CheckOf>(&transaction.purpose)) fail_check(*check, env);
}

void Agent::Core::fail_check(const CheckOf& check, Env& env) {
  auto* pair = checklist.find(check.pair);
  if (!pair) return;
  pair->step(pair::GivenUp{}, env);
  pair->keep_alive_at.reset();
  if (check.nominating) refused(check.pair, env);
}

void Agent::Core::refused(PairId pair, Env& env) {
  nomination::Effects none;
  nomination =
      fsm::step<nomination::Machine>(std::move(nomination), nomination::Refused{pair}, env, none);
}

// ---- what comes ---------------------------------------------------------------------------------

void Agent::Core::on(Received&& event, Env& env, Effects& out) {
  if (over) return;
  const auto* relay = relays.find(event.wire, event.from);
  if (event.channel) {
    const auto way = relay ? unwrap(*relay, event) : std::nullopt;
    if (way) heard(*way, event.bytes, env, out);
    return;
  }
  auto received = stun::parse(event.bytes);
  if (!received) return;
  if (relay && received->message.method != stun::Method::binding)
    return drive(relay->id, turn::FromServer{std::move(*received)}, env, out);
  if (const auto* base = local.host_of(event.wire))
    heard({base->id, event.from}, event.bytes, env, out);
}

void Agent::Core::heard(const Way& way, ByteView bytes, Env& env, Effects& out) {
  const auto received = stun::parse(bytes);
  if (!received || received->message.method != stun::Method::binding) return;
  if (received->message.kind == stun::Class::request) return asked(way, *received, env, out);
  if (received->message.kind != stun::Class::indication) answered(way, *received, env, out);
}

void Agent::Core::answered(const Way& way, const stun::Received& received, Env& env, Effects& out) {
  const auto* known = transactions.find(received.message.id);
  if (!known) return;
  if (std::holds_alternative<QueryOf>(known->purpose)) {
    if (known->base != way.base || known->to != way.from) return;
    const auto query = transactions.take(received.message.id);
    return query_answered(*query, way, received, out);
  }
  // Whoever cannot prove to be the peer has not answered: neither a forged success nor a forged
  // error ends the wait.
  const auto* of = generation(known->generation);
  if (!of || !of->theirs) return;
  const auto authentic = verify(received, of->theirs->key);
  if (!authentic || !received.not_understood.empty()) return;
  const auto transaction = transactions.take(received.message.id);
  answered_check(*transaction, way, *authentic, env, out);
}

void Agent::Core::answered_check(const Transaction& transaction, const Way& way,
                                 const Authentic& authentic, Env& env, Effects& out) {
  const auto& message = authentic.message();
  const bool symmetric = transaction.base == way.base && transaction.to == way.from;
  const bool good = symmetric && message.kind == stun::Class::success && message.mapped;
  if (message.error && message.error->code == stun::role_conflict && symmetric) {
    if (transaction.as_controlling == controlling) {
      switch_role(env);
      tie_breaker = random_number(env.rng);
    }
    const auto* check = std::get_if<CheckOf>(&transaction.purpose);
    if (auto* pair = check ? checklist.find(check->pair) : nullptr) checklist.trigger(*pair, env);
    return;
  }
  if (std::holds_alternative<ConsentOf>(transaction.purpose)) {
    if (good && is_along_selected(transaction)) feed(consent::Answered{}, env, out);
    return;
  }
  if (const auto* probe = std::get_if<ProbeOf>(&transaction.purpose)) {
    if (good && is_along_selected(transaction))
      feed(path_mtu::Answered{probe->size, message.largest_datagram}, env, out);
    return;
  }
  const auto& check = std::get<CheckOf>(transaction.purpose);
  if (!good) return fail_check(check, env);
  auto* pair = checklist.find(check.pair);
  if (!pair) return;
  transactions.quiet(pair->id, env.now);
  pair->round_trip = env.now - transaction.begun;
  pair->step(pair::Answered{env.now}, env);
  const Way answered_way{pair->base, pair->remote};
  const bool is_news = !valid_ways.has(answered_way);
  valid_ways.add(answered_way);
  checklist.thaw_likes_of(*pair, env);
  if (wants_channel(*pair)) want(*pair, true);
  if (check.nominating) feed(nomination::Confirmed{pair->id, is_relayed(*pair)}, env, out);
  if (check.nominating && controlling) select(*pair, env, out);
  if (pair->nomination_open) consider_nomination(*pair, env, out);
  if (is_news && is_ours(answered_way.from)) pair_loopback(env);
}

bool Agent::Core::is_along_selected(const Transaction& transaction) const {
  return selected && selected->base == transaction.base && selected->remote == transaction.to;
}

/// A relay's path that may carry data soon.
bool Agent::Core::wants_channel(const Pair& pair) const {
  return (!selected || selected->relayed || in_doubt() || before) &&
         !route_of(pair.base, pair.remote);
}

/// RFC 8445 section 7.3.1.1. Nominations were made, or heeded, in the other role.
void Agent::Core::switch_role(Env&) {
  controlling = !controlling;
  nomination = nomination::Watching{};
  for (auto& pair : checklist.pairs()) {
    pair.nominated_by_peer.reset();
    pair.nomination_open = false;
  }
  checklist.reorder(local, remotes, controlling);
}

}  // namespace culver::ice
