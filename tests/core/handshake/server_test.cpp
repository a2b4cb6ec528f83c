// The server's side, state by state: what each event does, and that nothing else does anything.
#include "core/handshake/server.hpp"

#include <gtest/gtest.h>

#include "tests/support/handshake.hpp"

namespace culver::handshake::server {
namespace {

using namespace std::chrono_literals;
using wire::gateway::ClientAuth;
using wire::gateway::ClientHello;
using wire::gateway::ServerHello;

/// A server, and an honest client to say the right things.
class GatewayServer : public testing::TestWithParam<unsigned> {
 protected:
  GatewayServer() : client(world, account, {}, GetParam()) {}

  std::string name() const { return std::string(fsm::name_of(server.state)); }
  unsigned version() const { return GetParam(); }
  std::string awaiting_auth() const {
    return version() == 1 ? "AwaitingAuth" : "AwaitingSealedAuth";
  }
  /// The frame with client_auth.
  std::string auth() {
    if (client.sent.empty()) client.hear(server.sent.at(0));
    return client.sent.at(0).frame;
  }
  void say_hello() { server.hear(client.hello); }
  void reach_checking() {
    say_hello();
    server.hear(auth());
  }
  void reach_established() {
    reach_checking();
    server.admit();
  }
  void expect_rejected(Fault fault) {
    EXPECT_EQ(name(), "Rejected");
    EXPECT_EQ(server.fault(), fault) << info(server.fault().value_or(Fault::internal)).name;
  }

