#include "core/ice/turn_requests.hpp"

#include <algorithm>

namespace culver::ice::turn {

wire::stun::Message new_message(wire::stun::Class kind, wire::stun::Method method, Rng& rng) {
  wire::stun::Message message{};
  message.kind = kind;
  message.method = method;
  message.id.data = rng.bytes<wire::stun::TransactionId::size>();
  return message;
}

wire::stun::Message refresh_message(std::optional<std::uint32_t> lifetime, Rng& rng) {
  auto message = request_message(wire::stun::Method::refresh, rng);
  message.lifetime = lifetime;
  return message;
}

std::optional<Lifetime> lifetime_of(const wire::stun::Message& message) {
  const Duration end =
      std::chrono::seconds(std::min(message.lifetime.value_or(default_lifetime), longest_lifetime));
  if (end == Duration::zero()) return std::nullopt;
  return Lifetime{end > 2min ? end - 1min : end / 2, end};
}

}  // namespace culver::ice::turn
