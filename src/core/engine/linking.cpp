// The handlers of linking.hpp.
#include "core/engine/linking.hpp"

#include <algorithm>

#include "core/wire/gateway.hpp"

namespace culver::engine::linking {
namespace {

namespace gateway = wire::gateway;

Over fail_with(Fault fault, Effects& effects) {
  effects.emplace_back(Failed{fault});
  return {};
}

template <class State>
OneOf<State, Over> tick(State&& state, Fault too_late, const Context& context, Effects& effects) {
  if (context.env.now < state.deadline) return std::move(state);
  return fail_with(too_late, effects);
}

CodeCame event_of(const gateway::PairingInitiated& message, const LinkCode& code) {
  using std::chrono::milliseconds;
  const auto longest = std::chrono::duration_cast<milliseconds>(longest_offer).count();
  const auto time = std::min(message.expires_in_ms, static_cast<std::uint64_t>(longest));
  return {code, milliseconds(time)};
}

}  // namespace

// ---- Asking -------------------------------------------------------------------------------------

OneOf<Offering> Asking::on(CodeCame&& came, Context& context, Effects& effects) && {
  effects.emplace_back(Offered{came.code, came.time});
  return Offering{context.env.now + came.time};
}

OneOf<Over> Asking::on(Refused&& refused, Context&, Effects& effects) && {
  return fail_with(refused.fault, effects);
}

OneOf<Asking, Over> Asking::on(Tick&&, Context& context, Effects& effects) && {
  return tick(std::move(*this), Fault::server_silent, context, effects);
}

// ---- Offering -----------------------------------------------------------------------------------

OneOf<Over> Offering::on(DeviceCame&& came, Context&, Effects& effects) && {
  effects.emplace_back(Joined{came.device});
  return Over{};
}

/// Of a code that is shown, only one thing can be refused: that it is good any longer.
OneOf<Offering, Over> Offering::on(Refused&& refused, Context&, Effects& effects) && {
  if (refused.fault != Fault::link_code_burnt) return std::move(*this);
  return fail_with(refused.fault, effects);
}

OneOf<Offering, Over> Offering::on(Tick&&, Context& context, Effects& effects) && {
  return tick(std::move(*this), Fault::link_code_unused, context, effects);
}

// ---- Spending -----------------------------------------------------------------------------------

OneOf<Over> Spending::on(AccountCame&& came, Context&, Effects& effects) && {
  effects.emplace_back(Entered{came.account});
  return Over{};
}

OneOf<Over> Spending::on(Refused&& refused, Context&, Effects& effects) && {
  return fail_with(refused.fault, effects);
}

OneOf<Spending, Over> Spending::on(Tick&&, Context& context, Effects& effects) && {
  return tick(std::move(*this), Fault::server_silent, context, effects);
}

// ---- beginning and reading ----------------------------------------------------------------------

Begun offer(const Env& env) {
  return {Asking{env.now + answer_time}, print(gateway::InitiatePairing{})};
}

Begun spend(const LinkCode& code, const Env& env) {
  return {Spending{env.now + answer_time},
          print(gateway::CompletePairing{std::string(code.text())})};
}

std::optional<Event> read(std::string_view frame) {
  auto message = gateway::parse_linking(frame);
  if (!message) return std::nullopt;
  return std::visit(fsm::overload{[](const gateway::PairingInitiated& m) -> std::optional<Event> {
                                    const auto code = LinkCode::parse(m.code);
                                    if (!code) return std::nullopt;
                                    return event_of(m, *code);
                                  },
                                  [](const gateway::PairingCompleted& m) -> std::optional<Event> {
                                    return AccountCame{m.linked_user};
                                  },
                                  [](const gateway::PairingFailed& m) -> std::optional<Event> {
                                    return Refused{m.fault};
                                  },
                                  [](const gateway::DevicePaired& m) -> std::optional<Event> {
                                    return DeviceCame{m.device};
                                  }},
                    *message);
}

}  // namespace culver::engine::linking
