// X25519 by OpenSSL's EVP, and the names that are derived from a public key.
#include "core/crypto/keys.hpp"

#include <algorithm>
#include <utility>

#include "core/base/ids.hpp"
#include "core/crypto/field.hpp"
#include "core/crypto/hash.hpp"
#include "core/crypto/openssl.hpp"

namespace culver::crypto {
namespace {

Pkey private_pkey(const PrivateKey& secret) {
  Pkey pkey(EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, chars(secret.expose()),
                                            PrivateKey::size));
  require(pkey != nullptr);
  return pkey;
}

}  // namespace

KeyPair KeyPair::generate(Rng& rng) { return from_private(rng.secret<PrivateKey::size>()); }

KeyPair KeyPair::from_private(PrivateKey secret) {
  const PublicKey shared = public_key_of(secret);
  return {std::move(secret), shared};
}

PublicKey public_key_of(const PrivateKey& secret) {
  PublicKey key;
  std::size_t size = PublicKey::size;
  require(EVP_PKEY_get_raw_public_key(private_pkey(secret).get(), chars_to_fill(key.data), &size) ==
          1);
  require(size == PublicKey::size);
  return key;
}

Result<SharedSecret> x25519(const PrivateKey& ours, const PublicKey& theirs) {
  const Pkey own = private_pkey(ours);
  const Pkey peer(EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, chars(theirs.view()),
                                                 PublicKey::size));
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  require(peer && context && EVP_PKEY_derive_init(context.get()) == 1 &&
          EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1);
  SharedSecret secret;
  std::size_t size = SharedSecret::size;
  // OpenSSL refuses an all-zero result itself; the comparison keeps us right should that change.
  const std::array<std::byte, SharedSecret::size> zeros{};
  if (EVP_PKEY_derive(context.get(), chars_to_fill(secret.expose_to_fill()), &size) != 1 ||
      equal_in_constant_time(secret.expose(), zeros))
    return fail(Fault::weak_public_key);
  require(size == SharedSecret::size);
  return secret;
}

bool is_canonical(const PublicKey& key) { return is_reduced(key.data); }

/// Scalars are multiples of eight, and so of every small order: any one of them tells.
bool is_of_small_order(const PublicKey& key) { return !x25519(PrivateKey{}, key); }

Result<void> check_public_key(const PublicKey& key) {
  if (!is_canonical(key)) return fail(Fault::bad_public_key);
  if (is_of_small_order(key)) return fail(Fault::weak_public_key);
  return {};
}

std::string fingerprint_digits(const PublicKey& key) {
  return print_upper_hex(sha256(key.view()).view());
}

std::string fingerprint(const PublicKey& key) {
  const std::string digits = fingerprint_digits(key);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 4 == 0) text += ' ';
    text += digits[i];
  }
  return text;
}

std::string safety_number(const PublicKey& one, const PublicKey& other) {
  constexpr std::size_t groups = 12, digits_per_group = 5;
  Sha256 hash;
  hash.update(std::min(one, other).view());
  hash.update(std::max(one, other).view());
  const auto digest = std::move(hash).finish();
  std::string text;
  for (std::size_t i = 0; i < groups; ++i) {
    const auto high = std::to_integer<unsigned>(digest.data[2 * i]);
    // Of 16 bits, so never as large as the 100000 by which the source has it reduced.
    const auto group =
        std::to_string(high << 8 | std::to_integer<unsigned>(digest.data[2 * i + 1]));
    text += std::string(digits_per_group - group.size(), '0') + group;
  }
  return text;
}

std::string stable_id(const PublicKey& key) {
  return print_upper_hex(sha256(key.view()).view().first<8>());
}

}  // namespace culver::crypto