  test::World world{1};
  const Identity identity = test::server_identity(1);
  const test::client::Account account = test::client_account(2);
  test::ServerEnd server{world, identity};
  test::ClientEnd client;
};

INSTANTIATE_TEST_SUITE_P(Version, GatewayServer, testing::Values(1U, 2U));

// ---- AwaitingHello ------------------------------------------------------------------------------

TEST_P(GatewayServer, AnswersAHello) {
  say_hello();
  EXPECT_EQ(name(), awaiting_auth());
  ASSERT_EQ(server.sent.size(), 1U);
  const auto hello = test::read_as<ServerHello>(server.sent[0]);
  EXPECT_EQ(hello.version, version());
  EXPECT_EQ(hello.confirmation.has_value(), version() == 2);
  EXPECT_EQ(hello.identity.text, identity.text);
}

TEST_P(GatewayServer, MarksAnAnswerThatCouldHaveBeenBetter) {
  say_hello();
  const auto said = test::read_as<ServerHello>(server.sent[0]);
  EXPECT_EQ(carries_downgrade_mark(said.nonce.value), version() == 1);
}

TEST_P(GatewayServer, DoesNotMarkWhenItSpeaksNothingBetter) {
  test::ServerEnd old(world, identity, 1);
  old.hear(client.hello);
  const auto said = test::read_as<ServerHello>(old.sent[0]);
  EXPECT_EQ(said.version, 1U);
  EXPECT_FALSE(carries_downgrade_mark(said.nonce.value));
}

TEST_P(GatewayServer, AnswersANewerClientInItsOwnNewestVersion) {
  server.hear(test::changed<ClientHello>(client.hello, [](auto& m) { m.version = 9; }));
  const auto said = test::read_as<ServerHello>(server.sent.at(0));
  EXPECT_EQ(said.version, 2U);
  EXPECT_EQ(said.client_version, 9U);
}

TEST_P(GatewayServer, MakesAnEphemeralKeyAndANonceForEachConnection) {
  say_hello();
  test::ServerEnd other(world, identity);
  other.hear(client.hello);
  const auto one = test::read_as<ServerHello>(server.sent.at(0));
  const auto two = test::read_as<ServerHello>(other.sent.at(0));
  EXPECT_NE(one.ephemeral, two.ephemeral);
  EXPECT_NE(one.nonce, two.nonce);
}

TEST_P(GatewayServer, RefusesAPointThatIsNotOnTheCurve) {
  server.hear(test::changed<ClientHello>(client.hello, [](auto& m) {
    m.ephemeral.value.data.back() ^= std::byte{1};
    m.ephemeral = wire::gateway::Hex<crypto::P256Public>::of(m.ephemeral.value);
  }));
  expect_rejected(Fault::bad_ephemeral_key);
  EXPECT_TRUE(server.sent.empty());
}

TEST_P(GatewayServer, TakesNoAuthBeforeAHello) {
  say_hello();
  const std::string early = auth();
  test::ServerEnd fresh(world, identity);
  fresh.hear(early);
  EXPECT_TRUE(fresh.asked.empty());
  if (version() == 2) {
    EXPECT_EQ(fresh.fault(), Fault::malformed);
    return;
  }
  // It was made for a connection that is lost; the hello of this one is on its way.
  test::ClientEnd again(world, account, {}, 1);
  fresh.hear(again.hello);
  again.hear(fresh.sent.at(0));
  fresh.hear(again.sent.at(0).frame);
  EXPECT_EQ(fresh.asked.size(), 1U);
}

TEST_P(GatewayServer, RefusesWhatItCannotRead) {
  server.hear("{\"type\":\"client_hello\"}");
  expect_rejected(Fault::bad_ephemeral_key);
}

TEST_P(GatewayServer, IsNotMovedByAnAnswerThatItDidNotAskFor) {
  server.feed(DeviceAnswer{test::admission_of(account.user)});
  EXPECT_EQ(name(), "AwaitingHello");
}

// ---- AwaitingAuth, AwaitingSealedAuth -----------------------------------------------------------

TEST_P(GatewayServer, AnswersTheSameHelloTheSameWay) {
  say_hello();
  const std::string unwrapped = [&] {
    const auto at = client.hello.find("\"payload\":") + 10;
    return client.hello.substr(at, client.hello.rfind('}') - at);
  }();
  server.hear(client.hello);
  server.hear(unwrapped);
  ASSERT_EQ(server.sent.size(), 3U);
  EXPECT_EQ(server.sent[1], server.sent[0]);
  EXPECT_EQ(server.sent[2], server.sent[0]);
  EXPECT_EQ(name(), awaiting_auth());
  server.hear(auth());
  EXPECT_EQ(name(), "CheckingDevice");
}

TEST_P(GatewayServer, AnotherHelloIsNotAnswered) {
  say_hello();
  test::ClientEnd other(world, account, {}, version());
  server.hear(other.hello);
  server.hear(test::changed<ClientHello>(client.hello, [](auto& m) { m.version += 1; }));
  EXPECT_EQ(server.sent.size(), 1U);
  if (version() == 2) return expect_rejected(Fault::handshake_out_of_order);
  // The session is of the first, and of nothing else.
  server.hear(auth());
  EXPECT_EQ(server.asked.size(), 1U);
}

TEST_P(GatewayServer, AnAuthForAnotherHelloOfTheConnectionIsNotTaken) {
  if (version() == 2) return;
  test::ServerEnd elsewhere(world, identity);
  test::ClientEnd other(world, account, {}, 1);
  elsewhere.hear(other.hello);
  other.hear(elsewhere.sent.at(0));
  say_hello();
  server.hear(other.hello);
  server.hear(other.sent.at(0).frame);
  EXPECT_TRUE(server.asked.empty());
}

TEST_P(GatewayServer, Version1PassesOverWhatAClientHadKept) {
  say_hello();
  for (const auto* frame : {R"({"type":"ack","payload":{"device_seq":1}})", "garbage", "[1]",
                            R"({"type":"replay_request"})", R"({"type":"client_auth"})"})
    server.hear(frame);
  if (version() == 2) {
    EXPECT_EQ(name(), "Rejected");
    return;
  }
  server.hear(auth());
  EXPECT_EQ(name(), "CheckingDevice");
}

TEST_P(GatewayServer, ThereIsAnEndToWhatIsPassedOver) {
  if (version() == 2) return;
  say_hello();
  for (std::uint32_t i = 0; i < most_overlooked; ++i) server.hear(i % 2 ? "{}" : client.hello);
  EXPECT_EQ(name(), "AwaitingAuth");
  server.hear(client.hello);
  expect_rejected(Fault::handshake_out_of_order);
}

TEST_P(GatewayServer, ThereIsAnEndToSignaturesThatAreWrong) {
  if (version() == 2) return;
  say_hello();
  ClientAuth forged;
  forged.user = wire::gateway::Hex<UserId>::of(account.user);
  forged.device_text = print_uuid(account.device.data);
  forged.signature = test::signing_key(3).sign({});
  for (std::uint32_t i = 0; i < most_overlooked_auths; ++i) server.feed(AuthCame{forged});
  EXPECT_EQ(name(), "AwaitingAuth");
  server.feed(AuthCame{forged});
  expect_rejected(Fault::client_not_authentic);
}

TEST_P(GatewayServer, TheCloseSaysWhatWasWrongWithTheAuth) {
  if (version() == 2) return;
  say_hello();
  server.hear(R"({"type":"client_auth","user_id":"nobody"})");
  server.hear(R"({"type":"ack","payload":{"device_seq":1}})");
  world.now += 30s;
  server.tick();
  expect_rejected(Fault::bad_user_id);
}

TEST_P(GatewayServer, AsksTheDirectoryOnceTheClientIsProven) {
  reach_checking();
  EXPECT_EQ(name(), "CheckingDevice");
  ASSERT_EQ(server.asked.size(), 1U);
  EXPECT_EQ(server.asked[0].key, account.user);
  EXPECT_EQ(server.asked[0].device, account.device);
  EXPECT_EQ(server.asked[0].device_name, account.device_name);
  EXPECT_EQ(server.asked[0].device_type, account.device_type);
  EXPECT_FALSE(wants_input(server.state));
}

TEST_P(GatewayServer, TakesNoGarbageInsteadOfAnAuth) {
  say_hello();
  server.hear("garbage");
  EXPECT_EQ(name(), version() == 1 ? "AwaitingAuth" : "Rejected");
  EXPECT_TRUE(server.asked.empty());
}

TEST_P(GatewayServer, IsNotMovedByAnAnswerBeforeTheAuth) {
  say_hello();
  server.feed(DeviceAnswer{test::admission_of(account.user)});
  server.feed(DeviceAnswer{fail(Fault::device_revoked)});
  EXPECT_EQ(name(), awaiting_auth());
}

TEST_P(GatewayServer, RefusesAnAuthThatAnotherKeySigned) {
  say_hello();
  ClientAuth forged;
  forged.user = wire::gateway::Hex<UserId>::of(account.user);
  forged.device_text = print_uuid(account.device.data);
  forged.signature = test::signing_key(3).sign({});
  server.feed(AuthCame{forged});
  EXPECT_TRUE(server.asked.empty());
  world.now += 30s;  // version 1 waits for a better one
  server.tick();
  expect_rejected(Fault::client_not_authentic);
}

// ---- CheckingDevice -----------------------------------------------------------------------------

TEST_P(GatewayServer, EstablishesWhatTheDirectoryAdmits) {
  reach_established();
  ASSERT_EQ(name(), "Established");
  auto& done = *server.in<Established>();
  EXPECT_EQ(done.proof.key(), account.user);
  EXPECT_EQ(done.device, account.device);
  EXPECT_EQ(done.records.has_value(), version() == 2);
  const auto said = test::read_as<wire::gateway::SessionEstablished>(done.greeting);
  EXPECT_EQ(said.device_text, print_uuid(account.device.data));
  EXPECT_EQ(said.last_ack_device_seq, 7U);
  EXPECT_EQ(said.cursor, 11U);
  EXPECT_EQ(said.user, account.user);
  EXPECT_EQ(said.session.has_value(), version() == 2);
  EXPECT_TRUE(wants_input(server.state));
}

/// A device may be linked to an account that another key has founded.
TEST_P(GatewayServer, GreetsWithTheAccountThatTheDirectoryNames) {
  reach_checking();
  const auto another = test::client_account(9).user;
  server.feed(DeviceAnswer{test::admission_of(another)});
  auto* done = server.in<Established>();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->proof.key(), account.user);
  EXPECT_EQ(test::read_as<wire::gateway::SessionEstablished>(done->greeting).user, another);
}

TEST_P(GatewayServer, RefusesWhatTheDirectoryRefuses) {
  for (const Fault why : {Fault::device_revoked, Fault::device_of_another, Fault::directory_failed,
                          Fault::too_many_sessions}) {
    test::ServerEnd other(world, identity);
    test::ClientEnd peer(world, account, {}, version());
    other.hear(peer.hello);
    peer.hear(other.sent.at(0));
    other.hear(peer.sent.at(0).frame);
    other.feed(DeviceAnswer{fail(why)});
    EXPECT_EQ(other.fault(), why);
  }
}

TEST_P(GatewayServer, RefusesToBeTalkedToWhileItAsks) {
  // An owner that holds frames back never does this.
  reach_checking();
  server.hear(client.hello);
  expect_rejected(Fault::handshake_out_of_order);
}

TEST_P(GatewayServer, IgnoresASecondAnswer) {
  reach_established();
  server.feed(DeviceAnswer{fail(Fault::device_revoked)});
  EXPECT_EQ(name(), "Established");
}

// ---- the end ------------------------------------------------------------------------------------

TEST_P(GatewayServer, WhatIsEstablishedIsNotChangedByAnything) {
  reach_established();
  world.now += 24h;
  server.tick();
  server.hear(client.hello);
  server.hear(client.sent.at(0).frame);
  server.hear("garbage");
  server.feed(DeviceAnswer{fail(Fault::directory_failed)});
  EXPECT_EQ(name(), "Established");
  EXPECT_EQ(fsm::deadline_of(server.state), std::nullopt);
  EXPECT_EQ(server.sent.size(), 1U);
  EXPECT_EQ(server.asked.size(), 1U);
}

TEST_P(GatewayServer, WhatIsRejectedStaysRejected) {
  server.hear("garbage");
  const auto why = server.fault();
  world.now += 24h;
  server.tick();
  server.hear(client.hello);
  server.feed(DeviceAnswer{test::admission_of(account.user)});
  EXPECT_EQ(server.fault(), why);
  EXPECT_TRUE(server.sent.empty());
}

// ---- time ---------------------------------------------------------------------------------------

TEST_P(GatewayServer, EndsAtItsDeadlineInEveryStateThatWaits) {
  const auto rejects_at_deadline = [&](auto reach) {
    test::ServerEnd end(world, identity);
    test::ClientEnd peer(world, account, {}, version());
    const TimePoint deadline = world.now + 30s;
    reach(end, peer);
    world.now = deadline - 1ns;
    end.tick();
    EXPECT_FALSE(end.fault()) << fsm::name_of(end.state);
    EXPECT_EQ(fsm::deadline_of(end.state), deadline);  // from the connection, whatever was said
    world.now = deadline;
    end.tick();
    EXPECT_EQ(end.fault(), Fault::gateway_timeout);
  };
  rejects_at_deadline([](auto&, auto&) {});
  rejects_at_deadline([&](auto& end, auto& peer) {
    world.now += 20s;
    end.hear(peer.hello);
  });
  rejects_at_deadline([&](auto& end, auto& peer) {
    world.now += 10s;
    end.hear(peer.hello);
    peer.hear(end.sent.at(0));
    world.now += 10s;
    end.hear(peer.sent.at(0).frame);
  });
}

TEST_P(GatewayServer, AHelloAtTheDeadlineIsTooLateEvenWithoutATick) {
  world.now += 30s;
  say_hello();
  expect_rejected(Fault::gateway_timeout);
  EXPECT_TRUE(server.sent.empty());
}

TEST_P(GatewayServer, AnAuthAtTheDeadlineIsTooLateEvenWithoutATick) {
  say_hello();
  const std::string frame = auth();
  world.now += 30s;
  server.hear(frame);
  expect_rejected(Fault::gateway_timeout);
  EXPECT_TRUE(server.asked.empty());
}

TEST_P(GatewayServer, ARepeatedHelloAtTheDeadlineIsTooLateEvenWithoutATick) {
  say_hello();
  world.now += 30s;
  say_hello();
  expect_rejected(Fault::gateway_timeout);
}

TEST_P(GatewayServer, AnAnswerAtTheDeadlineIsTooLateEvenWithoutATick) {
  reach_checking();
  world.now += 30s;
  server.admit();
  expect_rejected(Fault::gateway_timeout);
}

TEST_P(GatewayServer, AnAnswerAfterTheDeadlineIsIgnored) {
  reach_checking();
  world.now += 30s;
  server.tick();
  server.admit();
  expect_rejected(Fault::gateway_timeout);
}

TEST_P(GatewayServer, CompletionJustBeforeTheDeadlineStands) {
  reach_checking();
  world.now += 30s - 1ns;
  server.admit();
  world.now += 1ns;
  server.tick();
  EXPECT_EQ(name(), "Established");
}

// ---- version 2 only -----------------------------------------------------------------------------

TEST(GatewayServerSealed, RefusesAnAuthInTheClear) {
  test::World world(1);
  const auto identity = test::server_identity(1);
  const auto account = test::client_account(2);
  test::ServerEnd server(world, identity), old(world, identity, 1);
  test::ClientEnd client(world, account), clear(world, account, {}, 1);
  old.hear(clear.hello);
  clear.hear(old.sent.at(0));
  server.hear(client.hello);
  server.hear(clear.sent.at(0).frame);
  EXPECT_EQ(server.fault(), Fault::handshake_out_of_order);
}

TEST(GatewayServerSealed, RefusesASealedHello) {
  test::World world(1);
  const auto identity = test::server_identity(1);
  const auto account = test::client_account(2);
  test::ServerEnd server(world, identity);
  test::ClientEnd client(world, account);
  server.hear(client.hello);
  server.in<AwaitingSealedAuth>()->opener = RecordOpener(Secret<32>());
  server.hear(RecordSealer(Secret<32>()).seal(client.hello));
  EXPECT_EQ(server.fault(), Fault::handshake_out_of_order);
}

TEST(GatewayServerSealed, RefusesARecordThatDoesNotOpen) {
  test::World world(1);
  const auto identity = test::server_identity(1);
  const auto account = test::client_account(2);
  test::ServerEnd server(world, identity);
  test::ClientEnd client(world, account);
  server.hear(client.hello);
  client.hear(server.sent.at(0));
  std::string record = client.sent.at(0).frame;
  record.back() = static_cast<char>(record.back() ^ 1);
  server.hear(record);
  EXPECT_EQ(server.fault(), Fault::not_authentic);
}

}  // namespace
}  // namespace culver::handshake::server
