// AEAD by OpenSSL's EVP: a context that is keyed once and given a new nonce per message, or one
// that is keyed for each message.
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

/// Gives the context its nonce and the additional data, and a key if it is to have another one.
void begin(EVP_CIPHER_CTX* evp, Direction direction, const unsigned char* key, const Nonce& nonce,
           ByteView aad) {
  require(EVP_CipherInit_ex2(evp, nullptr, key, chars(nonce.view()), direction, nullptr) == 1);
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

/// After begin(). Writes ciphertext || tag.
void seal_begun(EVP_CIPHER_CTX* evp, ByteView plaintext, std::span<std::byte> out) {
  require(out.size() == plaintext.size() + Aead::tag_size);
  const auto tag = out.last(Aead::tag_size);
  transform(evp, plaintext, out);
  int ignored = 0;
  require(EVP_CipherFinal_ex(evp, chars_to_fill(tag), &ignored) == 1);
  require(EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_GET_TAG, Aead::tag_size, chars_to_fill(tag)) == 1);
}

/// After begin(). `sealed` is not shorter than a tag.
Result<void> open_begun(EVP_CIPHER_CTX* evp, ByteView sealed, std::span<std::byte> out) {
  require(out.size() == sealed.size() - Aead::tag_size);
  std::array<std::byte, Aead::tag_size> tag;
  std::copy_n(sealed.last(tag.size()).begin(), tag.size(), tag.begin());
  transform(evp, sealed.first(out.size()), out);
  require(EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_SET_TAG, Aead::tag_size, tag.data()) == 1);
  std::array<unsigned char, Aead::tag_size> unused;
  int ignored = 0;
  if (EVP_CipherFinal_ex(evp, unused.data(), &ignored) == 1) return {};
  std::fill(out.begin(), out.end(), std::byte{0});
  return fail(Fault::not_authentic);
}

Result<void> too_short(std::span<std::byte> out) {
  std::fill(out.begin(), out.end(), std::byte{0});
  return fail(Fault::not_authentic);
}

CipherContext context_for(AeadAlgorithm algorithm, const unsigned char* key) {
  CipherContext evp(EVP_CIPHER_CTX_new());
  require(evp &&
          EVP_CipherInit_ex2(evp.get(), cipher_of(algorithm), key, nullptr, sealing, nullptr) == 1);
  return evp;
}

/// A context of this thread without a key of its own: making one costs more than sealing a short
/// message with it. What it is lent for one message is overwritten when that is done.
class Borrowed {
 public:
  Borrowed(AeadAlgorithm algorithm, Direction direction, const Secret<32>& key, const Nonce& nonce,
           ByteView aad)
      : evp_(of_this_thread(algorithm)) {
    begin(evp_, direction, chars(key.expose()), nonce, aad);
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  ~Borrowed() {
    constexpr std::array<unsigned char, Secret<32>::size> no_key{};
    begin(evp_, sealing, no_key.data(), Nonce{}, {});
  }
  EVP_CIPHER_CTX* get() const { return evp_; }

 private:
  static EVP_CIPHER_CTX* of_this_thread(AeadAlgorithm algorithm) {
    thread_local const CipherContext chacha20_poly1305 =
        context_for(AeadAlgorithm::chacha20_poly1305, nullptr);
    thread_local const CipherContext aes_256_gcm = context_for(AeadAlgorithm::aes_256_gcm, nullptr);
    require(algorithm != AeadAlgorithm::aes_128_gcm);
    return algorithm == AeadAlgorithm::aes_256_gcm ? aes_256_gcm.get() : chacha20_poly1305.get();
  }
  EVP_CIPHER_CTX* evp_;
};

}  // namespace

struct Aead::Context {
  CipherContext evp;
};

Aead::Aead(AeadAlgorithm algorithm, ByteView key) {
  const int key_size = EVP_CIPHER_get_key_length(cipher_of(algorithm));
  require(key.size() == static_cast<std::size_t>(key_size));
  context_ = std::make_unique<Context>(Context{context_for(algorithm, chars(key))});
}
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;
Aead::~Aead() = default;

void Aead::seal(const Nonce& nonce, ByteView aad, ByteView plaintext, std::span<std::byte> out) {
  begin(context_->evp.get(), sealing, nullptr, nonce, aad);
  seal_begun(context_->evp.get(), plaintext, out);
}

Result<void> Aead::open(const Nonce& nonce, ByteView aad, ByteView sealed,
                        std::span<std::byte> out) {
  if (sealed.size() < tag_size) return too_short(out);
  begin(context_->evp.get(), opening, nullptr, nonce, aad);
  return open_begun(context_->evp.get(), sealed, out);
}

void seal_once(AeadAlgorithm algorithm, const Secret<32>& key, const Nonce& nonce, ByteView aad,
               ByteView plaintext, std::span<std::byte> out) {
  const Borrowed context(algorithm, sealing, key, nonce, aad);
  seal_begun(context.get(), plaintext, out);
}

Result<void> open_once(AeadAlgorithm algorithm, const Secret<32>& key, const Nonce& nonce,
                       ByteView aad, ByteView sealed, std::span<std::byte> out) {
  if (sealed.size() < Aead::tag_size) return too_short(out);
  const Borrowed context(algorithm, opening, key, nonce, aad);
  return open_begun(context.get(), sealed, out);
}

}  // namespace culver::crypto
