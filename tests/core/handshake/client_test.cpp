// The client's side, state by state: what each event does, and that nothing else does anything.
#include "core/handshake/client.hpp"

#include <gtest/gtest.h>

#include "tests/support/handshake.hpp"

namespace culver::handshake::client {
namespace {

using namespace std::chrono_literals;
using wire::gateway::ServerHello;
using wire::gateway::SessionEstablished;

class GatewayClient : public testing::TestWithParam<unsigned> {
 protected:
  GatewayClient() : server(world, identity, GetParam()), client(world, account, {}, GetParam()) {}

  std::string name() const { return std::string(fsm::name_of(client.state)); }
  unsigned version() const { return GetParam(); }
  std::string server_hello() {
    if (server.sent.empty()) server.hear(client.hello);
    return server.sent.at(0);
  }
  std::string forged_hello() {
    return test::changed<ServerHello>(server_hello(),
                                      [](auto& m) { m.signature.data[0] ^= std::byte{1}; });
  }
  void reach_awaiting_established() { client.hear(server_hello()); }
  std::string greeting() {
    server.hear(client.sent.at(0).frame);
    server.admit();
    return server.greet();
  }
  void reach_established() {
    reach_awaiting_established();
    client.hear(greeting());
  }
  void expect_rejected(Fault fault) {
    EXPECT_EQ(name(), "Rejected");
    EXPECT_EQ(client.fault(), fault) << info(client.fault().value_or(Fault::internal)).name;
  }

