// The four handshakes of the vectors, played by our machines in version 1: with the same random
// bytes, the same signatures.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/core/vectors_support.hpp"
#include "tests/support/handshake.hpp"

namespace culver::handshake {
namespace {

using culver::testing::hex_at;
using culver::testing::secret_from;
using culver::testing::shared_json;
using culver::testing::text_at;

/// Gives out prepared bytes, in order.
class Prepared {
 public:
  Rng& rng() { return rng_; }
  void add(const ByteVector& bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

 private:
  static void fill(void* self, std::span<std::byte> out) {
    auto& bytes = static_cast<Prepared*>(self)->bytes_;
    ASSERT_GE(bytes.size(), out.size());
    std::copy_n(bytes.begin(), out.size(), out.begin());
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(out.size()));
  }
  ByteVector bytes_;
  Rng rng_{&fill, this};
};

class Vectors : public ::testing::Test {
 protected:
  void SetUp() override {
    vectors = shared_json("vectors/pocketbridge.json");
    SKIP_UNLESS(vectors);
  }
  std::optional<boost::json::value> vectors;
};

client::Account account_of(const boost::json::value& v) {
  crypto::SigningKey key(secret_from<32>(hex_at(v, "client_identity_seed")));
  const UserId user{key.verify_key().data};
  return {std::move(key), user, parse_device_id(text_at(v, "device_id")).value(), std::nullopt,
          std::nullopt};
}

wire::gateway::ClientHello hello_of(const boost::json::value& v) {
  return {{*crypto::P256Public::from(hex_at(v, "client_ephemeral_pub")),
           text_at(v, "client_ephemeral_pub")},
          {*wire::gateway::HandshakeNonce::from(hex_at(v, "nonce_c")), text_at(v, "nonce_c")},
          1};
}

TEST_F(Vectors, OurServerSignsTheSameAndTakesTheClient) {
  for (const auto& v : vectors->at("handshakes").as_array()) {
    SCOPED_TRACE(text_at(v, "name"));
    Prepared random;
    random.add(hex_at(v, "server_ephemeral_priv"));
    random.add(hex_at(v, "nonce_s"));
    const server::Identity identity{
        crypto::SigningKey(secret_from<32>(hex_at(v, "server_identity_seed"))),
        text_at(v, "server_identity_pub")};
    Env env{TimePoint{}, random.rng()};
    server::Context context{env, identity, 1};
    server::Effects effects;
    server::Machine::State state = server::AwaitingHello{TimePoint{} + client::handshake_time};
    state = fsm::step<server::Machine>(std::move(state), server::read(state, print(hello_of(v))),
                                       context, effects);
    const auto hello =
        test::read_as<wire::gateway::ServerHello>(std::get<server::SendFrame>(effects.at(0)).frame);
    EXPECT_EQ(print_hex(hello.signature.data), text_at(v, "server_signature"));
    EXPECT_EQ(hello.ephemeral.text, text_at(v, "server_ephemeral_pub"));
    EXPECT_EQ(hello.nonce.text, text_at(v, "nonce_s"));

    wire::gateway::ClientAuth auth;
    auth.user = {*UserId::from(hex_at(v, "user_id")), text_at(v, "user_id")};
    auth.device_text = text_at(v, "device_id");
    auth.signature = *crypto::Signature::from(hex_at(v, "client_signature"));
    auth.nonce2 = {*wire::gateway::HandshakeNonce::from(hex_at(v, "nonce_c2")),
                   text_at(v, "nonce_c2")};
    state = fsm::step<server::Machine>(std::move(state), server::read(state, print(auth)), context,
                                       effects);
    EXPECT_TRUE(std::holds_alternative<server::CheckingDevice>(state));
  }
}

TEST_F(Vectors, OurClientSignsTheSame) {
  for (const auto& v : vectors->at("handshakes").as_array()) {
    SCOPED_TRACE(text_at(v, "name"));
    Prepared random;
    random.add(hex_at(v, "client_ephemeral_priv"));
    random.add(hex_at(v, "nonce_c"));
    random.add(hex_at(v, "nonce_c2"));
    const client::Account account = account_of(v);
    const client::Pin pin{*crypto::VerifyKey::from(hex_at(v, "server_identity_pub")), 1};
    Env env{TimePoint{}, random.rng()};
    client::Context context{env, account, pin, 1};
    client::Machine::State state = client::begin(TimePoint{}, context).state;
    // The spelling of the vector, which is not always ours.
    auto& waiting = std::get<client::AwaitingServerHello>(state);
    EXPECT_EQ(waiting.hello.ephemeral.value, hello_of(v).ephemeral.value);
    waiting.hello = hello_of(v);

    wire::gateway::ServerHello hello;
    hello.ephemeral = {*crypto::P256Public::from(hex_at(v, "server_ephemeral_pub")),
                       text_at(v, "server_ephemeral_pub")};
    hello.identity = {*pin.identity, text_at(v, "server_identity_pub")};
    hello.nonce = {*wire::gateway::HandshakeNonce::from(hex_at(v, "nonce_s")),
                   text_at(v, "nonce_s")};
    hello.signature = *crypto::Signature::from(hex_at(v, "server_signature"));
    client::Effects effects;
    state = fsm::step<client::Machine>(std::move(state), client::read(state, print(hello)), context,
                                       effects);
    ASSERT_EQ(effects.size(), 1U);
    const auto auth =
        test::read_as<wire::gateway::ClientAuth>(std::get<client::SendFrame>(effects.at(0)).frame);
    EXPECT_EQ(print_hex(auth.signature.data), text_at(v, "client_signature"));
    EXPECT_EQ(auth.user.text, text_at(v, "user_id"));
    EXPECT_EQ(auth.nonce2.text, text_at(v, "nonce_c2"));
  }
}

/// What the original lets in: S + L, and the point of small order with its universal signature.
TEST_F(Vectors, ForgeriesThatTheOriginalTakesAreRefused) {
  const auto& v = vectors->at("handshakes").as_array().at(0);
  const auto& edge = vectors->at("edge");
  const auto& small = edge.at("small_order_public_key");
  wire::gateway::ClientAuth malleable, weak;
  malleable.user = {*UserId::from(hex_at(v, "user_id")), text_at(v, "user_id")};
  malleable.device_text = text_at(v, "device_id");
  malleable.signature =
      *crypto::Signature::from(hex_at(edge.at("malleable_signature_S_plus_L"), "signature"));
  weak = malleable;
  weak.user = {*UserId::from(hex_at(small, "user_id")), text_at(small, "user_id")};
  weak.signature = *crypto::Signature::from(hex_at(small, "signature"));
  for (const auto& auth : {malleable, weak}) {
    Prepared none;
    const auto identity = test::server_identity(1);
    Env env{TimePoint{}, none.rng()};
    server::Context context{env, identity, 1};
    server::Effects effects;
    server::Machine::State state =
        server::AwaitingAuth{TimePoint{} + client::handshake_time, hello_of(v), "",
                             text_at(v, "server_ephemeral_pub"), text_at(v, "nonce_s")};
    state = fsm::step<server::Machine>(std::move(state), server::AuthCame{auth}, context, effects);
    ASSERT_TRUE(std::holds_alternative<server::AwaitingAuth>(state));
    EXPECT_EQ(std::get<server::AwaitingAuth>(state).overlooked.end, Fault::client_not_authentic);
    EXPECT_TRUE(effects.empty());
  }
}

}  // namespace
}  // namespace culver::handshake
