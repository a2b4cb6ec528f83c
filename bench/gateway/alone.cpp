// Timing by the CPU clock of the process, and SQLite by the clock on the wall.
#include "bench/gateway/alone.hpp"

#include <array>
#include <chrono>
#include <ctime>
#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "core/crypto/openssl.hpp"
#include "core/crypto/p256.hpp"
#include "core/crypto/sign.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/entropy.hpp"
#include "shell/store/sqlite/database.hpp"

namespace culver::bench {
namespace {

using crypto::require;

double cpu_microseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

template <class Operation>
double cost_of(Operation operation) {
  constexpr int times = 2'000;
  for (int i = 0; i < times / 10; ++i) operation();
  const auto start = cpu_microseconds();
  for (int i = 0; i < times; ++i) operation();
  return (cpu_microseconds() - start) / times;
}

const std::array<std::byte, 32> message{};

void must(const Result<void>& done) {
  if (!done) throw std::runtime_error("SQLite failed");
}

}  // namespace

Operations operations_of_core() {
  auto rng = host::system_rng();
  const auto ours = crypto::p256_generate(rng);
  const auto theirs = *crypto::p256_public_of(crypto::p256_generate(rng));
  const crypto::SigningKey key(rng.secret<32>());
  const auto signature = key.sign(message);
  return {cost_of([&] { require(crypto::p256_public_of(crypto::p256_generate(rng)).has_value()); }),
          cost_of([&] { require(crypto::p256_ecdh(ours, theirs.view()).has_value()); }),
          cost_of([&] { key.sign(message); }), cost_of([&] {
            require(crypto::verify(key.verify_key(), message, signature).has_value());
          })};
}

Operations operations_of_openssl() {
  const crypto::PkeyContext maker(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  require(EVP_PKEY_keygen_init(maker.get()) == 1 &&
          EVP_PKEY_CTX_set_group_name(maker.get(), "P-256") == 1);
  const crypto::Pkey ours(EVP_EC_gen("P-256")), theirs(EVP_EC_gen("P-256"));
  const crypto::PkeyContext agreement(EVP_PKEY_CTX_new_from_pkey(nullptr, ours.get(), nullptr));
  require(EVP_PKEY_derive_init(agreement.get()) == 1 &&
          EVP_PKEY_derive_set_peer(agreement.get(), theirs.get()) == 1);
  const crypto::Pkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const crypto::DigestContext signer(EVP_MD_CTX_new()), verifier(EVP_MD_CTX_new());
  require(EVP_DigestSignInit_ex(signer.get(), nullptr, nullptr, nullptr, nullptr, key.get(),
                                nullptr) == 1 &&
          EVP_DigestVerifyInit_ex(verifier.get(), nullptr, nullptr, nullptr, nullptr, key.get(),
                                  nullptr) == 1);
  std::array<unsigned char, 64> signature;
  const auto text = crypto::chars(message);
  const auto make = [&] {
    EVP_PKEY* made = nullptr;
    require(EVP_PKEY_generate(maker.get(), &made) == 1);
    crypto::Pkey{made};
  };
  const auto agree = [&] {
    std::array<unsigned char, 32> shared;
    std::size_t size = shared.size();
    require(EVP_PKEY_derive(agreement.get(), shared.data(), &size) == 1);
  };
  const auto sign = [&] {
    std::size_t size = signature.size();
    require(EVP_DigestSign(signer.get(), signature.data(), &size, text, message.size()) == 1);
  };
  const auto verify = [&] {
    require(EVP_DigestVerify(verifier.get(), signature.data(), signature.size(), text,
                             message.size()) == 1);
  };
  const auto made = cost_of(make), agreed = cost_of(agree), signed_ = cost_of(sign);
  return {made, agreed, signed_, cost_of(verify)};
}

double bare_inserts_per_second(const std::filesystem::path& folder, std::size_t bytes,
                               std::size_t group) {
  using namespace store::sqlite;
  constexpr auto time = std::chrono::seconds(3);
  auto database = Database::open(folder / "bare.db", Use::exclusive).value();
  must(database.execute("PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4096"));
  must(database.execute("CREATE TABLE event (cursor INTEGER PRIMARY KEY, body TEXT)"));
  auto insert = database.prepare("INSERT INTO event (body) VALUES (?1)").value();
  const std::string body(bytes, 'x');
  const auto start = host::now();
  double stored = 0;
  while (host::now() - start < time) {
    must(database.execute("BEGIN"));
    for (std::size_t i = 0; i < group; ++i) must(insert.bind_view(1, body).run());
    must(database.execute("COMMIT"));
    stored += static_cast<double>(group);
  }
  return stored / std::chrono::duration<double>(host::now() - start).count();
}

}  // namespace culver::bench
