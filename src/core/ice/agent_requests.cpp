// The peer asks: who may, what it is answered, and what its asking tells. RFC 8445 section 7.3.
#include <algorithm>
#include <utility>

#include "core/ice/agent_core.hpp"

namespace culver::ice {

namespace stun = wire::stun;

namespace {

constexpr std::uint16_t bad_request = 400;

stun::Message answer_to(const stun::Message& request, stun::Class kind) {
  stun::Message message{};
  message.kind = kind;
  message.method = stun::Method::binding;
  message.id = request.id;
  return message;
}

/// Without a reason in words: an answer is never longer than what asked for it.
stun::Message refusal(const stun::Message& request, std::uint16_t code) {
  auto message = answer_to(request, stun::Class::error);
  message.error = stun::ErrorCode{code, {}};
  return message;
}

}  // namespace

/// What asks without FINGERPRINT is not ICE, and what cannot prove to be the peer learns no more
/// than RFC 8489 section 9.1.3 has for it. Before the peer's credentials are known it is answered
/// already: our own are enough for that.
void Agent::Core::asked(const Way& way, const stun::Received& received, Env& env, Effects& out) {
  const auto& request = received.message;
  if (!received.has_fingerprint) return;
  if (!request.username || !received.integrity_at)
    return answer(way, received, refusal(request, bad_request), nullptr, env, out);
  const auto names = split_username(*request.username);
  const auto* of = names ? generation_asked(*names) : nullptr;
  const auto authentic = of ? verify(received, of->ours.key) : std::nullopt;
  if (!authentic)
    return answer(way, received, refusal(request, stun::unauthenticated), nullptr, env, out);
  if (!received.not_understood.empty()) {
    auto message = refusal(request, stun::unknown_attribute);
    message.unknown_attributes = received.not_understood;
    return answer(way, received, message, &of->ours.key, env, out);
  }
  if (!request.priority)
    return answer(way, received, refusal(request, bad_request), &of->ours.key, env, out);
  const bool current = of == &now;
  if (current && conflicts(way, *authentic, *of, env, out)) return;
  auto success = answer_to(request, stun::Class::success);
  success.mapped = way.from;
  if (request.probe_padding) success.largest_datagram = path_mtu::largest;
  answer(way, received, success, &of->ours.key, env, out);
  if (current)
    learn(
        {way.base, way.from, *request.priority, request.use_candidate, std::string(names->asking)},
        env, out);
}

/// Ours by the name that is asked; while two share it, the one that knows who asks.
const Generation* Agent::Core::generation_asked(const Username& names) const {
  const Generation* found = nullptr;
  for (const auto* of : {before ? &*before : nullptr, &now}) {
    if (!of || of->ours.ice.ufrag != names.asked) continue;
    const bool knows = of->theirs && of->theirs->ice.ufrag == names.asking;
    if (!found || knows) found = of;
  }
  return found;
}

/// Both in one role: the larger tie-breaker controls. RFC 8445 section 7.3.1.1.
bool Agent::Core::conflicts(const Way& way, const Authentic& authentic, const Generation& of,
                            Env& env, Effects& out) {
  const auto& request = authentic.message();
  const auto& theirs = controlling ? request.controlling : request.controlled;
  if (!theirs) return false;
  const bool we_control = tie_breaker >= *theirs;
  if (we_control != controlling) {
    switch_role(env);
    return false;
  }
  answer(way, authentic.received(), refusal(request, stun::role_conflict), &of.ours.key, env, out);
  return true;
}

/// Who may be anybody (no key) gets so much only, and nobody gets more bytes than it sent: its
/// address may be another's.
void Agent::Core::answer(const Way& way, const stun::Received& request,
                         const stun::Message& message, const stun::Key* key, Env& env,
                         Effects& out) {
  auto bytes = stun::print(message, key);
  if (bytes.size() > request.raw.size()) return;
  if (!key && !refusals.spend(bytes.size(), env.now)) return;
  send(way.base, way.from, std::move(bytes), env, out);
}

/// The peer reaches us along this pair: it may be new to us, and it is worth a check of ours.
void Agent::Core::learn(EarlyRequest request, Env& env, Effects& out) {
  if (!now.theirs || now.theirs->ice.ufrag != request.asking) {
    const auto same = [&](const EarlyRequest& other) {
      return other.base == request.base && other.from == request.from &&
             other.asking == request.asking;
    };
    const auto at = std::find_if(early.begin(), early.end(), same);
    if (at != early.end())
      at->use_candidate = at->use_candidate || request.use_candidate;
    else if (early.size() < early_requests)
      early.push_back(std::move(request));
    return;
  }
  const auto* base = local.find(request.base);
  if (!base || !remotes.add_reflexive(request.from, request.priority)) return;
  auto* pair = checklist.find(request.base, request.from);
  if (!pair) pair = pair_up(*base, *remotes.find(request.from), env);
  if (!pair) return;
  pair->reachable = true;
  const bool is_new_way = !std::exchange(pair->seen, true);
  if (request.use_candidate && !controlling) {
    pair->nominated_by_peer = env.now;
    pair->nomination_open = true;
    if (!route_of(pair->base, pair->remote)) want(*pair, true);
  }
  if (pair->is<pair::Succeeded>()) {
    if (pair->nomination_open) consider_nomination(*pair, env, out);
    return;
  }
  transactions.quiet(pair->id, env.now);
  checklist.trigger(*pair, env);
  if (is_new_way) peer_elsewhere(*pair, env, out);
}

void Agent::Core::replay_early(Env& env, Effects& out) {
  auto requests = std::move(early);
  early.clear();
  for (auto& request : requests)
    if (request.asking == now.theirs->ice.ufrag) learn(std::move(request), env, out);
}

}  // namespace culver::ice
