// What a handshake and a message cost the gateway: the four operations of a handshake beside bare
// OpenSSL with everything prepared, sealed records, and the JSON around them.
#include <array>

#include <benchmark/benchmark.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "core/crypto/aead.hpp"
#include "core/crypto/hash.hpp"
#include "core/crypto/openssl.hpp"
#include "core/crypto/p256.hpp"
#include "core/crypto/sign.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/gateway.hpp"
#include "tests/support/seeded.hpp"

namespace culver {
namespace {

using crypto::AeadAlgorithm;
using crypto::chars;
using crypto::require;
using Md = crypto::DigestContext;

const Digest message = crypto::sha256(as_bytes("what a handshake signs"));

/// Keys of both sides, ours and OpenSSL's.
struct Keys {
  test::SeededRng rng{7};
  crypto::P256Private secret = crypto::p256_generate(rng.rng());
  crypto::P256Public theirs = *crypto::p256_public_of(crypto::p256_generate(rng.rng()));
  crypto::SigningKey identity{rng.rng().secret<32>()};
  crypto::Signature signature = identity.sign(message.view());

  crypto::Pkey bare_identity{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  crypto::Pkey bare_ours{EVP_EC_gen("P-256")};
  crypto::Pkey bare_theirs{EVP_EC_gen("P-256")};
};

// ---- the four operations ------------------------------------------------------------------------

void p256_key_pair(benchmark::State& state) {
  test::SeededRng rng(1);
  for (auto _ : state) {
    const auto secret = crypto::p256_generate(rng.rng());
    benchmark::DoNotOptimize(crypto::p256_public_of(secret));
  }
}
BENCHMARK(p256_key_pair);

void bare_p256_key_pair(benchmark::State& state) {
  const crypto::PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  require(EVP_PKEY_keygen_init(context.get()) == 1 &&
          EVP_PKEY_CTX_set_group_name(context.get(), "P-256") == 1);
  for (auto _ : state) {
    EVP_PKEY* key = nullptr;
    require(EVP_PKEY_generate(context.get(), &key) == 1);
    crypto::Pkey{key};
  }
}
BENCHMARK(bare_p256_key_pair);

void p256_ecdh(benchmark::State& state) {
  Keys keys;
  for (auto _ : state)
    benchmark::DoNotOptimize(crypto::p256_ecdh(keys.secret, keys.theirs.view()).has_value());
}
BENCHMARK(p256_ecdh);

void bare_p256_ecdh(benchmark::State& state) {
  Keys keys;
  const crypto::PkeyContext context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, keys.bare_ours.get(), nullptr));
  require(EVP_PKEY_derive_init(context.get()) == 1 &&
          EVP_PKEY_derive_set_peer(context.get(), keys.bare_theirs.get()) == 1);
  std::array<unsigned char, 32> shared;
  for (auto _ : state) {
    std::size_t size = shared.size();
    require(EVP_PKEY_derive(context.get(), shared.data(), &size) == 1);
  }
}
BENCHMARK(bare_p256_ecdh);

void ed25519_sign(benchmark::State& state) {
  Keys keys;
  for (auto _ : state) benchmark::DoNotOptimize(keys.identity.sign(message.view()));
}
BENCHMARK(ed25519_sign);

void bare_ed25519_sign(benchmark::State& state) {
  Keys keys;
  const Md context(EVP_MD_CTX_new());
  require(EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr,
                                keys.bare_identity.get(), nullptr) == 1);
  std::array<unsigned char, 64> signature;
  for (auto _ : state) {
    std::size_t size = signature.size();
    require(EVP_DigestSign(context.get(), signature.data(), &size, chars(message.view()),
                           Digest::size) == 1);
  }
}
BENCHMARK(bare_ed25519_sign);

void ed25519_verify(benchmark::State& state) {
  Keys keys;
  for (auto _ : state)
    require(crypto::verify(keys.identity.verify_key(), message.view(), keys.signature).has_value());
}
BENCHMARK(ed25519_verify);

void bare_ed25519_verify(benchmark::State& state) {
  Keys keys;
  const auto& key = keys.identity.verify_key();
  const crypto::Pkey pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, chars(key.view()),
                                                      crypto::VerifyKey::size));
  const Md context(EVP_MD_CTX_new());
  require(EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, pkey.get(),
                                  nullptr) == 1);
  for (auto _ : state)
    require(EVP_DigestVerify(context.get(), chars(keys.signature.view()), crypto::Signature::size,
                             chars(message.view()), Digest::size) == 1);
}
BENCHMARK(bare_ed25519_verify);

