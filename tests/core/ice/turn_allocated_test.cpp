#include "core/ice/turn.hpp"
#include "tests/core/ice/turn_support.hpp"

namespace culver::ice::turn::test {
namespace {

using stun::Method;

const Endpoint bob = at("192.0.2.1", 4001);
const Endpoint bob_again = at("192.0.2.1", 4002);
const Endpoint carol = at("192.0.2.2", 4001);

Endpoint peer_number(std::size_t i) {
  return Endpoint::v4({std::byte{10}, std::byte{0}, std::byte{0}, static_cast<std::byte>(i)}, 9);
}

// ---- the allocation -----------------------------------------------------------------------------

/// How long after `bench` was allocated the first Refresh goes out.
Duration refreshed_after(Allocation& bench) {
  const auto start = bench.env.now;
  bench.env.now = *bench.client.deadline();
  bench.say(Tick{});
  EXPECT_EQ(bench.last_sent().method, Method::refresh);
  EXPECT_EQ(bench.last_sent().lifetime, std::nullopt);
  return bench.env.now - start;
}

TEST(TurnAllocated, IsRefreshedAMinuteBeforeItsEnd) {
  Allocation bench;
  EXPECT_EQ(refreshed_after(bench), 9min);
  EXPECT_TRUE(bench.exchange().empty());
  EXPECT_EQ(refreshed_after(bench), 9min);
}

TEST(TurnAllocated, AShortLifetimeIsRefreshedAfterHalfOfIt) {
  Allocation bench;
  bench.server.lifetime = 60;
  refreshed_after(bench);
  bench.exchange();
  EXPECT_EQ(refreshed_after(bench), 30s);
}

TEST(TurnAllocated, ALifetimeIsTenMinutesUnlessToldAndOneHourAtMost) {
  Allocation bench;
  bench.server.lifetime.reset();
  refreshed_after(bench);
  bench.exchange();
  EXPECT_EQ(refreshed_after(bench), 9min);
  bench.server.lifetime = 0xffffffff;
  bench.exchange();
  EXPECT_EQ(refreshed_after(bench), 59min);
}

TEST(TurnAllocated, NoLifetimeAtAllIsTheEnd) {
  Allocation bench;
  bench.server.lifetime = 0;
  refreshed_after(bench);
  expect_lost(bench.exchange(), bench.client, Fault::relay_refused);
  Bench never;
  never.server.lifetime = 0;
  expect_lost(never.exchange(), never.client, Fault::relay_refused);
}

TEST(TurnAllocated, LivesForHours) {
  Allocation bench;
  bench.permit(bob);
  bench.bind(bob);
  EXPECT_TRUE(bench.pass(5h).empty());
  EXPECT_EQ(bench.client.state(), "Allocated");
  EXPECT_EQ(bench.server.requests(Method::refresh).size(), 33u);            // each 9 min
  EXPECT_EQ(bench.server.requests(Method::create_permission).size(), 76u);  // each 4 min
  EXPECT_EQ(bench.server.requests(Method::channel_bind).size(), 34u);       // each 9 min
}

TEST(TurnAllocated, ASilentServerIsAskedUntilTheLifetimeEnds) {
  Allocation bench;
  bench.server.silent = true;
  EXPECT_TRUE(bench.pass(9min + 59s).empty());
  EXPECT_EQ(bench.client.state(), "Allocated");
  EXPECT_EQ(bench.server.requests(Method::refresh).size(), 30u);  // 5 in each of 6 times 10 s
  expect_lost(bench.pass(1s), bench.client, Fault::relay_silent);
}

TEST(TurnAllocated, AServerThatComesBackInTimeIsForgiven) {
  Allocation bench;
  bench.server.silent = true;
  bench.pass(9min + 30s);
  bench.server.silent = false;
  EXPECT_TRUE(bench.pass(1h).empty());
  EXPECT_EQ(bench.client.state(), "Allocated");
}

TEST(TurnAllocated, ARefreshThatIsRefusedIsTheEnd) {
  constexpr std::uint16_t codes[] = {400, 437, 441, 500};
  for (const auto code : codes) {
    Allocation bench;
    bench.server.refuses = code;
    expect_lost(bench.pass(10min), bench.client, Fault::relay_refused);
  }
}

TEST(TurnAllocated, CredentialsThatAreNoLongerGoodAreTheEnd) {
  Allocation bench;
  refreshed_after(bench);
  expect_lost(bench.hear(bench.server.challenge(bench.last_sent(), stun::unauthenticated)),
              bench.client, Fault::relay_refused);
}

TEST(TurnAllocated, AForgedAnswerIsIgnored) {
  Allocation bench;
  refreshed_after(bench);
  const auto refresh = bench.last_sent();
  EXPECT_TRUE(bench.hear(error_to(refresh, 437), "another secret").empty());
  EXPECT_TRUE(bench.hear_unsigned(error_to(refresh, 437)).empty());
  EXPECT_TRUE(bench.hear_unsigned(answer_to(refresh, stun::Class::success)).empty());
  EXPECT_EQ(bench.client.state(), "Allocated");
  EXPECT_EQ(bench.client.deadline(), bench.env.now + first_wait);  // the question still waits
}

TEST(TurnAllocated, ANonceThatGrewOldIsRenewedInMidLife) {
  Allocation bench;
  bench.permit(bob);
  bench.server.nonce = "second nonce";
  EXPECT_TRUE(bench.pass(5min).empty());
  EXPECT_EQ(bench.server.log.back().message.nonce, "second nonce");
  EXPECT_TRUE(bench.pass(1h).empty());
}

TEST(TurnAllocated, SeveralQuestionsWithAnOldNonceAreAllRepeated) {
  Allocation bench;
  bench.server.nonce = "second nonce";
  for (std::size_t i = 1; i <= 5; ++i) bench.say(Permit{peer_number(i)});
  EXPECT_EQ(all<Permitted>(bench.exchange()).size(), 5u);
  EXPECT_EQ(bench.server.requests(Method::create_permission).size(), 10u);
}

TEST(TurnAllocated, AServerThatFindsEveryNonceOldIsNotAskedForEver) {
  Allocation bench;
  bench.say(Permit{bob});
  std::size_t asked = 0;
  Effects told;
  for (; told.empty() && asked < 100; ++asked)
    told = bench.hear(bench.server.challenge(bench.last_sent(), stun::stale_nonce));
  EXPECT_EQ(asked, most_renewals + 1);
  EXPECT_EQ(all<Refused>(told).at(0).peer, bob);
  EXPECT_EQ(bench.client.state(), "Allocated");
}

TEST(TurnAllocated, IsGivenBack) {
  Allocation bench;
  bench.say(Close{});
  const auto last = heard(bench.sent.back());
  EXPECT_TRUE(last.authentic);
  EXPECT_EQ(last.message.method, Method::refresh);
  EXPECT_EQ(last.message.lifetime, 0u);
  EXPECT_TRUE(bench.client.ended());
}

// ---- permissions --------------------------------------------------------------------------------

TEST(TurnPermission, IsAskedForAndTold) {
  Allocation bench;
  EXPECT_TRUE(bench.say(Permit{bob}).empty());
  const auto request = heard(bench.sent.at(0));
  EXPECT_TRUE(request.authentic);
  EXPECT_EQ(request.message.method, Method::create_permission);
  EXPECT_EQ(request.message.peer, bob);
  const auto told = bench.exchange();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(all<Permitted>(told).at(0).peer, bob);
}

TEST(TurnPermission, IsRenewedAfterFourMinutesAndNotToldAgain) {
  Allocation bench;
  bench.permit(bob);
  EXPECT_TRUE(bench.pass(4min - 1ms).empty());
  EXPECT_EQ(bench.server.requests(Method::create_permission).size(), 1u);
  EXPECT_TRUE(bench.pass(1ms).empty());
  EXPECT_EQ(bench.server.requests(Method::create_permission).size(), 2u);
  EXPECT_TRUE(bench.pass(4min).empty());
  EXPECT_EQ(bench.server.requests(Method::create_permission).size(), 3u);
}

TEST(TurnPermission, IsSharedByTheAddress) {
  Allocation bench;
  bench.say(Permit{bob});
  bench.say(Permit{bob_again});
  bench.say(Permit{bob});
  EXPECT_EQ(bench.sent.size(), 1u);
  EXPECT_EQ(all<Permitted>(bench.exchange()).size(), 2u);
  const auto third = bench.permit(bob.with_port(7));
  EXPECT_EQ(all<Permitted>(third).size(), 1u);
  EXPECT_EQ(bench.server.requests(Method::create_permission).size(), 1u);
}

TEST(TurnPermission, ThatIsRefusedIsToldForEachPeer) {
  Allocation bench;
  bench.server.forbidden = {bob};
  bench.say(Permit{bob});
  bench.say(Permit{bob_again});
  EXPECT_EQ(all<Refused>(bench.exchange()).size(), 2u);
  EXPECT_EQ(all<Permitted>(bench.permit(carol)).size(), 1u);
  bench.server.forbidden.clear();
  EXPECT_EQ(all<Permitted>(bench.permit(bob)).size(), 1u);  // asked again
}

TEST(TurnPermission, IsTakenAwayWithItsRenewal) {
  Allocation bench;
  bench.permit(bob);
  bench.server.forbidden = {bob};
  EXPECT_EQ(all<Refused>(bench.pass(4min)).size(), 1u);
  EXPECT_EQ(bench.client.state(), "Allocated");
}

TEST(TurnPermission, ThatIsNotAnsweredIsRefused) {
  Allocation bench;
  bench.server.silent = true;
  bench.permit(bob);
  EXPECT_TRUE(bench.pass(10s - 1ms).empty());
  EXPECT_EQ(bench.server.requests(Method::create_permission).size(), most_sends);
  EXPECT_EQ(all<Refused>(bench.pass(1ms)).at(0).peer, bob);
}

TEST(TurnPermission, WhoseRenewalIsNotAnsweredHoldsUntilItsEnd) {
  Allocation bench;
  bench.permit(bob);
  bench.server.silent = true;
  EXPECT_TRUE(bench.pass(5min - 1ms).empty());
  EXPECT_EQ(all<Refused>(bench.pass(1ms)).at(0).peer, bob);
}

TEST(TurnPermission, IsNotToBeHadForTheOtherFamily) {
  Allocation bench;
  EXPECT_EQ(all<Refused>(bench.say(Permit{at("2001:db8::2", 1)})).size(), 1u);
  EXPECT_EQ(all<Refused>(bench.say(Bind{at("2001:db8::2", 1)})).size(), 1u);
  EXPECT_TRUE(bench.sent.empty());
}

TEST(TurnPermission, ABoundedNumberIsInFlight) {
  Allocation bench;
  for (std::size_t i = 1; i <= 20; ++i) bench.say(Permit{peer_number(i)});
  EXPECT_EQ(bench.sent.size(), most_in_flight);
  EXPECT_GT(*bench.client.deadline(), bench.env.now);
  EXPECT_EQ(all<Permitted>(bench.exchange()).size(), 20u);
}

TEST(TurnPermission, ThoseThatWaitGetTheirTurnWhenOthersAreGivenUp) {
  Allocation bench;
  for (std::size_t i = 1; i <= 9; ++i) bench.say(Permit{peer_number(i)});
  bench.sent.clear();
  const auto start = bench.env.now;
  while (bench.env.now < start + patience) {
    bench.env.now = *bench.client.deadline();
    bench.say(Tick{});
  }
  EXPECT_EQ(all<Refused>(bench.told).size(), most_in_flight);
  bench.sent.erase(bench.sent.begin(), bench.sent.end() - 1);
  EXPECT_EQ(all<Permitted>(bench.exchange()).at(0).peer, peer_number(9));
}

TEST(TurnPermission, ABoundedNumberOfPeersIsServed) {
  Allocation bench;
  for (std::size_t i = 0; i < most_peers; ++i)
    EXPECT_TRUE(all<Refused>(bench.permit(peer_number(i))).empty());
  EXPECT_EQ(all<Refused>(bench.say(Permit{carol})).size(), 1u);
  EXPECT_EQ(all<Refused>(bench.say(Permit{peer_number(3).with_port(1)})).size(), 1u);
  EXPECT_TRUE(bench.say(Permit{peer_number(3)}).empty());  // it has it
}

// ---- channels -----------------------------------------------------------------------------------

TEST(TurnChannel, IsBoundInOrder) {
  Allocation bench;
  bench.permit(bob);
  const auto told = bench.bind(bob);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(all<Bound>(told).at(0).peer, bob);
  EXPECT_EQ(all<Bound>(told).at(0).channel, 0x4000);
  EXPECT_EQ(all<Bound>(bench.bind(bob_again)).at(0).channel, 0x4001);
  EXPECT_EQ(all<Bound>(bench.bind(bob)).at(0).channel, 0x4000);  // told again, not asked again
  EXPECT_EQ(bench.server.requests(Method::channel_bind).size(), 2u);
}

TEST(TurnChannel, BringsItsPermission) {
  Allocation bench;
  const auto told = bench.bind(bob);
  EXPECT_EQ(all<Permitted>(told).size(), 1u);
  EXPECT_EQ(all<Bound>(told).size(), 1u);
}

TEST(TurnChannel, IsKnownByItsNumberFromTheQuestionOn) {
  Allocation bench;
  EXPECT_EQ(bench.client.peer_of_channel(0x4000), std::nullopt);
  bench.say(Bind{bob});
  EXPECT_EQ(bench.client.peer_of_channel(0x4000), bob);
  EXPECT_EQ(bench.client.peer_of_channel(0x4001), std::nullopt);
  EXPECT_EQ(bench.client.peer_of_channel(0x3fff), std::nullopt);
  EXPECT_EQ(bench.client.peer_of_channel(0), std::nullopt);
  EXPECT_EQ(bench.client.peer_of_channel(0xffff), std::nullopt);
  bench.say(Close{});
  EXPECT_EQ(bench.client.peer_of_channel(0x4000), std::nullopt);
}

TEST(TurnChannel, IsRenewedAfterNineMinutesUnderItsNumber) {
  Allocation bench;
  bench.bind(bob);
  EXPECT_TRUE(bench.pass(9min - 1ms).empty());
  EXPECT_EQ(bench.server.requests(Method::channel_bind).size(), 1u);
  EXPECT_TRUE(bench.pass(1ms).empty());
  const auto requests = bench.server.requests(Method::channel_bind);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].channel, 0x4000);
  EXPECT_EQ(requests[1].peer, bob);
}

