#include "core/ice/path_mtu.hpp"

namespace culver::ice::path_mtu {

using fsm::OneOf;

namespace {

/// How much one answer proves.
std::size_t proven(const Answered& answer) { return std::min(answer.size, *answer.limit); }

Known settle(std::size_t told, std::size_t found, std::optional<TimePoint> next, Effects& out) {
  if (told != found) out.emplace_back(Told{found});
  return {found, next};
}

}  // namespace

std::size_t told(const Machine::State& state) {
  return std::visit([](const auto& s) { return s.told; }, state);
}

Probing begin(std::size_t told, Env& env) { return {told, base, 0, env.now}; }

Known unprobed(std::size_t told, Effects& effects) {
  return settle(told, base, std::nullopt, effects);
}

OneOf<Probing, Known> Probing::on(Tick&&, Env& env, Effects& out) && {
  if (env.now < deadline) return std::move(*this);
  if (round == rounds) return settle(told, found, env.now + interval, out);
  ++round;
  deadline = env.now + (round == rounds ? last_wait : round_time);
  for (const auto size : sizes)
    if (size > found) out.emplace_back(SendProbe{size});
  return std::move(*this);
}

OneOf<Probing, Known> Probing::on(Answered&& answer, Env& env, Effects& out) && {
  if (!answer.limit) return settle(told, base, std::nullopt, out);
  found = std::max(found, proven(answer));
  const bool is_all = found == largest || *answer.limit <= found;
  if (is_all) return settle(told, found, env.now + interval, out);
  if (found > told) out.emplace_back(Told{told = found});
  return std::move(*this);
}

OneOf<Probing, Known> Known::on(Tick&&, Env& env, Effects& out) && {
  if (!deadline || env.now < *deadline) return std::move(*this);
  return begin(told, env).on(Tick{}, env, out);
}

OneOf<Known> Known::on(Answered&& answer, Env&, Effects& out) && {
  if (!deadline || !answer.limit || proven(answer) <= told) return std::move(*this);
  return settle(told, proven(answer), deadline, out);
}

}  // namespace culver::ice::path_mtu
