// draft-uberti-behave-turn-rest-00: the password is the MAC of the name under the shared secret.
#include "core/relay/ice_offer.hpp"

#include "core/crypto/legacy_hash.hpp"
#include "core/wire/base64.hpp"

namespace culver::relay {

std::vector<wire::signaling::IceServer> offered(const IceOffer& offer, SocketId socket,
                                                WallTime now) {
  std::vector<wire::signaling::IceServer> servers;
  if (!offer.stun.empty()) servers.push_back({offer.stun, {}, {}});
  if (offer.turn.empty()) return servers;
  const auto ends = now / 1'000 + std::chrono::seconds(offer.life).count();
  auto name = std::to_string(ends) + ":" + std::to_string(socket.value);
  const auto mac = crypto::hmac_sha1(offer.secret.expose(), {as_bytes(name)});
  servers.push_back({offer.turn, std::move(name), wire::base64::encode(mac.view())});
  return servers;
}

}  // namespace culver::relay
