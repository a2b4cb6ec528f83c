// What a peer can make of us: its addresses may be those of others.
#include "core/ice/token_bucket.hpp"

#include "core/ice/agent_core.hpp"
#include "tests/core/ice/lone_agent_support.hpp"

namespace culver::ice {
namespace {

TEST(TokenBucket, IsUsedUpAndComesBackSlowly) {
  TokenBucket bucket({3, 100, 1s});
  TimePoint now{1h};
  EXPECT_TRUE(bucket.spend(100, now));
  EXPECT_TRUE(bucket.spend(0, now));
  EXPECT_TRUE(bucket.spend(0, now));
  EXPECT_FALSE(bucket.spend(0, now)) << "by number";
  EXPECT_FALSE(bucket.spend(0, now += 999ms));
  EXPECT_TRUE(bucket.spend(0, now += 1ms));
  now += 24h;
  EXPECT_TRUE(bucket.spend(300, now));
  EXPECT_FALSE(bucket.spend(1, now)) << "by bytes";
}

struct Abuse : LoneAgent {
  std::size_t datagrams = 0, bytes = 0;
  std::vector<Endpoint> aims;

  void count() {
    for (const auto& effect : effects)
      if (const auto* sent = std::get_if<Transmit>(&effect)) {
        ++datagrams;
        bytes += sent->bytes.size();
        aims.push_back(sent->to);
      }
  }
  void live(Duration time) {
    const auto end = env.now + time;
    while (const auto next = agent->deadline()) {
      if (*next > end) break;
      tick();
      count();
    }
    env.now = end;
  }
  void offer(std::size_t candidates, int round) {
    step(RemoteCredentials{{"t" + std::to_string(1000 + round), "them-them-them-them-them"}});
    count();
    for (std::size_t i = 0; i < candidates; ++i) {
      step(RemoteCandidate{candidate(
          at("198.51.100." + std::to_string(1 + i % 250), static_cast<std::uint16_t>(2000 + i)))});
      count();
    }
  }
};

TEST_F(Abuse, ManyRestartsWithManyCandidatesShareOneBound) {
  begin(true);
  const auto began = env.now;
  for (int round = 0; round < 50; ++round) {
    offer(100, round);
    live(1s);
    step(Restart{{"ours" + std::to_string(round), ours.pwd}});
    count();
  }
  const auto passed = static_cast<std::size_t>((env.now - began) / for_checks.interval);
  EXPECT_LE(datagrams, for_checks.datagrams + passed);
  EXPECT_LE(bytes, (for_checks.datagrams + passed) * for_checks.bytes_each);
  EXPECT_GE(datagrams, 100U);
}

TEST_F(Abuse, WhoHasAnsweredIsCheckedWithoutABound) {
  begin(true);
  meet();
  hear(success(*asked()), &their_key);
  for (int round = 0; round < 20; ++round) {
    offer(50, round);
    live(1s);
    step(Restart{{"ours" + std::to_string(round), ours.pwd}});
  }
  aims.clear();
  step(RemoteCredentials{{"last", "them-them-them-them-them"}});
  count();
  step(RemoteCandidate{candidate(there)});
  count();
  live(10ms);
  EXPECT_NE(std::count(aims.begin(), aims.end(), there), 0);
}

TEST_F(Abuse, NoChecksToWhatIsNoOneMachines) {
  agent.emplace(Config{true, ours}, env);
  step(WireOpened{wire, here, 24});
  step(WireOpened{WireId{2}, at("2001:db8::1")});
  step(RemoteCredentials{theirs});
  for (const char* text : {"224.0.0.251", "239.255.255.250", "255.255.255.255", "240.0.0.1",
                           "0.0.0.0", "0.1.2.3", "192.0.2.255", "192.0.2.0", "ff02::1", "ff05::2",
                           "::", "::ffff:224.0.0.1", "::ffff:192.0.2.255", "::ffff:0.0.0.0",
                           "::192.0.2.9", "64:ff9b::224.0.0.1", "2002:e000:1::1", "fe80::1"})
    step(RemoteCandidate{candidate(at(text, 5353))});
  live(3s);
  EXPECT_EQ(agent->census().pairs, 0U);
  EXPECT_EQ(datagrams, 0U);
  step(RemoteCandidate{candidate(at("192.0.2.254", 5353))});
  EXPECT_EQ(agent->census().pairs, 1U);
}

TEST_F(Abuse, NorWhereOneSeemsToAsk) {
  agent.emplace(Config{true, ours}, env);
  step(WireOpened{wire, here, 24});
  step(RemoteCredentials{theirs});
  for (const char* text : {"192.0.2.255", "224.0.0.1", "255.255.255.255"})
    hear(request(false), &our_key, at(text, 9));
  EXPECT_EQ(agent->census().pairs, 0U);
}

TEST_F(Abuse, NoServerIsAskedThere) {
  agent.emplace(Config{true, ours}, env);
  step(WireOpened{wire, here, 24});
  step(StunServer{at("224.0.0.1", 3478)});
  step(TurnServer{at("239.1.1.1", 3478), std::nullopt, "u", SecretBytes(as_bytes("p"))});
  live(3s);
  count();
  EXPECT_EQ(datagrams, 0U);
}

/// A peer elsewhere names ports of our loopback, and addresses of ours as its own.
TEST_F(Abuse, LoopbackIsNotAskedForAPeerThatHasNotShownThatItIsHere) {
  agent.emplace(Config{true, ours}, env);
  step(WireOpened{wire, here});
  step(WireOpened{WireId{2}, at("127.0.0.1", 4000)});
  step(RemoteCredentials{theirs});
  for (std::uint16_t port = 1; port <= 50; ++port)
    step(RemoteCandidate{candidate(at("127.0.0.1", port))});
  step(RemoteCandidate{candidate(here.with_port(9))});
  step(RemoteCandidate{candidate(there, CandidateType::server_reflexive)});
  live(3s);
  for (const auto& aim : aims) EXPECT_FALSE(aim.is_loopback());
  EXPECT_GT(datagrams, 0U);
}

TEST_F(Abuse, LoopbackIsAskedOnceThePeerHasAnsweredFromAnAddressOfOurs) {
  agent.emplace(Config{true, ours}, env);
  step(WireOpened{wire, here});
  step(WireOpened{WireId{2}, at("127.0.0.1", 4000)});
  step(RemoteCredentials{theirs});
  step(RemoteCandidate{candidate(at("127.0.0.1", 5000))});
  EXPECT_EQ(agent->census().pairs, 0U);
  const auto beside = here.with_port(5001);
  step(RemoteCandidate{candidate(beside)});
  ASSERT_TRUE(asked());
  hear(success(*asked()), &their_key, beside);
  EXPECT_EQ(agent->census().pairs, 2U);
}

TEST_F(Abuse, LoopbackIsAskedWhereThereIsNothingElse) {
  agent.emplace(Config{true, ours}, env);
  step(WireOpened{WireId{2}, at("127.0.0.1", 4000)});
  step(RemoteCredentials{theirs});
  step(RemoteCandidate{candidate(at("127.0.0.1", 5000))});
  EXPECT_EQ(agent->census().pairs, 1U);
}

TEST_F(Abuse, RefusalsAreFewAndNeverLongerThanTheRequest) {
  begin(false);
  step(RemoteCredentials{theirs});
  std::size_t asked_bytes = 0;
  for (int i = 0; i < 500; ++i) {
    auto any = request(true);
    const auto said = stun::print(any, i % 2 ? &their_key : nullptr);
    asked_bytes = said.size();
    hear_bytes(said, at("203.0.113.9", static_cast<std::uint16_t>(1 + i)));
    for (const auto& effect : effects)
      if (const auto* sent = std::get_if<Transmit>(&effect)) {
        EXPECT_LE(sent->bytes.size(), asked_bytes);
        ++datagrams;
      }
  }
  EXPECT_LE(datagrams, for_refusals.datagrams);
  EXPECT_GE(datagrams, 1U);
  env.now += 1h;
  stun::Message bare{};
  bare.kind = stun::Class::request;
  bare.method = stun::Method::binding;
  bare.id.data = env.rng.bytes<12>();
  hear_bytes(stun::print(bare, nullptr));
  EXPECT_FALSE(effect<Transmit>()) << "28 bytes ask for nothing that is shorter";
}

/// The peer itself is never refused for what strangers did.
TEST_F(Abuse, AFloodOfStrangersDoesNotSilenceUsTowardsThePeer) {
  begin(false);
  step(RemoteCredentials{theirs});
  for (int i = 0; i < 500; ++i) hear(request(true), &their_key, at("203.0.113.9", 9));
  hear(request(true), &our_key);
  EXPECT_TRUE(answered());
}

}  // namespace
}  // namespace culver::ice