  test::World world{1};
  const test::server::Identity identity = test::server_identity(1);
  const Account account = test::client_account(2);
  test::ServerEnd server;
  test::ClientEnd client;
};

INSTANTIATE_TEST_SUITE_P(Version, GatewayClient, testing::Values(1U, 2U));

// ---- AwaitingServerHello ------------------------------------------------------------------------

TEST_P(GatewayClient, BeginsWithAHello) {
  EXPECT_EQ(name(), "AwaitingServerHello");
  EXPECT_EQ(test::read_as<wire::gateway::ClientHello>(client.hello).version, version());
  EXPECT_TRUE(client.sent.empty());
}

TEST_P(GatewayClient, AnswersAServerHelloWithItsAuth) {
  reach_awaiting_established();
  EXPECT_EQ(name(), "AwaitingEstablished");
  ASSERT_EQ(client.sent.size(), 1U);
  EXPECT_EQ(client.sent[0].binary, version() == 2);
  EXPECT_EQ(client.in<AwaitingEstablished>()->proof.identity(), identity.key.verify_key());
  EXPECT_EQ(client.in<AwaitingEstablished>()->proof.version(), version());
}

TEST_P(GatewayClient, KeepsNothingOfAServerHelloThatIsNotSigned) {
  client.hear(forged_hello());
  EXPECT_EQ(name(), "AwaitingServerHello");
  EXPECT_TRUE(client.sent.empty());
  // The true one still counts.
  reach_awaiting_established();
  EXPECT_EQ(name(), "AwaitingEstablished");
}

TEST_P(GatewayClient, BearsSomeForgedHellosAndNoMore) {
  for (unsigned i = 0; i < forged_hellos; ++i) client.hear(forged_hello());
  EXPECT_EQ(name(), "AwaitingServerHello");
  client.hear(forged_hello());
  expect_rejected(Fault::server_not_authentic);
  EXPECT_TRUE(client.sent.empty());
}

TEST_P(GatewayClient, TakesTheServerThatItKnows) {
  client.pin.identity = identity.key.verify_key();
  client.pin.version = version();
  reach_established();
  EXPECT_EQ(name(), "Established");
}

TEST_P(GatewayClient, RefusesAnotherIdentityThanBefore) {
  client.pin.identity = test::signing_key(9).verify_key();
  client.hear(server_hello());
  expect_rejected(Fault::server_identity_changed);
  EXPECT_TRUE(client.sent.empty());
}

TEST_P(GatewayClient, RefusesAPointThatIsNotOnTheCurve) {
  // Signed by the server, so only the point is at fault.
  client.hear(test::changed<ServerHello>(server_hello(), [&](ServerHello& m) {
    m.ephemeral.value.data.back() ^= std::byte{1};
    m.ephemeral = wire::gateway::Hex<crypto::P256Public>::of(m.ephemeral.value);
    const auto& nonce = client.in<AwaitingServerHello>()->hello.nonce.text;
    const Digest digest = server_digest_v1(m.identity.text, m.ephemeral.text, nonce, m.nonce.text);
    m.signature = identity.key.sign(digest.data);
    m.version = 1;
  }));
  EXPECT_EQ(name(), "AwaitingServerHello");
  EXPECT_EQ(client.in<AwaitingServerHello>()->forged, 1U);
}

TEST_P(GatewayClient, RefusesAVersionThatItDidNotOffer) {
  client.hear(test::changed<ServerHello>(server_hello(), [](auto& m) { m.version = 3; }));
  EXPECT_EQ(name(), "AwaitingServerHello");
  EXPECT_EQ(client.in<AwaitingServerHello>()->forged, 1U);
}

/// Everything about it is the server's own and good, but for the version.
TEST_P(GatewayClient, RefusesAVersionThatItDidNotOfferWhoeverSignsIt) {
  const auto offered = test::read_as<wire::gateway::ClientHello>(client.hello);
  const auto signed_hello = [&](unsigned version) {
    auto& rng = world.random.rng();
    const auto ephemeral = crypto::p256_generate(rng);
    ServerHello m;
    m.ephemeral = wire::gateway::Hex<crypto::P256Public>::of(*crypto::p256_public_of(ephemeral));
    m.identity = {identity.key.verify_key(), identity.text};
    m.nonce = wire::gateway::Hex<wire::gateway::HandshakeNonce>::of(
        wire::gateway::HandshakeNonce{rng.bytes<32>()});
    m.version = version;
    m.client_version = offered.version;
    Transcript transcript;
    transcript.add_client_hello(client.hello);
    transcript.add_server_hello(m);
    const auto secret = crypto::p256_ecdh(ephemeral, offered.ephemeral.value.data);
    const auto keys = handshake_keys(*secret, transcript);
    m.signature = identity.key.sign(server_digest_v2(transcript).data);
    transcript.add(m.signature.data);
    m.confirmation = confirmation(keys.server_confirmation, transcript);
    return m;
  };
  for (const unsigned version : {0U, GetParam() + 1})
    client.feed(ServerHelloCame{signed_hello(version)});
  EXPECT_EQ(name(), "AwaitingServerHello");
  EXPECT_EQ(client.in<AwaitingServerHello>()->forged, 2U);
  client.feed(ServerHelloCame{signed_hello(2)});
  EXPECT_EQ(name(), GetParam() == 2 ? "AwaitingEstablished" : "AwaitingServerHello");
}

TEST_P(GatewayClient, IgnoresWhatIsNotForItBeforeTheHello) {
  client.hear("{\"type\":\"server_info\",\"serverId\":\"x\"}");
  client.hear("garbage");
  SessionEstablished early;
  early.device_text = print_uuid(account.device.data);
  client.hear(print(early));
  EXPECT_EQ(name(), "AwaitingServerHello");
  EXPECT_TRUE(client.sent.empty());
}

// ---- AwaitingEstablished ------------------------------------------------------------------------

TEST_P(GatewayClient, SendsItsAuthOnceHoweverManyHellosCome) {
  for (int i = 0; i < 10; ++i) client.hear(server_hello());
  EXPECT_EQ(client.sent.size(), 1U);
  EXPECT_EQ(name(), "AwaitingEstablished");
  client.hear(greeting());
  EXPECT_EQ(name(), "Established");
}

TEST_P(GatewayClient, IsEstablishedWhenTheServerSaysSo) {
  reach_established();
  ASSERT_EQ(name(), "Established");
  auto& ours = *client.in<Established>();
  auto& theirs = *server.in<test::server::Established>();
  EXPECT_EQ(ours.session.last_ack_device_seq, 7U);
  EXPECT_EQ(ours.proof.version(), version());
  ASSERT_EQ(ours.records.has_value(), version() == 2);
  if (!ours.records) return;
  EXPECT_EQ(theirs.records->in.open(ours.records->out.seal("up")), "up");
  EXPECT_EQ(ours.records->in.open(theirs.records->out.seal("down")), "down");
}

/// The greeting with other contents, sealed by the true server if it seals.
class Greeting : public GatewayClient {
 protected:
  void hear_changed(void (*change)(SessionEstablished&)) {
    reach_awaiting_established();
    server.hear(client.sent.at(0).frame);
    server.admit();
    auto& done = *server.in<test::server::Established>();
    done.greeting = test::changed<SessionEstablished>(done.greeting, change);
    client.hear(server.greet());
  }
};
INSTANTIATE_TEST_SUITE_P(Version, Greeting, testing::Values(1U, 2U));

TEST_P(Greeting, MustNameOurDevice) {
  hear_changed([](SessionEstablished& m) { m.device_text.back() ^= 1; });
  expect_rejected(Fault::bad_handshake);
}

TEST_P(Greeting, MustNameOurSessionInVersion2) {
  hear_changed([](SessionEstablished& m) {
    if (m.session) m.session->data[0] ^= std::byte{1};
  });
  if (version() == 2)
    expect_rejected(Fault::bad_handshake);
  else
    EXPECT_EQ(name(), "Established");
}

TEST_P(Greeting, MustNotLeaveTheSessionOutInVersion2) {
  hear_changed([](SessionEstablished& m) { m.session.reset(); });
  EXPECT_EQ(name(), version() == 2 ? "Rejected" : "Established");
}

TEST_P(GatewayClient, TakesNoFrameInTheClearForAGreetingInVersion2) {
  reach_awaiting_established();
  SessionEstablished forged;
  forged.device_text = print_uuid(account.device.data);
  if (auto& waiting = *client.in<AwaitingEstablished>(); waiting.session)
    forged.session = waiting.session;  // even if the forger knew it
  client.hear(print(forged));
  if (version() == 2)
    expect_rejected(Fault::not_authentic);
  else
    EXPECT_EQ(name(), "Established");  // what version 1 cannot prevent
}

TEST_P(GatewayClient, EndsOverARecordThatDoesNotOpen) {
  reach_awaiting_established();
  std::string frame = greeting();
  frame.back() = static_cast<char>(frame.back() ^ 1);
  client.hear(frame);
  if (version() == 2)
    expect_rejected(Fault::not_authentic);
  else
    EXPECT_EQ(name(), "AwaitingEstablished");  // not JSON any more: ignored
}

// ---- the end ------------------------------------------------------------------------------------

TEST_P(GatewayClient, WhatIsEstablishedIsNotChangedByAnything) {
  reach_established();
  world.now += 24h;
  client.tick();
  client.feed(ServerHelloCame{});
  client.feed(EstablishedCame{});
  client.feed(OtherFrame{Fault::not_authentic});
  EXPECT_EQ(name(), "Established");
  EXPECT_EQ(fsm::deadline_of(client.state), std::nullopt);
  EXPECT_EQ(client.sent.size(), 1U);
}

TEST_P(GatewayClient, WhatIsRejectedStaysRejected) {
  server_hello();
  world.now += 30s;
  client.tick();
  expect_rejected(Fault::gateway_timeout);
  client.hear(server_hello());
  client.feed(EstablishedCame{});
  client.feed(OtherFrame{Fault::not_authentic});
  client.tick();
  expect_rejected(Fault::gateway_timeout);
  EXPECT_TRUE(client.sent.empty());
}

// ---- time ---------------------------------------------------------------------------------------

TEST_P(GatewayClient, GivesUpAtItsDeadlineBeforeTheHello) {
  world.now += 30s - 1ns;
  client.tick();
  EXPECT_EQ(name(), "AwaitingServerHello");
  world.now += 1ns;
  client.tick();
  expect_rejected(Fault::gateway_timeout);
}

TEST_P(GatewayClient, GivesUpAtItsDeadlineBeforeTheGreeting) {
  world.now += 20s;
  reach_awaiting_established();
  world.now += 10s - 1ns;
  client.tick();
  EXPECT_EQ(name(), "AwaitingEstablished");
  world.now += 1ns;
  client.tick();
  expect_rejected(Fault::gateway_timeout);
}

TEST_P(GatewayClient, AHelloAtTheDeadlineIsTooLateEvenWithoutATick) {
  server_hello();
  world.now += 30s;
  client.hear(server_hello());
  expect_rejected(Fault::gateway_timeout);
  EXPECT_TRUE(client.sent.empty());
}

TEST_P(GatewayClient, AGreetingAtTheDeadlineIsTooLateEvenWithoutATick) {
  reach_awaiting_established();
  const std::string frame = greeting();
  world.now += 30s;
  client.hear(frame);
  expect_rejected(Fault::gateway_timeout);
}

TEST_P(GatewayClient, AnEmptyDeviceNameIsNone) {
  Account nameless = test::client_account(2);
  nameless.device_name = Plaintext("");
  test::ClientEnd other(world, nameless, {}, version());
  test::ServerEnd end(world, identity, version());
  end.hear(other.hello);
  other.hear(end.sent.at(0));
  end.hear(other.sent.at(0).frame);
  ASSERT_EQ(end.asked.size(), 1U);
  EXPECT_EQ(end.asked[0].device_name, std::nullopt);
}

}  // namespace
}  // namespace culver::handshake::client
