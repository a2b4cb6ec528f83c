// How the transport's failures look to the connection machine.
#include "core/connection/connection.hpp"

namespace culver::connection {
namespace {

/// SCTP can fail only once it has been started.
bool has_sctp(const Machine::State& state) {
  return std::holds_alternative<Opening>(state) || std::holds_alternative<Proving>(state) ||
         std::holds_alternative<Confirming>(state);
}
bool is_past_proof(const Machine::State& state) { return is_up(state) || is_ending(state); }

}  // namespace

bool is_closed(const Machine::State& state) { return std::holds_alternative<Closed>(state); }
bool is_up(const Machine::State& state) {
  return is_secured(state) || std::holds_alternative<Unproven>(state);
}
bool needs_server(const Machine::State& state) {
  const bool is_refusing = std::holds_alternative<Refusing>(state);
  return is_refusing || (!is_past_proof(state) && !is_closed(state));
}
bool is_ending(const Machine::State& state) {
  return std::holds_alternative<Parting>(state) || std::holds_alternative<Leaving>(state) ||
         std::holds_alternative<Refusing>(state);
}
bool is_secured(const Machine::State& state) { return std::holds_alternative<Secured>(state); }

bool is_offering(const Machine::State& state) {
  return std::holds_alternative<Gathering>(state) || std::holds_alternative<Offering>(state);
}

bool is_awaiting_offer(const Machine::State& state) {
  return std::holds_alternative<Awaiting>(state);
}

std::optional<Machine::Event> event_of(TransportEvent event, const Machine::State& state) {
  return std::visit(
      fsm::overload{
          [&](PathFailed&&) -> std::optional<Machine::Event> {
            return Abandon{is_past_proof(state) ? Fault::peer_gone : Fault::ice_failed};
          },
          [&](DtlsFailed&&) -> std::optional<Machine::Event> {
            return Abandon{Fault::dtls_failed};
          },
          [&](TransportClosed&& closed) -> std::optional<Machine::Event> {
            if (is_past_proof(state)) return Machine::Event{closed};
            return Abandon{has_sctp(state) ? Fault::sctp_failed : Fault::peer_gone};
          },
          [](GatheringDone&&) -> std::optional<Machine::Event> { return std::nullopt; },
          [](auto&& other) -> std::optional<Machine::Event> {
            return Machine::Event{std::move(other)};
          },
      },
      std::move(event));
}

}  // namespace culver::connection
