// What the agent asks, when, and which answers count.
#include <algorithm>
#include <deque>

#include "core/ice/path_mtu.hpp"
#include "tests/core/ice/lone_agent_support.hpp"

namespace culver::ice {
namespace {

struct Checks : LoneAgent {
  /// The first check of a controlling agent.
  stun::Message first_check() {
    begin(true);
    step(RemoteCredentials{theirs});
    step(RemoteCandidate{candidate(there)});
    return asked().value();
  }
};

TEST_F(Checks, TheFirstIsSentAtOnceAndCarriesWhatRfc8445Wants) {
  const auto check = first_check();
  EXPECT_EQ(check.username, "them:ours");
  EXPECT_TRUE(check.controlling && !check.controlled && !check.use_candidate);
  EXPECT_EQ(*check.priority >> 24, 110U);
  const auto transmit = effect<Transmit>().value();
  EXPECT_TRUE(stun::authentic(stun::parse(transmit.bytes).value(), their_key));
  EXPECT_EQ(transmit.to, there);
}

TEST_F(Checks, AnAnswerIsFollowedByTheNominationAndThatByTheRoute) {
  hear(success(first_check()), &their_key);
  ASSERT_TRUE(asked());
  EXPECT_TRUE(asked()->use_candidate);
  EXPECT_FALSE(effect<Selected>()) << "not before it is confirmed";
  hear(success(*asked()), &their_key);
  ASSERT_TRUE(effect<Selected>());
  EXPECT_EQ(effect<Selected>()->route, (Route{wire, there, std::nullopt}));
  EXPECT_FALSE(effect<Selected>()->relayed);
}

struct Probes : Checks {
  void select() {
    hear(success(first_check()), &their_key);
    hear(success(asked().value()), &their_key);
    ASSERT_TRUE(effect<Selected>());
  }
  std::vector<Transmit> probes() const {
    std::vector<Transmit> all;
    for (const auto& each : effects)
      if (const auto* transmit = std::get_if<Transmit>(&each); transmit && transmit->whole)
        all.push_back(*transmit);
    return all;
  }
  static stun::Message read(const Transmit& sent) {
    return stun::parse(sent.bytes).value().message;
  }
  stun::Message success_of(const Transmit& probe, std::optional<std::uint32_t> limit) const {
    auto message = success(read(probe));
    message.largest_datagram = limit;
    return message;
  }
};

TEST_F(Probes, FollowTheSelectionAndAreExactlyAsLargeAsTheySay) {
  select();
  ASSERT_EQ(probes().size(), path_mtu::sizes.size());
  for (std::size_t i = 0; i < path_mtu::sizes.size(); ++i) {
    const auto sent = probes()[i];
    EXPECT_EQ(sent.bytes.size(), path_mtu::sizes[i]);
    EXPECT_EQ(sent.to, there);
    EXPECT_TRUE(stun::authentic(stun::parse(sent.bytes).value(), their_key));
    EXPECT_FALSE(read(sent).use_candidate);
  }
}

TEST_F(Probes, OnlyAnAnswerWithProofCounts) {
  select();
  const auto sent = probes();
  const auto limit = static_cast<std::uint32_t>(path_mtu::largest);
  hear(success_of(sent[1], limit), nullptr);
  EXPECT_FALSE(effect<Carries>());
  hear(success_of(sent[1], limit), &their_key, at("192.0.2.9"));
  EXPECT_FALSE(effect<Carries>()) << "from elsewhere";
  hear(success_of(sent[2], limit), &their_key);
  ASSERT_TRUE(effect<Carries>());
  EXPECT_EQ(effect<Carries>()->bytes, path_mtu::sizes[2]);
}

TEST_F(Probes, APeerThatDoesNotKnowThemIsLeftAlone) {
  select();
  hear(success_of(probes()[0], std::nullopt), &their_key);
  EXPECT_FALSE(effect<Carries>());
  for (int i = 0; i < 20; ++i) {
    tick();
    EXPECT_TRUE(probes().empty());
    for (const auto& asks : said(stun::Class::request)) hear(success(asks), &their_key);
  }
}

TEST_F(Checks, AnAnswerWithoutProofIsNoAnswer) {
  const auto check = first_check();
  hear(success(check), nullptr);
  EXPECT_TRUE(effects.empty());
  hear(success(check), &our_key);
  EXPECT_TRUE(effects.empty());
  hear_bytes(without_fingerprint(stun::print(success(check), &their_key)));
  EXPECT_TRUE(effects.empty());
  hear(success(check), &their_key);
  EXPECT_TRUE(asked()) << "the true one still counts";
}

TEST_F(Checks, AForgedErrorEndsNothing) {
  const auto check = first_check();
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{400, 401, 487, 500})
    hear(error(check, code), nullptr);
  hear(success(check), &their_key);
  ASSERT_TRUE(asked());
  EXPECT_TRUE(asked()->use_candidate) << "still controlling";
}

TEST_F(Checks, AnAnswerFromElsewhereFailsThePair) {
  const auto check = first_check();
  hear(success(check), &their_key, at("192.0.2.3", 2000));
  EXPECT_FALSE(asked());
  hear(success(check), &their_key);
  EXPECT_FALSE(asked());
}

TEST_F(Checks, AnAnswerAtAnotherWireFailsThePair) {
  const auto check = first_check();
  step(WireOpened{WireId{2}, at("192.0.2.1", 1001)});
  effects.clear();
  const auto bytes = stun::print(success(check), &their_key);
  step(Received{WireId{2}, there, bytes, {}});
  for (int i = 0; i < 3; ++i) {
    for (const auto& message : said(stun::Class::request)) EXPECT_FALSE(message.use_candidate);
    tick();
  }
  EXPECT_FALSE(effect<Selected>());
}

TEST_F(Checks, AnAddressThatIsNamedLaterMayBeARelay) {
  begin(false);
  step(RemoteCredentials{theirs});
  hear(request(true, true), &our_key);
  hear(success(*asked()), &their_key);
  ASSERT_TRUE(effect<Selected>());
  EXPECT_FALSE(effect<Selected>()->relayed);
  step(RemoteCandidate{candidate(there, CandidateType::relayed)});
  ASSERT_TRUE(effect<Selected>());
  EXPECT_TRUE(effect<Selected>()->relayed);
  EXPECT_EQ(effect<Selected>()->route.to, there);
}

// The relay was nominated before its candidate came: it looked like a direct path then.
TEST_F(Checks, ARelayThatLookedDirectGivesWayToADirectPath) {
  begin(true);
  step(RemoteCredentials{theirs});
  hear(request(false), &our_key);
  for (int i = 0; i < 10 && !effect<Selected>(); ++i) {
    if (const auto check = asked())
      hear(success(*check), &their_key);
    else
      tick();
  }
  ASSERT_TRUE(effect<Selected>());
  EXPECT_FALSE(effect<Selected>()->relayed);
  auto relay = candidate(there, CandidateType::relayed);
  relay.priority = 16'776'959;
  step(RemoteCandidate{relay});
  ASSERT_TRUE(effect<Selected>());
  EXPECT_TRUE(effect<Selected>()->relayed);
  const auto own = at("192.0.2.3", 3000);
  step(RemoteCandidate{candidate(own)});
  // Everything is answered, so that no doubt makes it move.
  std::deque<Transmit> sent;
  for (int i = 0; i < 60 && !(effect<Selected>() && effect<Selected>()->route.to == own); ++i) {
    for (const auto& each : effects)
      if (const auto* transmit = std::get_if<Transmit>(&each)) sent.push_back(*transmit);
    if (sent.empty()) {
      tick();
      continue;
    }
    const auto next = std::move(sent.front());
    sent.pop_front();
    hear(success(stun::parse(next.bytes).value().message), &their_key, next.to);
  }
  ASSERT_TRUE(effect<Selected>());
  EXPECT_FALSE(effect<Selected>()->relayed);
}

TEST_F(Checks, AnErrorOfThePeerFailsThePair) {
  hear(error(first_check(), 500), &their_key);
  EXPECT_FALSE(asked());
  step(RemoteCandidatesDone{});
  while (!effect<Failed>()) tick();
  EXPECT_EQ(effect<Failed>()->why, Failed::Why::no_pair);
}

TEST_F(Checks, ARoleConflictSwitchesTheRoleAndAsksAgain) {
  const auto check = first_check();
  env.now += 5ms;
  hear(error(check, stun::role_conflict), &their_key);
  ASSERT_TRUE(asked());
  EXPECT_TRUE(asked()->controlled);
  EXPECT_NE(asked()->controlled, check.controlling);
  EXPECT_NE(asked()->id, check.id);
}

TEST_F(Checks, ARoleConflictOfAnOldRoleSwitchesNothing) {
  const auto check = first_check();
  // The peer's own request has made us controlled in the meantime.
  hear(request(true, false, ~std::uint64_t{0}), &our_key);
  env.now += 5ms;
  hear(error(check, stun::role_conflict), &their_key);
  env.now += 5ms;
  step(Tick{});
  hear(request(true, false, ~std::uint64_t{0}), &our_key);
  EXPECT_TRUE(answered()) << "controlled still";
}

TEST_F(Checks, ArePacedAt5Milliseconds) {
  begin(true);
  step(RemoteCredentials{theirs});
  std::vector<TimePoint> times;
  for (std::uint16_t i = 0; i < 20; ++i) {
    auto next = candidate(at("192.0.2.2", 2000 + i));
    next.foundation = std::to_string(i);
    step(RemoteCandidate{next});
    if (asked()) times.push_back(env.now);
  }
  EXPECT_EQ(times.size(), 1U);
  while (times.size() < 20) {
    tick();
    ASSERT_LE(said(stun::Class::request).size(), 1U);
    if (asked()) times.push_back(env.now);
  }
  for (std::size_t i = 1; i < times.size(); ++i) EXPECT_EQ(times[i] - times[i - 1], 5ms);
}

TEST_F(Checks, StayWithinTheFamilyAndLoopbackWithLoopback) {
  begin(true);
  step(RemoteCredentials{theirs});
  for (const char* text : {"2001:db8::1", "127.0.0.1", "0.0.0.0"})
    step(RemoteCandidate{candidate(at(text))});
  step(RemoteCandidate{candidate(at("192.0.2.2", 0))});
  auto named = candidate(there);
  named.address = "example.local";
  step(RemoteCandidate{named});
  EXPECT_EQ(agent->census().pairs, 0U);
}

TEST_F(Checks, LoopbackOnlyIfItIsWanted) {
  agent.emplace(Config{true, ours, false}, env);
  step(WireOpened{wire, at("127.0.0.1")});
  EXPECT_FALSE(effect<LocalCandidate>());
  agent.emplace(Config{true, ours, true}, env);
  step(WireOpened{wire, at("127.0.0.1")});
  EXPECT_TRUE(effect<LocalCandidate>());
}

// ---- the verdict --------------------------------------------------------------------------------

TEST_F(Checks, NoVerdictBeforeThePeerHadTimeToAsk) {
  begin(true);
  const auto begun = env.now;
  step(RemoteCredentials{theirs});
  step(RemoteCandidatesDone{});
  while (!effect<Failed>()) tick();
  EXPECT_EQ(env.now - begun, 10s);
  EXPECT_FALSE(agent->deadline());
}

TEST_F(Checks, TheVerdictComesEvenIfThePeerIsNeverDone) {
  begin(true);
  const auto begun = env.now;
  step(RemoteCredentials{theirs});
  while (!effect<Failed>()) tick();
  EXPECT_EQ(env.now - begun, 30s);
}

TEST_F(Checks, TheVerdictComesEvenIfThePeerIsNeverThere) {
  begin(true);
  const auto begun = env.now;
  while (!effect<Failed>()) tick();
  EXPECT_EQ(env.now - begun, 60s);
}

TEST_F(Checks, ALostStreamIsNotUsedByARestart) {
  begin(true);
  step(TurnServer{at("198.51.100.3", 3478), WireId{9}, "user", SecretBytes(as_bytes("secret"))});
  EXPECT_TRUE(effect<Transmit>());
  step(WireLost{WireId{9}});
  EXPECT_EQ(agent->census().allocations, 0U);
  while (!effect<Failed>()) tick();
  step(Restart{{"anew", "anew-anew-anew-anew-anew"}});
  EXPECT_FALSE(effect<Transmit>());
}

TEST_F(Checks, AfterTheVerdictNothingIsSaidUntilARestart) {
  begin(true);
  step(RemoteCredentials{theirs});
  step(RemoteCandidatesDone{});
  while (!effect<Failed>()) tick();
  EXPECT_TRUE(hear(request(false), &our_key).empty());
  EXPECT_TRUE(step(RemoteCandidate{candidate(there)}).empty());
  EXPECT_TRUE(step(Tick{}).empty());
  step(Restart{{"anew", "anew-anew-anew-anew-anew"}});
  EXPECT_TRUE(effect<LocalCandidate>());
  step(RemoteCredentials{theirs});
  step(RemoteCandidate{candidate(there)});
  EXPECT_EQ(asked()->username, "them:anew");
}

}  // namespace
}  // namespace culver::ice
