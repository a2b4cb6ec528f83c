// Heads, seals and checksums.
#include "core/format/vault.hpp"

#include <algorithm>

#include <string.h>  // explicit_bzero

#include "core/crypto/aead.hpp"
#include "core/crypto/hash.hpp"
#include "core/wire/base64.hpp"

namespace culver::format::vault {
namespace {

using crypto::Aead;
constexpr auto algorithm = crypto::AeadAlgorithm::chacha20_poly1305;
constexpr std::byte version{1};

constexpr std::string_view sealed_magic = "culver-sealed\n";
constexpr std::size_t sealed_nonce_at = sealed_magic.size() + 1,
                      sealed_at = sealed_nonce_at + Nonce::size;
static_assert(sealed_at + Aead::tag_size == sealed_overhead);

constexpr std::string_view plain_magic = "culver-key-1\n";
constexpr std::size_t plain_size =
    plain_magic.size() + wire::base64::encoded_size(DataKey::size) + std::size_t{1};

constexpr std::string_view wrapped_magic = "culver-wrapped-key\n";
constexpr std::size_t cost_at = wrapped_magic.size() + 1, salt_at = cost_at + 3,
                      wrapped_nonce_at = salt_at + crypto::Salt::size,
                      wrapped_at = wrapped_nonce_at + Nonce::size,
                      sum_at = wrapped_at + DataKey::size + Aead::tag_size;
static_assert(sum_at + Digest::size == WrappedKey::size);

void put(std::span<std::byte> file, std::size_t at, ByteView part) {
  std::copy(part.begin(), part.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
}

bool begins_with(ByteView file, std::string_view magic) { return as_text(file).starts_with(magic); }

/// The head of the file and its name, which together say what is sealed.
ByteVector label_of(ByteView head, std::string_view name) {
  const auto bytes = as_bytes(name);
  ByteVector label(head.size() + bytes.size());
  put(label, 0, head);
  put(label, head.size(), bytes);
  return label;
}

Result<StoredKey> parse_plain(ByteView file) {
  auto text = as_text(file);
  if (text.size() != plain_size || text.back() != '\n') return fail(Fault::malformed);
  text = text.substr(plain_magic.size(), text.size() - plain_magic.size() - 1);
  auto bytes = wire::base64::decode(text);
  if (!bytes) return fail(Fault::malformed);
  const bool is_key = bytes->size() == DataKey::size;
  StoredKey key;
  if (is_key) key = DataKey(std::span<const std::byte, DataKey::size>(*bytes));
  explicit_bzero(bytes->data(), bytes->size());
  if (!is_key) return fail(Fault::malformed);
  return key;
}

Result<StoredKey> parse_wrapped(ByteView file) {
  if (file.size() <= wrapped_magic.size()) return fail(Fault::malformed);
  if (file[wrapped_magic.size()] > version) return fail(Fault::usage);
  if (file.size() != WrappedKey::size || file[wrapped_magic.size()] != version ||
      !std::ranges::equal(crypto::sha256(file.first(sum_at)).view(), file.last(Digest::size)))
    return fail(Fault::malformed);
  WrappedKey wrapped{};
  std::ranges::copy(file, wrapped.file.begin());
  return wrapped;
}

}  // namespace

bool is_sealed(ByteView file) { return begins_with(file, sealed_magic); }

ByteVector seal(const DataKey& key, std::string_view name, ByteView content, Rng& rng) {
  const Nonce nonce{rng.bytes<Nonce::size>()};
  ByteVector file(content.size() + sealed_overhead);
  const std::span<std::byte> all(file);
  put(all, 0, as_bytes(sealed_magic));
  put(all, sealed_magic.size(), {&version, 1});
  put(all, sealed_nonce_at, nonce.view());
  crypto::seal_once(algorithm, key, nonce, label_of(all.first(sealed_at), name), content,
                    all.subspan(sealed_at));
  return file;
}

Result<SecretBytes> open(const DataKey& key, std::string_view name, ByteView file) {
  if (!is_sealed(file) || file.size() < sealed_overhead || file.size() > file_size)
    return fail(Fault::malformed);
  if (file[sealed_magic.size()] > version) return fail(Fault::usage);
  const auto nonce = *Nonce::from(file.subspan(sealed_nonce_at, Nonce::size));
  Secret<content_size> plain;
  const auto content = plain.expose_to_fill().first(file.size() - sealed_overhead);
  CHECK_OK(crypto::open_once(algorithm, key, nonce, label_of(file.first(sealed_at), name),
                             file.subspan(sealed_at), content));
  return SecretBytes(content);
}

SecretBytes print(const DataKey& key) {
  Secret<plain_size> file;
  auto text = wire::base64::encode(key.expose());
  put(file.expose_to_fill(), 0, as_bytes(plain_magic));
  put(file.expose_to_fill(), plain_magic.size(), as_bytes(text));
  file.expose_to_fill().back() = std::byte{'\n'};
  explicit_bzero(text.data(), text.size());
  return SecretBytes(file.expose());
}

Result<ByteVector> wrap(const DataKey& key, ByteView passphrase, Rng& rng,
                        crypto::ScryptCost cost) {
  const auto salt = rng.bytes<crypto::Salt::size>();
  const Nonce nonce{rng.bytes<Nonce::size>()};
  TRY(const auto from_passphrase, crypto::scrypt(passphrase, salt, cost));
  ByteVector file(WrappedKey::size);
  const std::span<std::byte> all(file);
  put(all, 0, as_bytes(wrapped_magic));
  put(all, wrapped_magic.size(), {&version, 1});
  put(all, cost_at, std::array{std::byte{cost.log_n}, std::byte{cost.r}, std::byte{cost.p}});
  put(all, salt_at, salt);
  put(all, wrapped_nonce_at, nonce.view());
  crypto::seal_once(algorithm, from_passphrase, nonce, all.first(wrapped_at), key.expose(),
                    all.subspan(wrapped_at, DataKey::size + Aead::tag_size));
  put(all, sum_at, crypto::sha256(all.first(sum_at)).view());
  return file;
}

Result<StoredKey> parse_key(ByteView file) {
  if (begins_with(file, plain_magic)) return parse_plain(file);
  if (begins_with(file, wrapped_magic)) return parse_wrapped(file);
  return fail(Fault::malformed);
}

Result<DataKey> unwrap(const WrappedKey& wrapped, ByteView passphrase) {
  const ByteView file(wrapped.file);
  const auto number = [&](std::size_t at) { return std::to_integer<std::uint8_t>(file[at]); };
  const crypto::ScryptCost cost{number(cost_at), number(cost_at + 1), number(cost_at + 2)};
  TRY(const auto from_passphrase,
      crypto::scrypt(passphrase, file.subspan(salt_at, crypto::Salt::size), cost));
  const auto nonce = *Nonce::from(file.subspan(wrapped_nonce_at, Nonce::size));
  DataKey key;
  CHECK_OK(crypto::open_once(algorithm, from_passphrase, nonce, file.first(wrapped_at),
                             file.subspan(wrapped_at, DataKey::size + Aead::tag_size),
                             key.expose_to_fill()));
  return key;
}

}  // namespace culver::format::vault
