// Who may ask the agent, and what asking does.
#include "core/ice/path_mtu.hpp"
#include "tests/core/ice/lone_agent_support.hpp"

namespace culver::ice {
namespace {

struct Requests : LoneAgent {};

TEST_F(Requests, AGoodOneIsAnsweredWithIntegrityAndAskedBack) {
  begin(false);
  step(RemoteCredentials{theirs});
  hear(request(true), &our_key);
  ASSERT_TRUE(answered());
  EXPECT_EQ(answered()->mapped, there);
  const auto transmit = effect<Transmit>().value();
  EXPECT_TRUE(stun::authentic(stun::parse(transmit.bytes).value(), our_key));
  EXPECT_EQ(transmit.to, there);
  ASSERT_TRUE(asked()) << "a triggered check, without waiting";
  EXPECT_EQ(asked()->username, "them:ours");
  EXPECT_TRUE(asked()->controlled);
  EXPECT_FALSE(asked()->use_candidate);
}

TEST_F(Requests, BeforeTheCredentialsAreAnsweredAndRemembered) {
  begin(false);
  hear(request(true, true), &our_key);
  EXPECT_TRUE(answered());
  EXPECT_FALSE(asked());
  step(RemoteCredentials{theirs});
  ASSERT_TRUE(asked());
  hear(success(*asked()), &their_key);
  EXPECT_TRUE(effect<Selected>()) << "it was nominated, too";
}

TEST_F(Requests, RememberedOnesAreBoundedAndOnlyThePeersCount) {
  begin(false);
  for (std::uint16_t port = 1; port <= 500; ++port)
    hear(request(true), &our_key, at("192.0.2.9", port));
  auto other = request(true);
  other.username = "ours:someone";
  hear(other, &our_key, at("192.0.2.10", 1));
  step(RemoteCredentials{theirs});
  EXPECT_GT(agent->census().pairs, 0U);
  EXPECT_LE(agent->census().pairs, 32U);
}

TEST_F(Requests, AWrongKeyIsRefusedAndLeavesNothing) {
  begin(false);
  step(RemoteCredentials{theirs});
  hear(request(true), &their_key);
  ASSERT_TRUE(refused());
  EXPECT_EQ(refused()->error->code, stun::unauthenticated);
  EXPECT_EQ(agent->census().pairs, 0U);
}

TEST_F(Requests, AnotherNameIsRefused) {
  begin(false);
  auto other = request(true);
  other.username = "else:them";
  hear(other, &our_key);
  EXPECT_EQ(refused()->error->code, stun::unauthenticated);
}

TEST_F(Requests, NoProofAtAllIsABadRequest) {
  begin(false);
  hear(request(true), nullptr);
  EXPECT_EQ(refused()->error->code, 400);
  auto nameless = request(true);
  nameless.username.reset();
  hear(nameless, &our_key);
  EXPECT_EQ(refused()->error->code, 400);
}

TEST_F(Requests, WithoutFingerprintAreSilentlyDropped) {
  begin(false);
  step(RemoteCredentials{theirs});
  hear_bytes(without_fingerprint(stun::print(request(true), &our_key)));
  EXPECT_TRUE(effects.empty());
  EXPECT_EQ(agent->census().pairs, 0U);
}

TEST_F(Requests, WithoutPriorityAreRefused) {
  begin(false);
  step(RemoteCredentials{theirs});
  auto without = request(true);
  without.priority.reset();
  hear(without, &our_key);
  EXPECT_EQ(refused()->error->code, 400);
  EXPECT_EQ(agent->census().pairs, 0U);
}

TEST_F(Requests, AnAttributeThatMustBeUnderstoodIsRefused) {
  begin(false);
  step(RemoteCredentials{theirs});
  hear_bytes(with_unknown_attribute(stun::print(request(true), nullptr)));
  ASSERT_TRUE(refused());
  EXPECT_EQ(refused()->error->code, stun::unknown_attribute);
  EXPECT_EQ(refused()->unknown_attributes, std::vector<std::uint16_t>{0x7F00});
  EXPECT_EQ(agent->census().pairs, 0U);
}

TEST_F(Requests, RubbishIsDropped) {
  begin(false);
  step(RemoteCredentials{theirs});
  auto bytes = stun::print(request(true), &our_key);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto broken = bytes;
    broken[i] ^= std::byte{1};
    hear_bytes(broken);
    EXPECT_FALSE(answered()) << i;
    broken = bytes;
    broken.resize(i);
    hear_bytes(broken);
    EXPECT_TRUE(effects.empty()) << i;
  }
  EXPECT_EQ(agent->census().pairs, 0U);
}

TEST_F(Requests, FromAnywhereAreBounded) {
  begin(false);
  step(RemoteCredentials{theirs});
  for (std::uint16_t port = 1; port <= 2'000; ++port)
    hear(request(true), &our_key, at("192.0.2.9", port));
  EXPECT_TRUE(answered());
  EXPECT_LE(agent->census().pairs, 100U);
  EXPECT_LE(agent->census().transactions, 300U);
}

TEST_F(Requests, RepeatedOnesDoNotPileUpTransactions) {
  begin(false);
  meet();
  for (int i = 0; i < 1'000; ++i) {
    env.now += 5ms;
    hear(request(true), &our_key);
  }
  EXPECT_LE(agent->census().transactions, 130U);
}

// ---- roles, RFC 8445 section 7.3.1.1 ------------------------------------------------------------

constexpr std::uint64_t small = 0, large = ~std::uint64_t{0};

TEST_F(Requests, OfTwoThatControlTheLargerNumberGoesOn) {
  begin(true);
  meet();
  hear(request(true, false, small), &our_key);
  ASSERT_TRUE(refused());
  EXPECT_EQ(refused()->error->code, stun::role_conflict);
  EXPECT_FALSE(answered());
}

TEST_F(Requests, OfTwoThatControlTheSmallerNumberGivesWay) {
  begin(true);
  step(RemoteCredentials{theirs});
  hear(request(true, true, large), &our_key);
  EXPECT_TRUE(answered());
  ASSERT_TRUE(asked());
  EXPECT_TRUE(asked()->controlled);
  hear(success(*asked()), &their_key);
  EXPECT_TRUE(effect<Selected>()) << "the nomination of the one that goes on counts";
}

TEST_F(Requests, OfTwoThatAreControlledTheLargerNumberTakesOver) {
  begin(false);
  step(RemoteCredentials{theirs});
  hear(request(false, false, small), &our_key);
  EXPECT_TRUE(answered());
  ASSERT_TRUE(asked());
  EXPECT_TRUE(asked()->controlling);
}

TEST_F(Requests, OfTwoThatAreControlledTheSmallerNumberRefuses) {
  begin(false);
  step(RemoteCredentials{theirs});
  hear(request(false, false, large), &our_key);
  EXPECT_EQ(refused()->error->code, stun::role_conflict);
  EXPECT_FALSE(answered());
}

// docs/protocol/ice.md, "How large a datagram may be".
struct Probed : LoneAgent {};

TEST_F(Probed, APaddedRequestIsToldHowMuchWeTakeAndNoOtherIs) {
  begin(false);
  meet();
  auto asks = request(true);
  hear(asks, &our_key);
  EXPECT_FALSE(answered().value().largest_datagram);
  asks = request(true);
  asks.probe_padding = 1'000;
  hear(asks, &our_key);
  EXPECT_EQ(answered().value().largest_datagram, path_mtu::largest);
}

}  // namespace
}  // namespace culver::ice
