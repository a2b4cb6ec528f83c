// SHA-256, HMAC and HKDF by OpenSSL's EVP.
#include "core/crypto/hash.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "core/crypto/openssl.hpp"

namespace culver::crypto {

struct Sha256::Context {
  DigestContext evp;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  context_->evp.reset(EVP_MD_CTX_new());
  require(context_->evp && EVP_DigestInit_ex2(context_->evp.get(), EVP_sha256(), nullptr) == 1);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(ByteView data) {
  require(EVP_DigestUpdate(context_->evp.get(), chars(data), data.size()) == 1);
}

Digest Sha256::so_far() const {
  Digest digest;
  const DigestContext copy(EVP_MD_CTX_new());
  require(copy && EVP_MD_CTX_copy_ex(copy.get(), context_->evp.get()) == 1);
  require(EVP_DigestFinal_ex(copy.get(), chars_to_fill(digest.data), nullptr) == 1);
  return digest;
}

Digest Sha256::finish() && {
  Digest digest;
  const auto context = std::exchange(context_, nullptr);
  require(EVP_DigestFinal_ex(context->evp.get(), chars_to_fill(digest.data), nullptr) == 1);
  return digest;
}

Digest sha256(ByteView data) {
  Digest digest;
  require(EVP_Digest(chars(data), data.size(), chars_to_fill(digest.data), nullptr, EVP_sha256(),
                     nullptr) == 1);
  return digest;
}

Digest hmac_sha256(ByteView key, ByteView data) {
  Digest digest;
  std::size_t written = 0;
  require(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, chars(key), key.size(),
                    chars(data), data.size(), chars_to_fill(digest.data), Digest::size,
                    &written) != nullptr);
  require(written == Digest::size);
  return digest;
}

Result<void> hkdf_sha256(ByteView ikm, ByteView salt, ByteView info, std::span<std::byte> out) {
  if (out.size() > 255 * Digest::size) return fail(Fault::usage);
  if (out.empty()) return {};
  // Looked up by name once: it never changes.
  static const Kdf kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr));
  const KdfContext context(EVP_KDF_CTX_new(kdf.get()));
  require(context != nullptr);

  // OSSL_PARAM is not const-correct: these values are only read.
  const auto octets = [](const char* name, ByteView bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<unsigned char*>(chars(bytes)),
                                             bytes.size());
  };
  std::array<char, 7> digest_name{"SHA256"};
  const std::array<std::byte, Digest::size> zero_salt{};
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_name.data(), 0),
      octets(OSSL_KDF_PARAM_KEY, ikm),
      octets(OSSL_KDF_PARAM_SALT, salt.empty() ? ByteView(zero_salt) : salt),
      octets(OSSL_KDF_PARAM_INFO, info),
      OSSL_PARAM_construct_end(),
  };
  require(EVP_KDF_derive(context.get(), chars_to_fill(out), out.size(), parameters.data()) == 1);
  return {};
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(chars(a), chars(b), a.size()) == 0;
}

}  // namespace culver::crypto
