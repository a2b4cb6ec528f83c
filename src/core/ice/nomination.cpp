#include "core/ice/nomination.hpp"

#include <algorithm>
#include <chrono>

namespace culver::ice::nomination {

using fsm::OneOf;
using namespace std::chrono_literals;

Duration patience(Duration round_trip, bool relayed) {
  if (relayed) return std::clamp<Duration>(3 * round_trip, 200ms, 500ms);
  return std::clamp<Duration>(2 * round_trip, 50ms, 150ms);
}

OneOf<Settling, Nominating> Watching::on(BestValid&& best, Env& env, Effects& out) && {
  if (!best.settled) return Settling{env.now + best.patience};
  out.emplace_back(Nominate{best.pair});
  return Nominating{best.pair};
}

OneOf<Settling, Nominating> Settling::on(BestValid&& best, Env& env, Effects& out) && {
  deadline = std::min(deadline, env.now + best.patience);
  if (!best.settled && env.now < deadline) return std::move(*this);
  out.emplace_back(Nominate{best.pair});
  return Nominating{best.pair};
}

OneOf<Watching> Settling::on(NoneValid&&, Env&, Effects&) && { return Watching{}; }
OneOf<Watching> Settling::on(PathLost&&, Env&, Effects&) && { return Watching{}; }

OneOf<Nominating, Nominated> Nominating::on(Confirmed&& event, Env&, Effects&) && {
  if (event.pair != pair) return std::move(*this);
  return Nominated{event.relayed};
}

OneOf<Nominating, Watching> Nominating::on(Refused&& event, Env&, Effects&) && {
  if (event.pair != pair) return std::move(*this);
  return Watching{};
}

OneOf<Watching> Nominating::on(PathLost&&, Env&, Effects&) && { return Watching{}; }

OneOf<Nominated, Nominating> Nominated::on(BestValid&& best, Env&, Effects& out) && {
  if (!relayed || best.relayed) return std::move(*this);
  out.emplace_back(Nominate{best.pair});
  return Nominating{best.pair};
}

OneOf<Nominated> Nominated::on(FoundRelayed&&, Env&, Effects&) && { return Nominated{true}; }

OneOf<Watching> Nominated::on(PathLost&&, Env&, Effects&) && { return Watching{}; }

}  // namespace culver::ice::nomination
