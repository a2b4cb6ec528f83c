#include "core/ice/consent.hpp"

#include <algorithm>

namespace culver::ice::consent {

using fsm::OneOf;

Fresh begin(Env& env, TimePoint answered) {
  const std::chrono::duration<double> wait = interval * (0.8 + 0.4 * env.rng.unit());
  return {answered, env.now + std::chrono::duration_cast<Duration>(wait)};
}

Unproven begin_unproven(Duration time, Env& env, Effects& effects) {
  effects.emplace_back(SendCheck{});
  return {env.now, time, 0, env.now + time};
}

namespace {

Unproven ask_here(const PeerElsewhere& event, Env& env, Effects& effects) {
  auto asked = begin_unproven(event.patience, env, effects);
  asked.questions = elsewhere_questions - 1;
  return asked;
}

}  // namespace

std::optional<Grave> grave_doubt(const Machine::State& state) {
  if (const auto* cut = std::get_if<Cut>(&state)) return Grave{cut->since, cut->heard, true};
  const auto* doubtful = std::get_if<Doubtful>(&state);
  if (!doubtful) return std::nullopt;
  const bool is_long = doubtful->unanswered >= grave_unanswered;
  if (!is_long && !doubtful->unproven) return std::nullopt;
  return Grave{doubtful->since, doubtful->answered, is_long};
}

OneOf<Unproven, Doubtful> Unproven::on(Tick&&, Env& env, Effects& out) && {
  if (env.now < deadline) return std::move(*this);
  out.emplace_back(SendCheck{});
  if (questions > 0) {
    --questions;
    deadline = env.now + patience;
    return std::move(*this);
  }
  out.emplace_back(Doubt{});
  return Doubtful{since, since, 2, env.now + doubtful_interval, true};
}

OneOf<Fresh> Unproven::on(Answered&&, Env& env, Effects&) && { return begin(env, env.now); }

OneOf<Cut> Unproven::on(SocketGone&&, Env& env, Effects& out) && {
  out.emplace_back(Doubt{});
  return Cut{env.now, since, since + expiry};
}

OneOf<Unproven> Fresh::on(PeerElsewhere&& event, Env& env, Effects& out) && {
  return ask_here(event, env, out);
}

OneOf<Fresh, Asked> Fresh::on(Tick&&, Env& env, Effects& out) && {
  if (env.now < deadline) return std::move(*this);
  out.emplace_back(SendCheck{});
  return Asked{answered, env.now + patience};
}

OneOf<Fresh> Fresh::on(Answered&&, Env& env, Effects&) && { return begin(env, env.now); }

OneOf<Cut> Fresh::on(SocketGone&&, Env& env, Effects& out) && {
  out.emplace_back(Doubt{});
  return Cut{env.now, env.now, env.now + expiry};
}

OneOf<Asked, Doubtful> Asked::on(Tick&&, Env& env, Effects& out) && {
  if (env.now < deadline) return std::move(*this);
  out.emplace_back(SendCheck{});
  out.emplace_back(Doubt{});
  return Doubtful{answered, env.now, 1, env.now + doubtful_interval};
}

OneOf<Fresh> Asked::on(Answered&&, Env& env, Effects&) && { return begin(env, env.now); }

OneOf<Cut> Asked::on(SocketGone&&, Env& env, Effects& out) && {
  out.emplace_back(Doubt{});
  return Cut{env.now, env.now, env.now + expiry};
}

OneOf<Unproven> Asked::on(PeerElsewhere&& event, Env& env, Effects& out) && {
  return ask_here(event, env, out);
}

OneOf<Doubtful, Lost> Doubtful::on(Tick&&, Env& env, Effects& out) && {
  if (env.now < deadline) return std::move(*this);
  ++unanswered;
  if (unanswered >= fewest_unanswered && env.now >= answered + expiry) return Lost{since};
  out.emplace_back(SendCheck{});
  deadline = env.now + doubtful_interval;
  return std::move(*this);
}

OneOf<Fresh> Doubtful::on(Answered&&, Env& env, Effects&) && { return begin(env, env.now); }

OneOf<Cut> Doubtful::on(SocketGone&&, Env& env, Effects& out) && {
  out.emplace_back(Doubt{});
  return Cut{env.now, since, since + expiry};
}

OneOf<Cut, Lost> Cut::on(Tick&&, Env& env, Effects&) && {
  if (env.now < deadline) return std::move(*this);
  return Lost{since};
}

}  // namespace culver::ice::consent
