// Machines whose states are types: a handler's return type lists its exits, so an illegal
// transition does not compile and the transition table is printed from the types.
//
// A machine M has
//   using State = std::variant<...>;   each with `static constexpr std::string_view name`
//   using Event = std::variant<...>;   likewise
//   using Context = ...;  using Effects = ...;
//   template <class S, class E> static State unexpected(S&&, E&&, Context&, Effects&);
// and a state handles an event by
//   OneOf<Next...> on(Event&&, Context&, Effects&) &&;
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/base/env.hpp"

namespace culver::fsm {

/// The states that a handler may return.
template <class... States>
class OneOf {
 public:
  template <class S>
  requires(std::same_as<std::remove_cvref_t<S>, States> || ...) OneOf(S&& state)
      : state_(std::forward<S>(state)) {}

  template <class Variant>
  Variant into() && {
    return std::visit([](auto&& s) -> Variant { return Variant(std::move(s)); }, std::move(state_));
  }
  /// For tests of one handler: the state if it is this one.
  template <class S>
  S* get_if() {
    return std::get_if<S>(&state_);
  }

  static std::string names() {
    std::string all;
    ((all += (all.empty() ? "" : " | "), all += States::name), ...);
    return all;
  }

 private:
  std::variant<States...> state_;
};

template <class... F>
struct overload : F... {
  using F::operator()...;
};
template <class... F>
overload(F...) -> overload<F...>;

/// One of these: for events that several states handle alike.
template <class E, class... Events>
concept Among = (std::same_as<E, Events> || ...);

/// Who caused an event. A peer must follow the protocol; our own timers and answers may come late.
enum class Origin { peer, ours };

template <class S, class E, class M>
concept Handles = requires(S s, E e, typename M::Context& context, typename M::Effects& effects) {
  std::move(s).on(std::move(e), context, effects);
};

/// Consumes the state, returns the next one. A pair without a handler goes to M::unexpected.
template <class M>
typename M::State step(typename M::State state, typename M::Event event,
                       typename M::Context& context, typename M::Effects& effects) {
  return std::visit(
      [&](auto&& s, auto&& e) -> typename M::State {
        using S = std::remove_cvref_t<decltype(s)>;
        using E = std::remove_cvref_t<decltype(e)>;
        if constexpr (Handles<S, E, M>)
          return std::move(s).on(std::move(e), context, effects).template into<typename M::State>();
        else
          return M::template unexpected<S, E>(std::move(s), std::move(e), context, effects);
      },
      std::move(state), std::move(event));
}

template <class Variant>
std::string_view name_of(const Variant& value) {
  return std::visit(
      [](const auto& v) -> std::string_view { return std::remove_cvref_t<decltype(v)>::name; },
      value);
}

/// A state that waits has a member `deadline`; the others wait for ever.
template <class S>
std::optional<TimePoint> deadline_of_state(const S& state) {
  if constexpr (requires {
                  { state.deadline } -> std::convertible_to<TimePoint>;
                })
    return state.deadline;
  else if constexpr (requires {
                       { state.deadline } -> std::convertible_to<std::optional<TimePoint>>;
                     })
    return state.deadline;
  else
    return std::nullopt;
}

template <class Variant>
std::optional<TimePoint> deadline_of(const Variant& state) {
  return std::visit([](const auto& s) { return deadline_of_state(s); }, state);
}

/// The earlier of two deadlines, where none means never.
inline std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
  if (!a) return b;
  if (!b) return a;
  return *a < *b ? a : b;
}

namespace detail {
template <class M, class S, class E>
std::string row() {
  if constexpr (Handles<S, E, M>) {
    using Next =
        decltype(std::declval<S&&>().on(std::declval<E&&>(), std::declval<typename M::Context&>(),
                                        std::declval<typename M::Effects&>()));
    return "| " + std::string(S::name) + " | " + std::string(E::name) + " | " + Next::names() +
           " |\n";
  } else {
    return {};
  }
}
template <class M, class S, class... E>
std::string rows(std::type_identity<std::variant<E...>>) {
  return (row<M, S, E>() + ...);
}
template <class M, class... S>
std::string table(std::type_identity<std::variant<S...>>) {
  return (rows<M, S>(std::type_identity<typename M::Event>{}) + ...);
}
}  // namespace detail

/// Every transition the types allow, as Markdown; docs/generated/ holds it and a test compares.
template <class M>
std::string table() {
  return "| state | event | next |\n|---|---|---|\n" +
         detail::table<M>(std::type_identity<typename M::State>{});
}

}  // namespace culver::fsm
