// One authenticated device on its socket: Live -> Fetching -> Paused or Live, Live ->
// AwaitingConsent -> Linking or Live, Live -> Linking -> Live, -> Closed. Which message is taken in
// which state is written here and nowhere else.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "core/base/fsm.hpp"
#include "core/relay/device_events.hpp"
#include "core/relay/session_data.hpp"

namespace culver::relay::device_session {

using fsm::OneOf;

struct Live;
struct Fetching;
struct Paused;
struct AwaitingConsent;
struct Linking;

/// Its Close is on the way, or the connection is gone already. It is deaf.
struct Closed {
  static constexpr std::string_view name = "Closed";
};

// For each state that is open: what does not depend on which one it is.

template <class State, class E>
requires Served<E> || Noted<E> OneOf<State> alike(State&& state, E&& event, Context& context,
                                                  Effects& effects) {
  serve(state.data, std::move(event), context, effects);
  return std::move(state);
}
template <class State, class E>
requires Watched<E> || Metered<E> OneOf<State, Closed> alike(State&& state, E&& event,
                                                             Context& context, Effects& effects) {
  if (!outlives(state.data, std::move(event), context, effects)) return Closed{};
  return std::move(state);
}
template <class State, Ending E>
OneOf<Closed> alike(State&& state, E&& event, Context& context, Effects& effects) {
  end(state.data, std::move(event), context, effects);
  return Closed{};
}
template <class E>
concept WithoutInput = Noted<E> || Watched<E> || Ending<E>;
template <class E>
concept Alike = Served<E> || Metered<E> || WithoutInput<E>;

/// Events of the account's other devices are pushed as they come.
struct Live {
  static constexpr std::string_view name = "Live";
  SessionData data;

  OneOf<Live> on(Delivery&&, Context&, Effects&) &&;
  OneOf<Live, Fetching> on(ReplayAsked&&, Context&, Effects&) &&;
  OneOf<Live, AwaitingConsent, Linking> on(CodeCame&&, Context&, Effects&) &&;
  template <Alike E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

/// The store was asked for a page; nothing is pushed, for it will be in this page or a later one.
struct Fetching {
  static constexpr std::string_view name = "Fetching";
  SessionData data;
  gateway::ReplayRequest asked;

  OneOf<Live, Paused, Closed> on(PageCame&&, Context&, Effects&) &&;
  OneOf<Fetching> on(ReplayAsked&&, Context&, Effects&) &&;
  OneOf<Fetching> on(CodeCame&&, Context&, Effects&) &&;
  template <Alike E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

/// A page was sent and there is more; the device has to ask for it before anything is pushed again.
struct Paused {
  static constexpr std::string_view name = "Paused";
  SessionData data;

  OneOf<Paused, Fetching> on(ReplayAsked&&, Context&, Effects&) &&;
  OneOf<Paused> on(CodeCame&&, Context&, Effects&) &&;
  template <Alike E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

/// The device that shows the code is asked whether to let this one in. Until then it is served as
/// it was; nothing is stored of it.
struct AwaitingConsent {
  static constexpr std::string_view name = "AwaitingConsent";
  SessionData data;
  TimePoint deadline;

  OneOf<Live, Linking> on(LetIn&&, Context&, Effects&) &&;
  OneOf<Live> on(TurnedAway&&, Context&, Effects&) &&;
  OneOf<AwaitingConsent, Live, Closed> on(Due&&, Context&, Effects&) &&;
  OneOf<AwaitingConsent> on(Delivery&&, Context&, Effects&) &&;
  OneOf<AwaitingConsent> on(ReplayAsked&&, Context&, Effects&) &&;
  OneOf<AwaitingConsent> on(CodeCame&&, Context&, Effects&) &&;
  template <Alike E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

/// The store was asked to move the device into another account. It wants no input: which account a
/// message is for is not known before the answer.
struct Linking {
  static constexpr std::string_view name = "Linking";
  SessionData data;

  OneOf<Live, Closed> on(LinkAnswered&&, Context&, Effects&) &&;
  OneOf<Linking> on(Delivery&&, Context&, Effects&) &&;
  template <WithoutInput E>
  auto on(E&& event, Context& context, Effects& effects) && {
    return alike(std::move(*this), std::move(event), context, effects);
  }
};

struct Machine {
  using State = std::variant<Live, Fetching, Paused, AwaitingConsent, Linking, Closed>;
  using Event = device_session::Event;
  using Context = device_session::Context;
  using Effects = relay::Effects;

  /// Answers that come late, events that a page will bring, and whatever a closed session hears.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Context&, Effects&) {
    return State(std::move(state));
  }
};

/// False while the store is asked where the device belongs: hold frames back, in order.
bool wants_input(const Machine::State& state);
std::optional<TimePoint> deadline_of(const Machine::State& state, const Limits& limits);
/// Null once it is closed.
const SessionData* data_of(const Machine::State& state);

}  // namespace culver::relay::device_session