void hkdf_of_one_key(benchmark::State& state) {
  std::array<std::byte, 32> key{};
  for (auto _ : state)
    require(crypto::hkdf_sha256(key, message.view(), as_bytes("info"), key).has_value());
}
BENCHMARK(hkdf_of_one_key);

// ---- records ------------------------------------------------------------------------------------

constexpr std::size_t record_size = 300;

void seal_record(benchmark::State& state) {
  const Secret<32> key;
  const ByteVector plain(record_size);
  ByteVector sealed(record_size + crypto::Aead::tag_size);
  for (auto _ : state)
    crypto::seal_once(AeadAlgorithm::chacha20_poly1305, key, Nonce{}, {}, plain, sealed);
}
BENCHMARK(seal_record);

void open_record(benchmark::State& state) {
  const Secret<32> key;
  ByteVector plain(record_size), sealed(record_size + crypto::Aead::tag_size);
  crypto::seal_once(AeadAlgorithm::chacha20_poly1305, key, Nonce{}, {}, plain, sealed);
  for (auto _ : state)
    require(crypto::open_once(AeadAlgorithm::chacha20_poly1305, key, Nonce{}, {}, sealed, plain)
                .has_value());
}
BENCHMARK(open_record);

/// With a context of its own per key, for comparison.
void seal_record_keyed(benchmark::State& state) {
  crypto::Aead aead(AeadAlgorithm::chacha20_poly1305, ByteVector(32));
  const ByteVector plain(record_size);
  ByteVector sealed(record_size + crypto::Aead::tag_size);
  for (auto _ : state) aead.seal(Nonce{}, {}, plain, sealed);
}
BENCHMARK(seal_record_keyed);

// ---- JSON ---------------------------------------------------------------------------------------

using namespace wire::gateway;

NewEvent event() {
  NewEvent event{};
  event.id = *parse_event_id("018f2b5c-7a10-7c3e-9b1d-0123456789ab");
  event.device = *parse_device_id("550e8400-e29b-41d4-a716-446655440000");
  event.device_seq = 123'456;
  event.stream = "messages:main";
  event.type = "message:text";
  event.encrypted_payload = wire::base64::encode(ByteVector(200, std::byte{0xA5}));
  event.payload_size = 200;
  return event;
}

void parse_client_hello(benchmark::State& state) {
  Keys keys;
  const auto frame = print(ClientHello{Hex<crypto::P256Public>::of(keys.theirs),
                                       Hex<HandshakeNonce>::of({}), newest_version});
  for (auto _ : state) require(parse_handshake_client(frame).has_value());
}
BENCHMARK(parse_client_hello);

void parse_client_auth(benchmark::State& state) {
  const auto device = event().device;
  const auto frame = print(ClientAuth{Hex<UserId>::of({}),
                                      device,
                                      print_uuid(device.view()),
                                      {},
                                      Hex<HandshakeNonce>::of({}),
                                      Plaintext("Phone"),
                                      std::string(name(DeviceType::mobile)),
                                      Confirmation{}});
  for (auto _ : state) require(parse_handshake_client(frame).has_value());
}
BENCHMARK(parse_client_auth);

void parse_event(benchmark::State& state) {
  const auto frame = print(event());
  for (auto _ : state) require(parse_session(frame).has_value());
}
BENCHMARK(parse_event);

void body_of_event(benchmark::State& state) {
  const auto message_event = event();
  for (auto _ : state)
    benchmark::DoNotOptimize(body_of(message_event, UserId{}, 1'700'000'000'000));
}
BENCHMARK(body_of_event);

void print_page(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const ReplayResponse page{{count, StoredEvent{1'000'000, 1'000, body_of(event(), {}, 1)}},
                            true,
                            1'000'100,
                            std::nullopt};
  for (auto _ : state) benchmark::DoNotOptimize(print(page));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(print_page)->Arg(100)->Arg(1'000);

void print_live_event(benchmark::State& state) {
  const StoredEvent stored{1'000'000, 1'000, body_of(event(), {}, 1)};
  for (auto _ : state) benchmark::DoNotOptimize(print_event(stored));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(print_live_event);

}  // namespace
}  // namespace culver
