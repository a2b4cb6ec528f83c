// What docs/protocol/gateway.md claims of the handshake: each claim with a test that it holds, and
// with the attack that it is made against, carried out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/handshake.hpp"

namespace culver::handshake {
namespace {

using test::changed;
using test::ClientEnd;
using test::read_as;
using test::ServerEnd;
using testing::HasSubstr;
using testing::Not;
using wire::gateway::ClientAuth;
using wire::gateway::ClientHello;
using wire::gateway::ServerHello;

/// Alice, her server, and Eve between them, who also runs a server and has an account of her own.
class Claims : public testing::Test {
 protected:
  /// Carries every frame as it is.
  void complete(ClientEnd& client, ServerEnd& server) {
    server.hear(client.hello);
    client.hear(server.sent.at(0));
    server.hear(client.sent.at(0).frame);
    server.admit();
    client.hear(server.greet());
  }
  static bool refuses(ClientEnd& client) {
    return client.sent.empty() && !client.in<client::AwaitingEstablished>();
  }
  static bool refuses(ServerEnd& server) { return server.fault() && server.asked.empty(); }
  client::Pin known() const { return {identity.key.verify_key(), 2}; }

  test::World world{1};
  const server::Identity identity = test::server_identity(1);
  const client::Account alice = test::client_account(2);
  const server::Identity eves_server = test::server_identity(3);
  const client::Account eve = test::client_account(4);
};

/// A client by hand, which can do every step of version 2 otherwise than it should.
struct Handmade {
  explicit Handmade(test::World& world) : random(world.random) {
    ephemeral = crypto::p256_generate(random.rng());
    hello.ephemeral =
        wire::gateway::Hex<crypto::P256Public>::of(*crypto::p256_public_of(ephemeral));
    hello.nonce = wire::gateway::Hex<wire::gateway::HandshakeNonce>::of({});
    hello.version = 2;
    frame = print(hello);
  }
  void read(const std::string& server_frame) {
    const auto said = read_as<ServerHello>(server_frame);
    transcript.add_client_hello(frame);
    transcript.add_server_hello(said);
    keys = handshake_keys(*crypto::p256_ecdh(ephemeral, said.ephemeral.value.data), transcript);
    transcript.add(said.signature.data).add(said.confirmation->data);
  }
  /// A client_auth for that account, signed by that key, over what this client has heard.
  ClientAuth sign(const UserId& user, const DeviceId& device, const crypto::SigningKey& key) {
    ClientAuth auth;
    auth.user = wire::gateway::Hex<UserId>::of(user);
    auth.device_text = print_uuid(device.data);
    auth.nonce2 = wire::gateway::Hex<wire::gateway::HandshakeNonce>::of({});
    transcript.add_client_auth(auth);
    auth.signature = key.sign(client_digest_v2(transcript).data);
    transcript.add(auth.signature.data);
    return auth;
  }
  std::string seal(const ClientAuth& auth) {
    return RecordSealer(Secret<32>(keys->client_auth.expose())).seal(print(auth));
  }

