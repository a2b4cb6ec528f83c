// Ed25519 by OpenSSL's EVP.
#include "core/crypto/sign.hpp"

#include "core/crypto/openssl.hpp"

namespace culver::crypto {
namespace {

Pkey private_pkey(const SigningSeed& seed) {
  Pkey pkey(EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, chars(seed.expose()),
                                            SigningSeed::size));
  require(pkey != nullptr);
  return pkey;
}

}  // namespace

VerifyKey verify_key_of(const SigningSeed& seed) {
  VerifyKey key;
  std::size_t size = VerifyKey::size;
  require(EVP_PKEY_get_raw_public_key(private_pkey(seed).get(), chars_to_fill(key.data), &size) ==
          1);
  require(size == VerifyKey::size);
  return key;
}

Signature sign(const SigningSeed& seed, ByteView message) {
  const Pkey pkey = private_pkey(seed);
  const DigestContext context(EVP_MD_CTX_new());
  Signature signature;
  std::size_t size = Signature::size;
  require(context && EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr,
                                           pkey.get(), nullptr) == 1);
  require(EVP_DigestSign(context.get(), chars_to_fill(signature.data), &size, chars(message),
                         message.size()) == 1);
  require(size == Signature::size);
  return signature;
}

Result<void> verify(const VerifyKey& key, ByteView message, const Signature& signature) {
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
