#include "core/ice/credentials.hpp"

namespace culver::ice {
namespace {

constexpr std::string_view ice_chars =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Unbiased: 256 is a multiple of 64.
template <std::size_t N>
std::string random_ice_chars(Rng& rng) {
  std::string text;
  for (const auto byte : rng.bytes<N>())
    text += ice_chars[std::to_integer<std::size_t>(byte) % ice_chars.size()];
  return text;
}

}  // namespace

wire::sdp::IceCredentials make_credentials(Rng& rng) {
  auto ufrag = random_ice_chars<8>(rng);
  return {std::move(ufrag), random_ice_chars<24>(rng)};
}

std::string username(std::string_view asked, std::string_view asking) {
  return std::string(asked).append(":").append(asking);
}

std::optional<Username> split_username(std::string_view username) {
  const auto colon = username.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return Username{username.substr(0, colon), username.substr(colon + 1)};
}

std::optional<Authentic> verify(const wire::stun::Received& received, const wire::stun::Key& key) {
  if (!received.has_fingerprint || !wire::stun::authentic(received, key)) return std::nullopt;
  return Authentic(received);
}

}  // namespace culver::ice
