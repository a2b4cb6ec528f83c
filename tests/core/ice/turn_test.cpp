#include "core/ice/turn.hpp"

#include "tests/core/ice/turn_support.hpp"

namespace culver::ice::turn::test {
namespace {

constexpr std::uint16_t refusals[] = {300, 400, 403, 420, 437, 440, 442, 486, 500, 508};

/// Times since `start` at which something was sent, until the end.
std::vector<Duration> schedule(Bench& bench) {
  std::vector<Duration> times;
  const auto start = bench.env.now;
  for (bench.sent.clear(); bench.client.deadline();) {
    bench.env.now = *bench.client.deadline();
    bench.say(Tick{});
    times.insert(times.end(), bench.sent.size(), bench.env.now - start);
    bench.sent.clear();
  }
  times.push_back(bench.env.now - start);
  return times;
}

// ---- Asking -------------------------------------------------------------------------------------

TEST(TurnAsking, AsksWithoutCredentials) {
  Bench bench;
  EXPECT_EQ(bench.client.state(), "Asking");
  ASSERT_EQ(bench.sent.size(), 1u);
  const auto request = heard(bench.sent[0]);
  EXPECT_FALSE(request.has_integrity);
  EXPECT_EQ(request.message.kind, stun::Class::request);
  EXPECT_EQ(request.message.method, stun::Method::allocate);
  EXPECT_EQ(request.message.requested_transport, 17);
  EXPECT_EQ(request.message.requested_family, std::nullopt);
  EXPECT_EQ(request.message.username, std::nullopt);
}

TEST(TurnAsking, AsksForTheOtherFamily) {
  Bench bench(params(false, Endpoint::Family::v6));
  EXPECT_EQ(bench.last_sent().requested_family, 2);
  bench.server.relay = relay_v6;
  EXPECT_EQ(all<Ready>(bench.exchange()).at(0).relayed, relay_v6);
  EXPECT_EQ(heard(bench.server.log.back().bytes).message.requested_family, 2);
}

TEST(TurnAsking, AnswersTheChallengeWithCredentials) {
  Bench bench;
  EXPECT_TRUE(bench.hear(*bench.server.take(bench.sent[0])).empty());
  EXPECT_EQ(bench.client.state(), "Authenticating");
  ASSERT_EQ(bench.sent.size(), 2u);
  const auto first = heard(bench.sent[0]).message;
  const auto second = heard(bench.sent[1]);
  EXPECT_TRUE(second.authentic);
  EXPECT_NE(second.message.id, first.id);
  EXPECT_EQ(second.message.method, stun::Method::allocate);
  EXPECT_EQ(second.message.requested_transport, 17);
  EXPECT_EQ(second.message.username, user);
  EXPECT_EQ(second.message.realm, realm);
  EXPECT_EQ(second.message.nonce, bench.server.nonce);
}

TEST(TurnAsking, EveryOtherAnswerIsTheEnd) {
  for (const auto code : refusals) {
    Bench bench;
    expect_lost(bench.hear_unsigned(error_to(bench.last_sent(), code)), bench.client,
                Fault::relay_refused);
  }
  Bench stale;
  expect_lost(stale.hear(stale.server.challenge(stale.last_sent(), stun::stale_nonce)),
              stale.client, Fault::relay_refused);
}

TEST(TurnAsking, AServerThatAsksForNothingIsNotTaken) {
  Bench bench;
  auto answer = bench.server.serve(bench.last_sent());
  expect_lost(bench.hear_unsigned(answer), bench.client, Fault::relay_refused);
}

TEST(TurnAsking, AChallengeNamesRealmAndNonce) {
  for (const bool with_realm : {true, false}) {
    Bench bench;
    auto answer = error_to(bench.last_sent(), stun::unauthenticated);
    if (with_realm) answer.realm = realm;
    if (!with_realm) answer.nonce = "n";
    expect_lost(bench.hear_unsigned(answer), bench.client, Fault::relay_refused);
  }
}

TEST(TurnAsking, WhatAnswersNothingIsIgnored) {
  Bench bench;
  auto other = error_to(bench.last_sent(), 500);
  other.id.data[0] ^= std::byte{1};
  EXPECT_TRUE(bench.hear_unsigned(other).empty());
  auto request = bench.last_sent();
  EXPECT_TRUE(bench.hear_unsigned(request).empty());
  request.kind = stun::Class::indication;
  EXPECT_TRUE(bench.hear_unsigned(request).empty());
  EXPECT_EQ(bench.client.state(), "Asking");
  EXPECT_EQ(bench.sent.size(), 1u);
}

TEST(TurnAsking, AsksAgainMoreAndMoreSeldom) {
  Bench bench;
  EXPECT_EQ(schedule(bench), (std::vector<Duration>{500ms, 1500ms, 3500ms, 7500ms, 10s}));
  expect_lost(bench.told, bench.client, Fault::relay_silent);
}

TEST(TurnAsking, RepeatsTheSameBytes) {
  Bench bench;
  bench.env.now += 500ms;
  bench.say(Tick{});
  ASSERT_EQ(bench.sent.size(), 2u);
  EXPECT_EQ(bench.sent[0], bench.sent[1]);
}

TEST(TurnAsking, ATickThatIsEarlyOrLateSendsOnceAtMost) {
  Bench bench;
  bench.env.now += 499ms;
  bench.say(Tick{});
  EXPECT_EQ(bench.sent.size(), 1u);
  bench.env.now += 6s;
  bench.say(Tick{});
  bench.say(Tick{});
  EXPECT_EQ(bench.sent.size(), 2u);
}

TEST(TurnAsking, OverAStreamItAsksOnce) {
  Bench bench(params(true));
  EXPECT_EQ(schedule(bench), (std::vector<Duration>{10s}));
  expect_lost(bench.told, bench.client, Fault::relay_silent);
}

TEST(TurnAsking, NobodyIsReachedYet) {
  Bench bench;
  EXPECT_EQ(all<Refused>(bench.say(Permit{relay_v4})).size(), 1u);
  EXPECT_EQ(all<Refused>(bench.say(Bind{relay_v4})).size(), 1u);
  EXPECT_EQ(bench.client.state(), "Asking");
}

TEST(TurnAsking, ClosesWithoutAWord) {
  Bench bench;
  bench.say(Close{});
  EXPECT_TRUE(bench.client.ended());
  EXPECT_EQ(bench.sent.size(), 1u);
  EXPECT_EQ(bench.told.size(), 1u);
}

// ---- Authenticating -----------------------------------------------------------------------------

/// Its server's challenge is answered; `sent` holds the request with credentials.
struct Challenged : Bench {
  explicit Challenged(Params with = params()) : Bench(std::move(with)) {
    const auto answer = *server.take(sent[0]);
    sent.clear();
    hear(answer);
    EXPECT_EQ(client.state(), "Authenticating");
  }
};

TEST(TurnAuthenticating, GetsItsAddresses) {
  Challenged bench;
  const auto told = bench.exchange();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(all<Ready>(told).at(0).relayed, relay_v4);
  EXPECT_EQ(all<Ready>(told).at(0).mapped, seen_as);
  EXPECT_EQ(bench.client.state(), "Allocated");
}

TEST(TurnAuthenticating, AForgedAnswerIsIgnored) {
  Challenged bench;
  const auto request = bench.last_sent();
  const auto answer = bench.server.serve(request);
  EXPECT_TRUE(bench.hear(answer, "another secret").empty());
  EXPECT_TRUE(bench.hear_unsigned(answer).empty());
  EXPECT_TRUE(bench.hear_unsigned(error_to(request, 486)).empty());
  EXPECT_TRUE(bench.hear(error_to(request, 486), "another secret").empty());
  EXPECT_EQ(bench.client.state(), "Authenticating");
  EXPECT_EQ(all<Ready>(bench.hear(answer)).size(), 1u);
}

TEST(TurnAuthenticating, ARefusalThatIsProvenIsTheEnd) {
  for (const auto code : refusals) {
    Challenged bench;
    bench.server.refuses = code;
    expect_lost(bench.exchange(), bench.client, Fault::relay_refused);
  }
}

TEST(TurnAuthenticating, WrongCredentialsAreTheEnd) {
  Challenged bench(params(false, Endpoint::Family::v4, "not the secret"));
  expect_lost(bench.exchange(), bench.client, Fault::relay_refused);
  EXPECT_EQ(bench.server.log.size(), 2u);
}

TEST(TurnAuthenticating, TakesANewNonce) {
  Challenged bench;
  bench.server.nonce = "second nonce";
  EXPECT_EQ(all<Ready>(bench.exchange()).size(), 1u);
  EXPECT_EQ(bench.server.log.back().message.nonce, "second nonce");
}

TEST(TurnAuthenticating, TakesABoundedNumberOfNewNonces) {
  Challenged bench;
  std::size_t asked = 0;
  for (; !bench.client.ended() && asked < 100; ++asked)
    bench.hear(bench.server.challenge(bench.last_sent(), stun::stale_nonce));
  EXPECT_EQ(asked, most_renewals + 1);
  expect_lost(bench.told, bench.client, Fault::relay_refused);
}

TEST(TurnAuthenticating, AStaleNonceWithoutANewOneIsTheEnd) {
  Challenged bench;
  expect_lost(bench.hear_unsigned(error_to(bench.last_sent(), stun::stale_nonce)), bench.client,
              Fault::relay_refused);
}

TEST(TurnAuthenticating, AnAnswerHasBothAddressesAndTheFamilyThatWasAskedFor) {
  const auto refused = [](void (*spoil)(stun::Message&)) {
    Challenged bench;
    auto answer = bench.server.serve(bench.last_sent());
    spoil(answer);
    expect_lost(bench.hear(answer), bench.client, Fault::malformed);
  };
  refused([](auto& m) { m.relayed.reset(); });
  refused([](auto& m) { m.mapped.reset(); });
  refused([](auto& m) { m.relayed = relay_v6; });
  refused([](auto& m) { m.relayed = at("0.0.0.0", 5); });
  refused([](auto& m) { m.relayed = relay_v4.with_port(0); });
}

TEST(TurnAuthenticating, BothQuestionsTogetherHaveTenSeconds) {
  Bench bench;
  bench.env.now += 8s;
  bench.hear(*bench.server.take(bench.sent[0]));
  EXPECT_EQ(schedule(bench), (std::vector<Duration>{500ms, 1500ms, 2s}));
  expect_lost(bench.told, bench.client, Fault::relay_silent);
}

TEST(TurnAuthenticating, OverAStreamItAsksOnce) {
  Challenged bench(params(true));
  EXPECT_EQ(schedule(bench), (std::vector<Duration>{10s}));
}

TEST(TurnAuthenticating, GivesBackWhatItMayHave) {
  Challenged bench;
  bench.say(Close{});
  EXPECT_TRUE(bench.client.ended());
  const auto last = heard(bench.sent.back());
  EXPECT_TRUE(last.authentic);
  EXPECT_EQ(last.message.method, stun::Method::refresh);
  EXPECT_EQ(last.message.lifetime, 0u);
}

// ---- Closed, and what is not of a state ---------------------------------------------------------

TEST(TurnClosed, NothingFollows) {
  Allocation bench;
  bench.permit(at("192.0.2.1", 1));
  bench.say(Close{});
  bench.sent.clear();
  const auto told = bench.told.size();
  for (const auto code : refusals)
    bench.hear_unsigned(error_to(bench.server.log.back().message, code));
  bench.say(Permit{relay_v4});
  bench.say(Bind{relay_v4});
  bench.say(Tick{});
  bench.say(Close{});
  EXPECT_EQ(bench.told.size(), told);
  EXPECT_EQ(bench.client.state(), "Closed");
  EXPECT_EQ(bench.client.deadline(), std::nullopt);
}

TEST(TurnWrap, IsASendIndication) {
  Bench bench;
  const auto peer = at("192.0.2.9", 9);
  const auto sent = heard(wrap(peer, as_bytes("hello"), bench.rng));
  EXPECT_EQ(sent.message.kind, stun::Class::indication);
  EXPECT_EQ(sent.message.method, stun::Method::send);
  EXPECT_EQ(sent.message.peer, peer);
  EXPECT_EQ(as_text(*sent.message.data), "hello");
  EXPECT_FALSE(sent.has_integrity);
  EXPECT_TRUE(wrap(peer, ByteVector(70000), bench.rng).empty());
}

}  // namespace
}  // namespace culver::ice::turn::test