TEST(TurnChannel, ThatIsRefusedMayBeAskedForAgain) {
  Allocation bench;
  bench.permit(bob);
  bench.server.refuses = 508;
  EXPECT_EQ(all<Refused>(bench.bind(bob)).size(), 1u);
  EXPECT_TRUE(bench.pass(1min).empty());
  bench.server.refuses.reset();
  EXPECT_EQ(all<Bound>(bench.bind(bob)).at(0).channel, 0x4000);
}

TEST(TurnChannel, ThatIsNotAnsweredIsRefused) {
  Allocation bench;
  bench.permit(bob);
  bench.server.silent = true;
  bench.bind(bob);
  EXPECT_TRUE(bench.pass(10s - 1ms).empty());
  EXPECT_EQ(all<Refused>(bench.pass(1ms)).at(0).peer, bob);
}

TEST(TurnChannel, ThereIsABoundedNumber) {
  Allocation bench;
  for (std::size_t i = 0; i < most_channels; ++i)
    EXPECT_EQ(all<Bound>(bench.bind(peer_number(i))).size(), 1u);
  EXPECT_EQ(all<Refused>(bench.bind(carol)).at(0).peer, carol);
}

// ---- data ---------------------------------------------------------------------------------------

stun::Message data_from(const Endpoint& peer, std::string_view text) {
  stun::Message message{};
  message.kind = stun::Class::indication;
  message.method = Method::data;
  message.peer = peer;
  message.data.emplace(as_bytes(text).begin(), as_bytes(text).end());
  return message;
}

