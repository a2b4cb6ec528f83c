// The handlers of attempt.hpp.
#include "core/signaling/attempt.hpp"

namespace culver::signaling {
namespace {

void respond(const PairingCode& to, bool accepted, PairingEffects& effects) {
  effects.push_back(SendMessage{wire::signaling::PairResponse{to, accepted}});
}

/// The key of a match must be the one that the peer asked with, where it did.
void conclude(const PairingCode& peer, const std::optional<PublicKey>& expected, const Match& match,
              Crossing crossing, std::optional<Plaintext> name, PairingEffects& effects) {
  if (expected && *expected != match.key)
    effects.push_back(Failed{peer, Fault::key_mismatch});
  else
    effects.push_back(Matched{peer, match.key, match.initiator, crossing, std::move(name)});
}

}  // namespace

// ---- Asking -------------------------------------------------------------------------------------

OneOf<Asking> Asking::on(Crossed&& crossed, PairingContext&, PairingEffects& effects) && {
  respond(target, true, effects);
  key = crossed.key;
  proposed_name = std::move(crossed.proposed_name);
  return std::move(*this);
}

OneOf<Settled> Asking::on(Match&& match, PairingContext&, PairingEffects& effects) && {
  conclude(target, key, match, key ? Crossing::first : Crossing::none, std::move(proposed_name),
           effects);
  return Settled{};
}

OneOf<Settled> Asking::on(Ended&& ended, PairingContext&, PairingEffects& effects) && {
  effects.push_back(Failed{target, ended.fault});
  return Settled{};
}

OneOf<Asking, Settled> Asking::on(Tick&&, PairingContext& context, PairingEffects& effects) && {
  if (context.now < deadline) return std::move(*this);
  effects.push_back(Failed{target, Fault::pair_expired});
  return Settled{};
}

// ---- Undecided ----------------------------------------------------------------------------------

OneOf<Accepted, Declined> Undecided::on(Answer&& answer, PairingContext& context,
                                        PairingEffects& effects) && {
  respond(from, answer.accepted, effects);
  const TimePoint end = context.now + match_time;
  if (answer.accepted) return Accepted{from, key, std::move(proposed_name), end};
  return Declined{from, key, end};
}

OneOf<Settled> Undecided::on(Ended&&, PairingContext&, PairingEffects& effects) && {
  effects.push_back(Withdrawn{from});
  return Settled{};
}

OneOf<Undecided, Settled> Undecided::on(Tick&&, PairingContext& context,
                                        PairingEffects& effects) && {
  if (context.now < deadline) return std::move(*this);
  effects.push_back(Withdrawn{from});
  return Settled{};
}

// ---- Accepted -----------------------------------------------------------------------------------

OneOf<Settled> Accepted::on(Match&& match, PairingContext&, PairingEffects& effects) && {
  conclude(from, key, match, Crossing::none, std::move(proposed_name), effects);
  return Settled{};
}

/// A server says of a request that its asking side has withdrawn that nobody answered; we did.
OneOf<Settled> Accepted::on(Ended&& ended, PairingContext&, PairingEffects& effects) && {
  const bool is_withdrawn = ended.fault == Fault::pair_expired;
  effects.push_back(Failed{from, is_withdrawn ? Fault::pair_left : ended.fault});
  return Settled{};
}

/// A server answers an acceptance at once; where it does not, the asking side had left before.
OneOf<Accepted, Settled> Accepted::on(Tick&&, PairingContext& context, PairingEffects& effects) && {
  if (context.now < deadline) return std::move(*this);
  effects.push_back(Failed{from, Fault::pair_left});
  return Settled{};
}

// ---- Declined -----------------------------------------------------------------------------------

OneOf<Settled> Declined::on(Ended&&, PairingContext&, PairingEffects&) && { return Settled{}; }

OneOf<Declined, Settled> Declined::on(Tick&&, PairingContext& context, PairingEffects&) && {
  if (context.now < deadline) return std::move(*this);
  return Settled{};
}

}  // namespace culver::signaling
