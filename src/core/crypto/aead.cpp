// AEAD by OpenSSL's EVP: one context that is keyed once and given a new nonce per message.
#include "core/crypto/aead.hpp"

#include <algorithm>
#include <limits>

#include "core/crypto/openssl.hpp"

namespace culver::crypto {
namespace {

const EVP_CIPHER* cipher_of(AeadAlgorithm algorithm) {
  switch (algorithm) {
    case AeadAlgorithm::chacha20_poly1305:
      return EVP_chacha20_poly1305();
    case AeadAlgorithm::aes_256_gcm:
      return EVP_aes_256_gcm();
    case AeadAlgorithm::aes_128_gcm:
      return EVP_aes_128_gcm();
  }
  return nullptr;
}

int length(std::size_t size) {
  require(size <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(size);
}

enum Direction : int { opening = 0, sealing = 1 };

/// Gives the context its nonce and the additional data.
void begin(EVP_CIPHER_CTX* evp, Direction direction, const Nonce& nonce, ByteView aad) {
  require(EVP_CipherInit_ex2(evp, nullptr, nullptr, chars(nonce.view()), direction, nullptr) == 1);
  int ignored = 0;
  if (!aad.empty())
    require(EVP_CipherUpdate(evp, nullptr, &ignored, chars(aad), length(aad.size())) == 1);
}

void transform(EVP_CIPHER_CTX* evp, ByteView in, std::span<std::byte> out) {
  if (in.empty()) return;
  int written = 0;
  require(EVP_CipherUpdate(evp, chars_to_fill(out), &written, chars(in), length(in.size())) == 1);
  require(written == length(in.size()));
}

}  // namespace

struct Aead::Context {
  CipherContext evp;
};

Aead::Aead(AeadAlgorithm algorithm, ByteView key) : context_(std::make_unique<Context>()) {
  const EVP_CIPHER* cipher = cipher_of(algorithm);
  context_->evp.reset(EVP_CIPHER_CTX_new());
  require(context_->evp &&
          key.size() == static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher)));
  require(EVP_CipherInit_ex2(context_->evp.get(), cipher, chars(key), nullptr, sealing, nullptr) ==
          1);
}
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;
Aead::~Aead() = default;

void Aead::seal(const Nonce& nonce, ByteView aad, ByteView plaintext, std::span<std::byte> out) {
  require(out.size() == plaintext.size() + tag_size);
  EVP_CIPHER_CTX* evp = context_->evp.get();
  const auto tag = out.last(tag_size);
  begin(evp, sealing, nonce, aad);
  transform(evp, plaintext, out);
  int ignored = 0;
  require(EVP_CipherFinal_ex(evp, chars_to_fill(tag), &ignored) == 1);
  require(EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_GET_TAG, tag_size, chars_to_fill(tag)) == 1);
}

Result<void> Aead::open(const Nonce& nonce, ByteView aad, ByteView sealed,
                        std::span<std::byte> out) {
  if (sealed.size() < tag_size) {
    std::fill(out.begin(), out.end(), std::byte{0});
    return fail(Fault::not_authentic);
  }
  require(out.size() == sealed.size() - tag_size);
  EVP_CIPHER_CTX* evp = context_->evp.get();
  std::array<std::byte, tag_size> tag;
  std::copy_n(sealed.last(tag_size).begin(), tag_size, tag.begin());
  begin(evp, opening, nonce, aad);
  transform(evp, sealed.first(out.size()), out);
  require(EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1);
  std::array<unsigned char, tag_size> unused;
  int ignored = 0;
  if (EVP_CipherFinal_ex(evp, unused.data(), &ignored) == 1) return {};
  std::fill(out.begin(), out.end(), std::byte{0});
  return fail(Fault::not_authentic);
}

}  // namespace culver::crypto
