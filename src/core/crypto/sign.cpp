// Ed25519 by OpenSSL's EVP, and the keys that it would accept although they bind nobody.
#include "core/crypto/sign.hpp"

#include <algorithm>
#include <array>

#include "core/base/ids.hpp"
#include "core/crypto/field.hpp"
#include "core/crypto/openssl.hpp"

namespace culver::crypto {
namespace {

/// The y coordinates of the eight points whose order divides 8, little-endian. With 0 and 1 their
/// second spellings p and p + 1 are refused as not canonical.
constexpr std::array<std::string_view, 5> small_order_y{
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

/// Without the bit that holds the sign of x.
VerifyKey y_of(VerifyKey key) {
  key.data.back() &= std::byte{0x7f};
  return key;
}

bool has_small_order(const VerifyKey& y) {
  static const auto points = [] {
    std::array<VerifyKey, small_order_y.size()> keys;
    std::transform(small_order_y.begin(), small_order_y.end(), keys.begin(),
                   [](std::string_view hex) { return *parse_hex<VerifyKey>(hex); });
    return keys;
  }();
  return std::find(points.begin(), points.end(), y) != points.end();
}

}  // namespace

struct SigningKey::Context {
  Pkey pkey;
};

SigningKey::SigningKey(const SigningSeed& seed)
    : context_(std::make_unique<Context>(Context{Pkey(EVP_PKEY_new_raw_private_key_ex(
          nullptr, "ED25519", nullptr, chars(seed.expose()), SigningSeed::size))})) {
  require(context_->pkey != nullptr);
  std::size_t size = VerifyKey::size;
  require(EVP_PKEY_get_raw_public_key(context_->pkey.get(), chars_to_fill(verify_key_.data),
                                      &size) == 1);
  require(size == VerifyKey::size);
}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Signature SigningKey::sign(ByteView message) const {
  const DigestContext digest(EVP_MD_CTX_new());
  Signature signature;
  std::size_t size = Signature::size;
  require(digest && EVP_DigestSignInit_ex(digest.get(), nullptr, nullptr, nullptr, nullptr,
                                          context_->pkey.get(), nullptr) == 1);
  require(EVP_DigestSign(digest.get(), chars_to_fill(signature.data), &size, chars(message),
                         message.size()) == 1);
  require(size == Signature::size);
  return signature;
}

bool is_weak(const VerifyKey& key) {
  const auto y = y_of(key);
  // RFC 8032 section 5.1.3 step 1.
  return !is_reduced(y.data) || has_small_order(y);
}

Result<void> verify(const VerifyKey& key, ByteView message, const Signature& signature) {
  if (is_weak(key)) return fail(Fault::weak_public_key);
  const Pkey pkey(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, chars(key.view()),
                                                 VerifyKey::size));
  const DigestContext context(EVP_MD_CTX_new());
  require(pkey && context &&
          EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, pkey.get(),
                                  nullptr) == 1);
  if (EVP_DigestVerify(context.get(), chars(signature.view()), Signature::size, chars(message),
                       message.size()) != 1)
    return fail(Fault::not_authentic);
  return {};
}

}  // namespace culver::crypto
