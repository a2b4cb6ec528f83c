// What must hold of a hub after every step, whatever came before. Shared by the random schedules
// and the fuzz target.
#pragma once

#include <algorithm>
#include <string>

#include "core/relay/hub.hpp"

namespace culver::relay {

/// Empty, or the sentence that does not hold.
inline std::string broken_slots(const Hub& hub) {
  std::size_t live = 0;
  for (const auto& [code, data] : hub.registry().claims()) {
    if (!data.socket) continue;  // parked; counted below, each with its deadline
    ++live;
    const auto* state = hub.state_of(*data.socket);
    const auto* registered = state ? std::get_if<session::Registered>(state) : nullptr;
    if (!registered) return "a code points to a dead socket";
    if (registered->code != code || owner_of(registered->claimant) != data.owner)
      return "a code points to a socket that holds another code";
  }
  if (live + hub.registry().parked() != hub.registry().claims().size())
    return "parked codes are miscounted";
  if (hub.registry().parked() > hub.limits().connections) return "too many parked codes";
  if (live > hub.sockets()) return "more codes than sockets";
  return {};
}

inline std::string broken_book(const Hub& hub) {
  const auto& book = hub.book();
  for (const auto& [route, request] : book.requests()) {
    if (!hub.registry().socket_of(route.requester)) return "the requester of a request is gone";
    if (!hub.registry().socket_of(route.target)) return "the target of a request is gone";
    if (route.requester == route.target) return "a code asked itself";
    if (book.requests().contains({route.target, route.requester})) return "crossing requests";
    if (book.waiting_for(route.target) > hub.limits().pending_per_target)
      return "too many requests wait for one target";
    const auto of_address = std::ranges::count_if(
        book.requests(), [&target = route.target, &from = request.from](const auto& other) {
          return other.first.target == target && other.second.from == from;
        });
    const auto room = hub.limits().pending_per_target_and_address;
    if (!request.from.empty() && static_cast<std::size_t>(of_address) > room)
      return "too many requests of one address wait for one target";
  }
  for (const auto& [code, partners] : book.matches()) {
    if (!hub.registry().find(code)) return "a match of a code that nobody holds";
    if (partners.empty() || partners.contains(code)) return "an empty or a reflexive match";
    for (const auto& partner : partners)
      if (!book.matched(partner, code)) return "a match from one side only";
  }
  return {};
}

inline std::string broken_devices(const Hub& hub) {
  std::size_t listed = 0;
  for (const auto& [id, socket] : hub.devices().sockets()) {
    const auto* state = hub.session_of(socket);
    const auto* data = state ? device_session::data_of(*state) : nullptr;
    if (!data) return "a device is listed that is not there";
    if (data->device != id) return "a device is listed by the socket of another";
    for (const auto& session : hub.devices().sessions_of(data->user))
      listed += session.device == id && session.socket == socket ? 1 : 0;
    if (data->unanswered > hub.limits().unanswered_events) return "too many unanswered events";
  }
  if (listed != hub.devices().size()) return "a device is not listed with its account, or twice";
  if (hub.counters().handshakes_under_way > hub.limits().handshakes)
    return "too many handshakes under way";
  if (hub.link_codes().size() + hub.link_codes().requests().size() > hub.limits().link_codes)
    return "too many link codes";
  return {};
}

inline std::string broken_link_requests(const Hub& hub) {
  const auto& requests = hub.link_codes().requests();
  std::size_t waiting = 0;
  for (const auto& [device, socket] : hub.devices().sockets())
    waiting += std::holds_alternative<device_session::AwaitingConsent>(*hub.session_of(socket));
  if (waiting != requests.size())
    return "devices wait to be let in by nobody, or questions are of nobody";
  for (const auto& request : requests) {
    const auto* joining = hub.session_of(request.joining);
    if (!joining || !std::holds_alternative<device_session::AwaitingConsent>(*joining))
      return "a question is about somebody who does not wait";
    const auto* asked = hub.session_of(request.asked);
    const auto* data = asked ? device_session::data_of(*asked) : nullptr;
    if (!data || data->user != request.to) return "somebody is asked who is not in the account";
  }
  return {};
}

inline std::string broken_rendezvous(const Hub& hub) {
  const auto& rendezvous = hub.rendezvous();
  const auto& limits = hub.limits();
  for (const auto& [token, there] : rendezvous.live().entries())
    for (const auto& [code, kept] : there) {
      const auto* data = hub.registry().find(code);
      if (!data || !data->socket) return "a token of somebody who is gone";
      if (data->owner.key != kept.value.key) return "a token under another key than its code";
    }
  if (rendezvous.live().size() > limits.rendezvous_tokens.values) return "too many tokens";
  if (rendezvous.drops().size() > limits.dead_drops.values) return "too many dead drops";
  if (rendezvous.drops().bytes() > limits.dead_drops.bytes) return "too large dead drops";
  return {};
}

inline std::string broken(const Hub& hub) {
  if (hub.sockets() > hub.limits().connections) return "too many connections";
  if (hub.addresses().size() > hub.limits().addresses + hub.limits().connections)
    return "too many addresses";
  if (auto broken = broken_slots(hub); !broken.empty()) return broken;
  if (auto devices = broken_devices(hub); !devices.empty()) return devices;
  if (auto requests = broken_link_requests(hub); !requests.empty()) return requests;
  if (auto rendezvous = broken_rendezvous(hub); !rendezvous.empty()) return rendezvous;
  return broken_book(hub);
}

}  // namespace culver::relay