  test::SeededRng& random;
  crypto::P256Private ephemeral;
  ClientHello hello;
  std::string frame;
  Transcript transcript;
  std::optional<HandshakeKeys> keys;
};

/// A server by hand: signs, with any key, whatever it says, and confirms with the keys it has.
std::string handmade_hello(const std::string& client_frame, const ServerHello& said,
                           const crypto::SigningKey& key,
                           const std::optional<Secret<32>>& secret = {}) {
  ServerHello hello = said;
  Transcript transcript;
  transcript.add_client_hello(client_frame);
  transcript.add_server_hello(hello);
  hello.signature = key.sign(server_digest_v2(transcript).data);
  transcript.add(hello.signature.data);
  if (secret)
    hello.confirmation =
        confirmation(handshake_keys(*secret, transcript).server_confirmation, transcript);
  return print(hello);
}

// ---- mutual authentication ----------------------------------------------------------------------

TEST_F(Claims, MutualAuthentication) {
  ServerEnd server(world, identity);
  ClientEnd client(world, alice, known());
  complete(client, server);
  ASSERT_TRUE(client.in<client::Established>());
  EXPECT_EQ(client.in<client::Established>()->proof.identity(), identity.key.verify_key());
  EXPECT_EQ(server.in<server::Established>()->proof.key(), alice.user);
  EXPECT_EQ(server.in<server::Established>()->device, alice.device);
}

TEST_F(Claims, MutualAuthentication_AttackServerWithoutTheKey) {
  const server::Identity impostor{test::signing_key(3), identity.text};
  for (const unsigned version : {1U, 2U}) {
    ServerEnd server(world, impostor, version);
    ClientEnd client(world, alice, {identity.key.verify_key(), 1}, version);
    server.hear(client.hello);
    client.hear(server.sent.at(0));
    EXPECT_TRUE(refuses(client));
  }
}

TEST_F(Claims, MutualAuthentication_AttackClientWithoutTheKey) {
  const client::Account impostor{test::signing_key(4), alice.user, alice.device, {}, {}};
  for (const unsigned version : {1U, 2U}) {
    ServerEnd server(world, identity, version);
    ClientEnd client(world, impostor, {}, version);
    server.hear(client.hello);
    client.hear(server.sent.at(0));
    server.hear(client.sent.at(0).frame);
    EXPECT_TRUE(server.asked.empty());
    world.now += client::handshake_time;  // version 1 waits for a better one
    server.tick();
    EXPECT_TRUE(refuses(server));
    EXPECT_EQ(server.fault(), Fault::client_not_authentic);
  }
}

TEST_F(Claims, MutualAuthentication_AttackServerOfAnotherIdentity) {
  ServerEnd server(world, eves_server);
  ClientEnd client(world, alice, known());
  server.hear(client.hello);
  client.hear(server.sent.at(0));
  EXPECT_TRUE(refuses(client));
  EXPECT_EQ(client.fault(), Fault::server_identity_changed);
}

// ---- both ephemeral keys are covered ------------------------------------------------------------

std::string with_ephemeral_of(const std::string& hello, const ClientHello& other) {
  return changed<ClientHello>(hello, [&](ClientHello& m) { m.ephemeral = other.ephemeral; });
}

TEST_F(Claims, ManInTheMiddle_AttackSwappedClientEphemeral) {
  ServerEnd server(world, identity);
  ClientEnd client(world, alice, known());
  const Handmade mallory(world);
  server.hear(with_ephemeral_of(client.hello, mallory.hello));
  client.hear(server.sent.at(0));
  EXPECT_TRUE(refuses(client));
}

/// What version 1 cannot notice, and the reason for version 2.
TEST_F(Claims, ManInTheMiddle_Version1DoesNotNotice) {
  ServerEnd server(world, identity, 1);
  ClientEnd client(world, alice, {}, 1);
  const Handmade mallory(world);
  server.hear(with_ephemeral_of(client.hello, mallory.hello));
  client.hear(server.sent.at(0));
  EXPECT_TRUE(client.in<client::AwaitingEstablished>());
}

TEST_F(Claims, ManInTheMiddle_AttackSwappedServerEphemeral) {
  ServerEnd server(world, identity);
  ClientEnd client(world, alice, known());
  const Handmade mallory(world);
  server.hear(client.hello);
  client.hear(changed<ServerHello>(server.sent.at(0),
                                   [&](ServerHello& m) { m.ephemeral = mallory.hello.ephemeral; }));
  EXPECT_TRUE(refuses(client));
}

TEST_F(Claims, ManInTheMiddle_AttackAnyFieldOfTheHelloChanged) {
  const auto with = [&](auto change) {
    ServerEnd server(world, identity);
    ClientEnd client(world, alice, known());
    server.hear(client.hello);
    client.hear(changed<ServerHello>(server.sent.at(0), change));
    return refuses(client);
  };
  EXPECT_FALSE(with([](auto&) {}));
  EXPECT_TRUE(with([](auto& m) { m.nonce.text[0] = m.nonce.text[0] == '0' ? '1' : '0'; }));
  EXPECT_TRUE(with([](auto& m) { m.client_version = 1; }));
  EXPECT_TRUE(with([](auto& m) { m.version = 1; }));
  EXPECT_TRUE(with([](auto& m) { m.signature.data[40] ^= std::byte{1}; }));
  EXPECT_TRUE(with([](auto& m) { m.confirmation->data[0] ^= std::byte{1}; }));
  EXPECT_TRUE(with([](auto& m) { m.confirmation.reset(); }));
}

// ---- forward secrecy ----------------------------------------------------------------------------

TEST_F(Claims, ForwardSecrecy) {
  // The keys of a session come from what was made for it: two of the same parties share nothing.
  ServerEnd server(world, identity), later_server(world, identity);
  ClientEnd client(world, alice), later(world, alice);
  complete(client, server);
  complete(later, later_server);
  const std::string record = client.in<client::Established>()->records->out.seal("then");
  EXPECT_FALSE(later_server.in<server::Established>()->records->in.open(record));
  EXPECT_EQ(server.in<server::Established>()->records->in.open(record), "then");
}

TEST_F(Claims, ForwardSecrecy_AttackBothLongTermKeysLearntLater) {
  ServerEnd server(world, identity);
  ClientEnd client(world, alice);
  const Secret<32> ephemeral(client.in<client::AwaitingServerHello>()->ephemeral.expose());
  complete(client, server);
  // Eve has recorded every frame, and later learns the seeds of both: all that lasts.
  Transcript heard;
  const auto said = read_as<ServerHello>(server.sent.at(0));
  heard.add_client_hello(client.hello);
  heard.add_server_hello(said);
  const auto opens_with = [&](const Secret<32>& scalar, const crypto::P256Public& point) {
    HandshakeKeys keys = handshake_keys(*crypto::p256_ecdh(scalar, point.data), heard);
    return RecordOpener(std::move(keys.client_auth)).open(client.sent.at(0).frame).has_value();
  };
  for (const int seed : {1, 2}) {
    Secret<32> lasting;
    for (auto& byte : lasting.expose_to_fill()) byte = static_cast<std::byte>(seed);
    EXPECT_FALSE(opens_with(lasting, read_as<ClientHello>(client.hello).ephemeral.value));
    EXPECT_FALSE(opens_with(lasting, said.ephemeral.value));
  }
  // The way is right: with what was made for this handshake, and is gone, she could.
  EXPECT_TRUE(opens_with(ephemeral, said.ephemeral.value));
}

// ---- no unknown key share -----------------------------------------------------------------------

TEST_F(Claims, NoUnknownKeyShare) {
  ServerEnd server(world, identity);
  ClientEnd client(world, alice, known());
  complete(client, server);
  auto& ours = *client.in<client::Established>();
  auto& theirs = *server.in<server::Established>();
  const auto greeting = read_as<wire::gateway::SessionEstablished>(theirs.greeting);
  EXPECT_EQ(ours.session.session, greeting.session);
  EXPECT_EQ(ours.proof.identity(), identity.key.verify_key());
  EXPECT_EQ(theirs.proof.key(), alice.user);
}

TEST_F(Claims, NoUnknownKeyShare_AttackAuthRelayedToAnotherServer) {
  // Alice means to speak with Eve's server, and Eve hands her auth on to the true one.
  ServerEnd evil(world, eves_server), server(world, identity);
  ClientEnd client(world, alice);
  evil.hear(client.hello);
  client.hear(evil.sent.at(0));
  const auto event = server::read(evil.state, client.sent.at(0).frame);
  const ClientAuth auth = std::get<server::AuthCame>(event).message;

  Handmade relay(world);
  server.hear(relay.frame);
  relay.read(server.sent.at(0));
  server.hear(relay.seal(auth));
  EXPECT_TRUE(refuses(server));
  EXPECT_EQ(server.fault(), Fault::client_not_authentic);
}

TEST_F(Claims, NoUnknownKeyShare_AttackHelloOfTheServerUnderAnotherName) {
  // Eve passes the keys of the true server off as her own server's. She can sign as herself, but
  // she cannot confirm keys that she does not have.
  ServerEnd server(world, identity);
  ClientEnd client(world, alice);
  server.hear(client.hello);
  auto said = read_as<ServerHello>(server.sent.at(0));
  said.identity = {eves_server.key.verify_key(), eves_server.text};
  client.hear(handmade_hello(client.hello, said, eves_server.key));
  EXPECT_TRUE(refuses(client));
}

TEST_F(Claims, NoUnknownKeyShare_AttackAuthSignedByAnotherOverTheSameKeys) {
  // Eve, without the keys, puts her own auth in the place of Alice's.
  ServerEnd server(world, identity);
  ClientEnd client(world, alice);
  Handmade hers(world);
  ServerEnd other(world, identity);
  other.hear(hers.frame);
  hers.read(other.sent.at(0));
  server.hear(client.hello);
  server.hear(hers.seal(hers.sign(eve.user, eve.device, eve.key)));
  EXPECT_TRUE(refuses(server));
  EXPECT_EQ(server.fault(), Fault::not_authentic);
}

// ---- key compromise impersonation ---------------------------------------------------------------

TEST_F(Claims, KeyCompromise) {
  // Who has Alice's key can be Alice to the server. That, and no more, is lost with it.
  const client::Account thief{test::signing_key(2), alice.user, alice.device, {}, {}};
  ServerEnd server(world, identity);
  ClientEnd client(world, thief);
  complete(client, server);
  EXPECT_EQ(server.in<server::Established>()->proof.key(), alice.user);
}

TEST_F(Claims, KeyCompromise_AttackServerImpersonatedWithTheKeyOfTheClient) {
  const server::Identity impostor{test::signing_key(2), identity.text};
  ServerEnd server(world, impostor);
  ClientEnd client(world, alice, known());
  server.hear(client.hello);
  client.hear(server.sent.at(0));
  EXPECT_TRUE(refuses(client));
}

TEST_F(Claims, KeyCompromise_AttackClientImpersonatedWithTheKeyOfTheServer) {
  const client::Account impostor{test::signing_key(1), alice.user, alice.device, {}, {}};
  ServerEnd server(world, identity);
  ClientEnd client(world, impostor);
  server.hear(client.hello);
  client.hear(server.sent.at(0));
  server.hear(client.sent.at(0).frame);
  EXPECT_TRUE(refuses(server));
}

// ---- downgrade ----------------------------------------------------------------------------------

std::string without_offer(const std::string& hello) {
  return changed<ClientHello>(hello, [](ClientHello& m) { m.version = 1; });
}

TEST_F(Claims, DowngradeNoticed_HonestOldPartiesAreServed) {
  ServerEnd old_server(world, identity, 1), server(world, identity);
  ClientEnd client(world, alice), old_client(world, alice, {}, 1);
  complete(client, old_server);
  complete(old_client, server);
  EXPECT_EQ(client.in<client::Established>()->proof.version(), 1U);
  EXPECT_EQ(old_client.in<client::Established>()->proof.version(), 1U);
}

TEST_F(Claims, DowngradeNoticed_AttackOfferTakenOut) {
  ServerEnd server(world, identity);
  ClientEnd client(world, alice);  // even if it never heard of this server before
  server.hear(without_offer(client.hello));
  client.hear(server.sent.at(0));
  EXPECT_TRUE(refuses(client));
  EXPECT_EQ(client.fault(), Fault::server_downgraded);
}

TEST_F(Claims, DowngradeNoticed_AttackOfferAndMarkTakenOut) {
  ServerEnd server(world, identity);
  ClientEnd client(world, alice);
  server.hear(without_offer(client.hello));
  client.hear(changed<ServerHello>(server.sent.at(0), [](ServerHello& m) {
    for (std::size_t i = 0; i < downgrade_mark.size(); ++i) m.nonce.value.data[24 + i] = {};
    m.nonce = wire::gateway::Hex<wire::gateway::HandshakeNonce>::of(m.nonce.value);
  }));
  EXPECT_TRUE(refuses(client));
}

TEST_F(Claims, DowngradeNoticed_AttackServerThatForgotVersion2) {
  ServerEnd server(world, identity, 1);  // puts no mark
  ClientEnd client(world, alice, known());
  server.hear(client.hello);
  client.hear(server.sent.at(0));
  EXPECT_TRUE(refuses(client));
  EXPECT_EQ(client.fault(), Fault::server_downgraded);
}

TEST_F(Claims, DowngradeNoticed_AttackOfferReplacedByAnother) {
  ServerEnd server(world, identity);
  ClientEnd client(world, alice);
  server.hear(changed<ClientHello>(client.hello, [](ClientHello& m) { m.version = 3; }));
  client.hear(server.sent.at(0));
  EXPECT_TRUE(refuses(client));
}

TEST_F(Claims, DowngradeNoticed_EchoMustBeWhatWasOffered) {
  // Signed and confirmed by the true server, which has got the offer wrong.
  ClientEnd client(world, alice);
  const Secret<32> ours = crypto::p256_generate(world.random.rng());
  ServerHello said;
  said.ephemeral = wire::gateway::Hex<crypto::P256Public>::of(*crypto::p256_public_of(ours));
  said.identity = {identity.key.verify_key(), identity.text};
  said.nonce = wire::gateway::Hex<wire::gateway::HandshakeNonce>::of({});
  said.version = 2;
  said.client_version = 3;
  Transcript transcript;
  transcript.add_client_hello(client.hello);
  transcript.add_server_hello(said);
  const auto theirs = read_as<ClientHello>(client.hello).ephemeral.value;
  const auto keys = handshake_keys(*crypto::p256_ecdh(ours, theirs.data), transcript);
  said.signature = identity.key.sign(server_digest_v2(transcript).data);
  transcript.add(said.signature.data);
  said.confirmation = confirmation(keys.server_confirmation, transcript);
  client.hear(print(said));
  EXPECT_EQ(client.fault(), Fault::server_downgraded);
  EXPECT_TRUE(client.sent.empty());
}

// ---- replay -------------------------------------------------------------------------------------

TEST_F(Claims, ReplayRefused_EachHandshakeIsAnother) {
  ServerEnd one(world, identity), two(world, identity);
  ClientEnd client(world, alice), later(world, alice);
  complete(client, one);
  complete(later, two);
  EXPECT_NE(client.in<client::Established>()->session.session,
            later.in<client::Established>()->session.session);
}

TEST_F(Claims, ReplayRefused_AttackAuthOnAnotherConnection) {
  for (const unsigned version : {1U, 2U}) {
    ServerEnd server(world, identity), again(world, identity);
    ClientEnd client(world, alice, {}, version);
    server.hear(client.hello);
    // A version 1 client does not look at the mark: it has no better offer to lose.
    client.hear(server.sent.at(0));
    ASSERT_EQ(client.sent.size(), 1U);
    again.hear(client.hello);
    again.hear(client.sent[0].frame);
    EXPECT_TRUE(again.asked.empty());
    world.now += client::handshake_time;
    again.tick();
    EXPECT_TRUE(refuses(again));
    EXPECT_EQ(again.fault(), version == 1 ? Fault::client_not_authentic : Fault::not_authentic);
  }
}

TEST_F(Claims, ReplayRefused_AttackServerHelloOfAnotherSession) {
  for (const unsigned version : {1U, 2U}) {
    ServerEnd server(world, identity);
    ClientEnd before(world, alice, {}, version), client(world, alice, {}, version);
    server.hear(before.hello);
    client.hear(server.sent.at(0));
    EXPECT_TRUE(refuses(client));
  }
}

TEST_F(Claims, ReplayRefused_AttackGreetingOfAnotherSession) {
  ServerEnd before(world, identity), server(world, identity);
  ClientEnd old(world, alice), client(world, alice);
  server.hear(client.hello);
  client.hear(server.sent.at(0));
  before.hear(old.hello);
  old.hear(before.sent.at(0));
  before.hear(old.sent.at(0).frame);
  before.admit();
  client.hear(before.greet());
  EXPECT_EQ(client.fault(), Fault::not_authentic);
}

TEST_F(Claims, ReplayRefused_AttackRecordsTwiceAndMirrored) {
  ServerEnd server(world, identity);
  ClientEnd client(world, alice);
  complete(client, server);
  auto& ours = *client.in<client::Established>()->records;
  auto& theirs = *server.in<server::Established>()->records;
  const std::string record = ours.out.seal("once");
  EXPECT_EQ(theirs.in.open(record), "once");
  EXPECT_EQ(theirs.in.open(record).error(), Fault::replayed);
  // The greeting was the client's record 0, so a mirrored one is out of its place as well.
  EXPECT_FALSE(ours.in.open(record));
  EXPECT_EQ(ours.in.open(ours.out.seal("mirror")).error(), Fault::not_authentic);
}

// ---- the client's identity is hidden ------------------------------------------------------------

std::vector<std::string> everything_said(const ClientEnd& client, const ServerEnd& server) {
  return {client.hello, server.sent.at(0), client.sent.at(0).frame};
}

TEST_F(Claims, IdentityHidden_FromWhoListens) {
  ServerEnd server(world, identity);
  ClientEnd client(world, alice);
  complete(client, server);
  for (const auto& frame : everything_said(client, server)) {
    EXPECT_THAT(frame, Not(HasSubstr(print_hex(alice.user.data))));
    EXPECT_THAT(frame, Not(HasSubstr(print_uuid(alice.device.data))));
    EXPECT_THAT(frame, Not(HasSubstr(alice.device_name->expose())));
  }
}

TEST_F(Claims, IdentityHidden_NotInVersion1) {
  ServerEnd server(world, identity, 1);
  ClientEnd client(world, alice, {}, 1);
  complete(client, server);
  EXPECT_THAT(client.sent.at(0).frame, HasSubstr(print_hex(alice.user.data)));
}

TEST_F(Claims, IdentityHidden_AttackServerOfAnotherIdentity) {
  ServerEnd server(world, eves_server);
  ClientEnd client(world, alice, known());
  server.hear(client.hello);
  client.hear(server.sent.at(0));
  EXPECT_TRUE(client.sent.empty());
}

/// The limit of the claim: at first use any server is the server.
TEST_F(Claims, IdentityHidden_NotAtFirstUse) {
  ServerEnd server(world, eves_server);
  ClientEnd client(world, alice);
  server.hear(client.hello);
  client.hear(server.sent.at(0));
  server.hear(client.sent.at(0).frame);
  EXPECT_EQ(server.asked.at(0).key, alice.user);
}

// ---- key confirmation ---------------------------------------------------------------------------

TEST_F(Claims, KeyConfirmation) {
  ServerEnd server(world, identity);
  Handmade client(world);
  server.hear(client.frame);
  client.read(server.sent.at(0));
  ClientAuth auth = client.sign(alice.user, alice.device, alice.key);
  auth.confirmation = confirmation(client.keys->client_confirmation, client.transcript);
  server.hear(client.seal(auth));
  EXPECT_TRUE(server.in<server::CheckingDevice>());
}

TEST_F(Claims, KeyConfirmation_AttackClientWithoutOrWithTheWrongOne) {
  for (const bool present : {false, true}) {
    ServerEnd server(world, identity);
    Handmade client(world);
    server.hear(client.frame);
    client.read(server.sent.at(0));
    ClientAuth auth = client.sign(alice.user, alice.device, alice.key);
    // That of the server's key is not that of the client's.
    if (present)
      auth.confirmation = confirmation(client.keys->server_confirmation, client.transcript);
    server.hear(client.seal(auth));
    EXPECT_TRUE(refuses(server));
    EXPECT_EQ(server.fault(), Fault::client_not_authentic);
  }
}

TEST_F(Claims, KeyConfirmation_AttackServerWithoutOrWithTheWrongOne) {
  for (const bool present : {false, true}) {
    ServerEnd server(world, identity);
    ClientEnd client(world, alice);
    server.hear(client.hello);
    auto said = read_as<ServerHello>(server.sent.at(0));
    said.confirmation.reset();
    // Well signed, by the true server; the keys are those of another secret.
    client.hear(handmade_hello(client.hello, said, identity.key,
                               present ? std::optional(Secret<32>()) : std::nullopt));
    EXPECT_TRUE(refuses(client));
  }
}

}  // namespace
}  // namespace culver::handshake