TEST(TurnData, OfAPeerWhoseAddressIsPermittedIsUnwrapped) {
  Allocation bench;
  bench.permit(bob);
  const auto told = all<FromPeer>(bench.hear_unsigned(data_from(bob_again, "hello")));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].peer, bob_again);
  EXPECT_EQ(as_text(told[0].bytes), "hello");
}

TEST(TurnData, OfAnybodyElseIsNot) {
  Allocation bench;
  bench.permit(bob);
  EXPECT_TRUE(bench.hear_unsigned(data_from(carol, "hello")).empty());
  auto without_peer = data_from(bob, "hello");
  without_peer.peer.reset();
  EXPECT_TRUE(bench.hear_unsigned(without_peer).empty());
  auto without_data = data_from(bob, "hello");
  without_data.data.reset();
  EXPECT_TRUE(bench.hear_unsigned(without_data).empty());
  auto outgoing = data_from(bob, "hello");
  outgoing.method = Method::send;
  EXPECT_TRUE(bench.hear_unsigned(outgoing).empty());
  auto request = data_from(bob, "hello");
  request.kind = stun::Class::request;
  EXPECT_TRUE(bench.hear_unsigned(request).empty());
  EXPECT_EQ(all<FromPeer>(bench.hear_unsigned(data_from(bob, ""))).size(), 1u);
}

TEST(TurnData, OfAPeerThatWasTakenAwayIsNot) {
  Allocation bench;
  bench.permit(bob);
  bench.server.forbidden = {bob};
  bench.pass(4min);
  EXPECT_TRUE(bench.hear_unsigned(data_from(bob, "hello")).empty());
}

TEST(TurnData, BeforeThereIsARelayIsNot) {
  Bench bench;
  EXPECT_TRUE(bench.hear_unsigned(data_from(bob, "hello")).empty());
}

}  // namespace
}  // namespace culver::ice::turn::test
