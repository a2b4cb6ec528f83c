// The handlers of lookup.hpp.
#include "core/signaling/lookup.hpp"

#include "core/signaling/backoff.hpp"

namespace culver::signaling::lookup {
namespace {

unsigned one_more(unsigned failures) {
  return backoff_ceiling(failures) < backoff_cap ? failures + 1 : failures;
}

Looking look(unsigned failures, Effects& effects, const Context& context) {
  effects.emplace_back(Bring{true});
  return Looking{failures, true, context.env.now + again_after};
}

/// Looks again after a while that grows; what was brought stays meanwhile.
Looking retry(unsigned failures, const Context& context) {
  const auto wait = backoff_base + backoff(failures, context.env.rng);
  return Looking{one_more(failures), false, context.env.now + wait};
}

}  // namespace

// ---- Idle ---------------------------------------------------------------------------------------

OneOf<Looking> Idle::on(Reached&&, Context& context, Effects& effects) && {
  return look(failures, effects, context);
}

OneOf<Together> Idle::on(Granted&& granted, Context&, Effects&) && {
  return Together{failures, granted.code};
}

// ---- Looking ------------------------------------------------------------------------------------

OneOf<Looking> Looking::on(Reached&&, Context& context, Effects& effects) && {
  return look(failures, effects, context);
}

OneOf<Idle> Looking::on(Unreached&&, Context&, Effects&) && { return Idle{failures}; }

OneOf<Found> Looking::on(Sighted&& sighted, Context&, Effects&) && {
  return Found{failures, sighted.code};
}

OneOf<Together> Looking::on(Granted&& granted, Context&, Effects&) && {
  return Together{failures, granted.code};
}

OneOf<Looking> Looking::on(Tick&&, Context& context, Effects& effects) && {
  if (context.env.now < deadline) return std::move(*this);
  effects.emplace_back(Bring{!is_again});
  return Looking{failures, false, context.env.now + context.until_turn};
}

// ---- Found --------------------------------------------------------------------------------------

OneOf<Idle> Found::on(Unreached&&, Context&, Effects&) && { return Idle{failures}; }

OneOf<Found> Found::on(Sighted&& sighted, Context&, Effects&) && {
  return Found{failures, sighted.code};
}

OneOf<Asking> Found::on(Turn&&, Context& context, Effects& effects) && {
  effects.emplace_back(AskFor{code});
  return Asking{failures, code, context.env.now + ask_patience};
}

OneOf<Together> Found::on(Granted&& granted, Context&, Effects&) && {
  return Together{failures, granted.code};
}

// ---- Asking -------------------------------------------------------------------------------------

OneOf<Idle> Asking::on(Unreached&&, Context&, Effects&) && { return Idle{failures}; }

/// Under another code it has begun anew, and nobody is left to answer the old one.
OneOf<Asking, Found> Asking::on(Sighted&& sighted, Context&, Effects& effects) && {
  if (sighted.code == code) return std::move(*this);
  effects.emplace_back(LetGo{code});
  return Found{failures, sighted.code};
}

/// Who has refused will refuse again: it is looked for with the next tokens.
OneOf<Looking> Asking::on(AskFailed&& failed, Context& context, Effects&) && {
  if (failed.fault == Fault::pair_refused)
    return Looking{failures, false, context.env.now + context.until_turn};
  return retry(failures, context);
}

OneOf<Together> Asking::on(Granted&& granted, Context&, Effects&) && {
  return Together{failures, granted.code};
}

OneOf<Asking, Looking> Asking::on(Tick&&, Context& context, Effects& effects) && {
  if (context.env.now < deadline) return std::move(*this);
  effects.emplace_back(LetGo{code});
  return retry(failures, context);
}

// ---- Together -----------------------------------------------------------------------------------

OneOf<Together> Together::on(Reached&&, Context&, Effects& effects) && {
  effects.emplace_back(Bring{false});
  return std::move(*this);
}

/// Under another code it has begun anew, and does not have the connection that we still have.
OneOf<Together, Found> Together::on(Sighted&& sighted, Context&, Effects&) && {
  if (sighted.code == code) return std::move(*this);
  return Found{failures, sighted.code};
}

OneOf<Together> Together::on(Granted&& granted, Context&, Effects&) && {
  return Together{failures, granted.code};
}

OneOf<Together> Together::on(Proven&&, Context&, Effects&) && { return Together{0, code}; }

OneOf<Looking, Idle> Together::on(Parted&& parted, Context& context, Effects&) && {
  if (!context.is_reached) return Idle{one_more(failures)};
  switch (parted.how) {
    case Parted::How::lost:
      break;
    case Parted::How::goodbye:
      return Looking{0, false, context.env.now + after_goodbye};
    // Two of ours that fetched it from each other would never end. It looks for us when it is free.
    case Parted::How::sent_away:
      return Looking{failures, false, context.env.now + context.until_turn};
  }
  return retry(failures, context);
}

}  // namespace culver::signaling::lookup
