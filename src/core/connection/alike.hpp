// What several states of a connection do alike, whichever one it is. A state names the events of
// which that is so, and each has here its one handler.
#pragma once

#include <utility>

#include "core/connection/context.hpp"
#include "core/connection/exits.hpp"
#include "core/connection/restart.hpp"
#include "core/connection/signals.hpp"

namespace culver::connection {

using fsm::Among;

/// The end, whatever the connection was doing.
template <class State>
fsm::OneOf<Closed> alike(State&&, Abandon&& abandon, Context&, Effects& out) {
  return close(abandon.fault, out);
}
/// Too late; `State::late` says for what.
template <class State>
fsm::OneOf<Closed> alike(State&&, Tick&&, Context&, Effects& out) {
  return close(State::late, out);
}
template <class State>
fsm::OneOf<State> alike(State&& state, LocalCandidate&& local, Context&, Effects& out) {
  trickle(local.candidate, out);
  return std::move(state);
}
/// Another path than the one before.
template <class State>
fsm::OneOf<State> alike(State&& state, PathReady&& ready, Context&, Effects&) {
  state.path = ready.path;
  return std::move(state);
}

/// Before there is a session; in one it is the restart's.
template <class State>
requires requires(State& state) { state.candidates; }
fsm::OneOf<State> alike(State&& state, RemoteCandidate&& remote, Context& context, Effects& out) {
  state.candidates = sort(std::move(state.candidates), std::move(remote), context.env, out);
  return std::move(state);
}
/// What a restart of ICE alone has to know.
template <class State, Among<RemoteCandidate, LocalDescription, RemoteDescription, SignalingBack> E>
requires requires(State& state) { state.session; }
fsm::OneOf<State> alike(State&& state, E&& event, Context& context, Effects& out) {
  state.session.restarted(std::move(event), context, out);
  return std::move(state);
}

}  // namespace culver::connection
