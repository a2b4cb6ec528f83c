// The messages that the states of ice/turn send, and what they read from the answers.
#pragma once

#include "core/ice/turn.hpp"

namespace culver::ice::turn {

wire::stun::Message new_message(wire::stun::Class kind, wire::stun::Method method, Rng& rng);
inline wire::stun::Message request_message(wire::stun::Method method, Rng& rng) {
  return new_message(wire::stun::Class::request, method, rng);
}
/// 0 seconds give the allocation back.
wire::stun::Message refresh_message(std::optional<std::uint32_t> lifetime, Rng& rng);

inline bool is_answer(const wire::stun::Message& message) {
  return message.kind == wire::stun::Class::success || message.kind == wire::stun::Class::error;
}
inline bool is_error(const wire::stun::Message& message, std::uint16_t code) {
  return message.kind == wire::stun::Class::error && message.error && message.error->code == code;
}

struct Lifetime {
  Duration renewal, end;
};
/// Renewed a minute before the end, or after half of a short lifetime. Nothing: a lifetime of 0,
/// with which the allocation would have to be refreshed without a pause.
std::optional<Lifetime> lifetime_of(const wire::stun::Message& message);

inline Closed lost(Fault fault, Effects& effects) {
  effects.push_back(Lost{fault});
  return {};
}

}  // namespace culver::ice::turn
