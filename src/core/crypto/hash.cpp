// SHA-256, HMAC and HKDF by OpenSSL's EVP.
#include "core/crypto/hash.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "core/crypto/openssl.hpp"

namespace culver::crypto {
namespace {

/// Looked up by name once, as all of OpenSSL's algorithms here: each look-up takes a lock and walks
/// a table, which costs more than hashing a short message.
const EVP_MD* algorithm() {
  static const MessageDigest sha256(EVP_MD_fetch(nullptr, OSSL_DIGEST_NAME_SHA2_256, nullptr));
  require(sha256 != nullptr);
  return sha256.get();
}

void begin(EVP_MD_CTX* context) {
  require(context && EVP_DigestInit_ex2(context, algorithm(), nullptr) == 1);
}

MacContext new_mac() {
  static const Mac hmac(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
  MacContext context(EVP_MAC_CTX_new(hmac.get()));
  std::array<char, sizeof OSSL_DIGEST_NAME_SHA2_256> digest{OSSL_DIGEST_NAME_SHA2_256};
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end(),
  };
  require(context && EVP_MAC_CTX_set_params(context.get(), parameters.data()) == 1);
  return context;
}

}  // namespace

struct Sha256::Context {
  DigestContext evp{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { begin(context_->evp.get()); }
Sha256::Sha256(const Sha256& other) : context_(std::make_unique<Context>()) {
  require(context_->evp && EVP_MD_CTX_copy_ex(context_->evp.get(), other.context_->evp.get()) == 1);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(ByteView data) {
  require(EVP_DigestUpdate(context_->evp.get(), chars(data), data.size()) == 1);
}

Digest Sha256::so_far() const {
  thread_local const DigestContext copy(EVP_MD_CTX_new());
  Digest digest;
  require(copy && EVP_MD_CTX_copy_ex(copy.get(), context_->evp.get()) == 1 &&
          EVP_DigestFinal_ex(copy.get(), chars_to_fill(digest.data), nullptr) == 1);
  return digest;
}

Digest Sha256::finish() && {
  Digest digest;
  const auto context = std::exchange(context_, nullptr);
  require(EVP_DigestFinal_ex(context->evp.get(), chars_to_fill(digest.data), nullptr) == 1);
  return digest;
}

Digest sha256(ByteView data) {
  thread_local const DigestContext context(EVP_MD_CTX_new());
  begin(context.get());
  Digest digest;
  require(EVP_DigestUpdate(context.get(), chars(data), data.size()) == 1 &&
          EVP_DigestFinal_ex(context.get(), chars_to_fill(digest.data), nullptr) == 1);
  return digest;
}

// ---- HMAC, HKDF ---------------------------------------------------------------------------------

namespace {

/// HMAC in a context of this thread, which is keyed anew for each message. What it was lent is
/// overwritten when that is done.
class BorrowedHmac {
 public:
  explicit BorrowedHmac(ByteView key) : evp_(of_this_thread()) { set(key); }
  BorrowedHmac(const BorrowedHmac&) = delete;
  BorrowedHmac& operator=(const BorrowedHmac&) = delete;
  ~BorrowedHmac() { set(no_key); }

  BorrowedHmac& update(ByteView data) {
    require(EVP_MAC_update(evp_, chars(data), data.size()) == 1);
    return *this;
  }
  /// Ends the message; the next one has the same key.
  void finish(std::span<std::byte, Digest::size> out) {
    std::size_t written = 0;
    require(EVP_MAC_final(evp_, chars_to_fill(out), &written, out.size()) == 1 &&
            written == out.size() && EVP_MAC_init(evp_, nullptr, 0, nullptr) == 1);
  }

 private:
  static constexpr std::array<std::byte, Digest::size> no_key{};
  static EVP_MAC_CTX* of_this_thread() {
    thread_local const MacContext context = new_mac();
    return context.get();
  }
  void set(ByteView key) { require(EVP_MAC_init(evp_, chars(key), key.size(), nullptr) == 1); }
  EVP_MAC_CTX* evp_;
};

}  // namespace

Digest hmac_sha256(ByteView key, ByteView data) {
  Digest digest;
  BorrowedHmac(key).update(data).finish(digest.data);
  return digest;
}

/// RFC 5869, sections 2.2 and 2.3. OpenSSL's EVP_KDF looks HMAC and the digest up by name for every
/// block of the output.
Result<void> hkdf_sha256(ByteView ikm, ByteView salt, ByteView info, std::span<std::byte> out) {
  if (out.size() > 255 * Digest::size) return fail(Fault::usage);
  Secret<Digest::size> extracted, block;
  BorrowedHmac(salt).update(ikm).finish(extracted.expose_to_fill());
  BorrowedHmac expand(extracted.expose());
  ByteView before;
  for (std::byte counter{1}; !out.empty(); counter = std::byte(std::to_integer<int>(counter) + 1)) {
    expand.update(before).update(info).update({&counter, 1}).finish(block.expose_to_fill());
    const auto size = std::min(out.size(), Digest::size);
    std::copy_n(block.expose().begin(), size, out.begin());
    out = out.subspan(size);
    before = block.expose();
  }
  return {};
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(chars(a), chars(b), a.size()) == 0;
}

}  // namespace culver::crypto
