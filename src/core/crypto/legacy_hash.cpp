#include "core/crypto/legacy_hash.hpp"

#include <array>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "core/crypto/openssl.hpp"

namespace culver::crypto {

Sha1Mac hmac_sha1(ByteView key, std::initializer_list<ByteView> parts) {
  // Looked up by name once: it never changes.
  static const Owned<EVP_MAC, EVP_MAC_free> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  const Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> context(EVP_MAC_CTX_new(hmac.get()));
  require(context != nullptr);
  std::array<char, 5> digest_name{"SHA1"};
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name.data(), 0),
      OSSL_PARAM_construct_end(),
  };
  require(EVP_MAC_init(context.get(), chars(key), key.size(), parameters.data()) == 1);
  for (const auto part : parts)
    require(EVP_MAC_update(context.get(), chars(part), part.size()) == 1);
  Sha1Mac mac;
  std::size_t written = 0;
  require(EVP_MAC_final(context.get(), chars_to_fill(mac.data), &written, Sha1Mac::size) == 1);
  require(written == Sha1Mac::size);
  return mac;
}

Secret<16> md5(std::initializer_list<ByteView> parts) {
  const DigestContext context(EVP_MD_CTX_new());
  require(context && EVP_DigestInit_ex2(context.get(), EVP_md5(), nullptr) == 1);
  for (const auto part : parts)
    require(EVP_DigestUpdate(context.get(), chars(part), part.size()) == 1);
  Secret<16> digest;
  require(EVP_DigestFinal_ex(context.get(), chars_to_fill(digest.expose_to_fill()), nullptr) == 1);
  return digest;
}

}  // namespace culver::crypto
