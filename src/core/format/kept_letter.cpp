#include "core/format/kept_letter.hpp"

#include <array>
#include <string>

#include "core/crypto/aead.hpp"
#include "core/crypto/hash.hpp"
#include "core/wire/utf8.hpp"

namespace culver::format::kept_letter {
namespace {

using crypto::Aead;
constexpr auto algorithm = crypto::AeadAlgorithm::chacha20_poly1305;
static_assert(overhead == Nonce::size + Aead::tag_size);

constexpr std::size_t number_size = 8;
constexpr std::size_t row_size = 1 + PublicKey::size + wire::peer::SeriesId::size + 2 * number_size;

std::byte* put(std::byte* at, ByteView bytes) { return std::copy(bytes.begin(), bytes.end(), at); }

std::byte* put(std::byte* at, std::uint64_t number) {
  for (std::size_t i = 0; i < number_size; ++i)
    *at++ = static_cast<std::byte>(number >> (8 * (number_size - 1 - i)));
  return at;
}

std::array<std::byte, row_size> bytes_of(const Row& row) {
  std::array<std::byte, row_size> bytes;
  bytes[0] = static_cast<std::byte>(row.direction);
  auto* at = put(bytes.data() + 1, row.peer.view());
  at = put(at, row.name.series.view());
  at = put(at, row.name.number);
  put(at, static_cast<std::uint64_t>(row.written));
  return bytes;
}

}  // namespace

Secret<32> key_of(const crypto::PrivateKey& identity) {
  Secret<32> key;
  // Fails for outputs that are longer than any key.
  (void)crypto::hkdf_sha256(identity.expose(), {}, as_bytes("culver letters"),
                            key.expose_to_fill());
  return key;
}

ByteVector seal(const Secret<32>& key, const Row& row, const Plaintext& text, Rng& rng) {
  const Nonce nonce{rng.bytes<Nonce::size>()};
  ByteVector sealed(overhead + text.expose().size());
  put(sealed.data(), nonce.view());
  crypto::seal_once(algorithm, key, nonce, bytes_of(row), as_bytes(text.expose()),
                    std::span(sealed).subspan(Nonce::size));
  return sealed;
}

Result<Plaintext> open(const Secret<32>& key, const Row& row, ByteView sealed) {
  if (sealed.size() < overhead) return fail(Fault::letter_unreadable);
  const auto nonce = *Nonce::from(sealed.first(Nonce::size));
  std::string text(sealed.size() - overhead, '\0');
  const auto opened =
      crypto::open_once(algorithm, key, nonce, bytes_of(row), sealed.subspan(Nonce::size),
                        std::as_writable_bytes(std::span(text)));
  if (!opened || !wire::utf8::is_valid(text)) return fail(Fault::letter_unreadable);
  return Plaintext(std::move(text));
}

}  // namespace culver::format::kept_letter
