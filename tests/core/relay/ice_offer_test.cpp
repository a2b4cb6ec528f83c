#include "core/relay/ice_offer.hpp"

#include <gtest/gtest.h>

namespace culver::relay {
namespace {

constexpr WallTime now = 1'700'000'000'999;

TEST(IceOffer, SaysNothingWhereThereIsNothing) {
  EXPECT_TRUE(offered(IceOffer{}, SocketId{1}, now).empty());
}

TEST(IceOffer, NamesWhenItEndsAndProvesThatTheServerSaidSo) {
  IceOffer offer{{"stun:h"}, {"turn:h", "turns:h"}, SecretBytes(as_bytes("north")), {}};
  offer.life = std::chrono::minutes(10);
  const auto servers = offered(offer, SocketId{7}, now);
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0], (wire::signaling::IceServer{{"stun:h"}, {}, {}}));
  EXPECT_EQ(servers[1].urls, offer.turn);
  EXPECT_EQ(servers[1].username, "1700000600:7");
  // printf 1700000600:7 | openssl dgst -sha1 -hmac north -binary | base64
  EXPECT_EQ(servers[1].credential, "L0yC7/asGQikCAeB+RbDnSboTiI=");
}

}  // namespace
}  // namespace culver::relay
