// The envelope around the content: header, sealed content, checksum.
#include "core/format/backup.hpp"

#include <algorithm>
#include <string_view>

#include <string.h>  // explicit_bzero

#include "core/crypto/aead.hpp"
#include "core/crypto/hash.hpp"
#include "core/format/backup_content.hpp"

namespace culver::format::backup {
namespace {

using crypto::Aead;
constexpr auto algorithm = crypto::AeadAlgorithm::chacha20_poly1305;

constexpr std::string_view magic = "culver-backup\n";
constexpr std::byte version{1};
constexpr std::size_t version_at = magic.size(), cost_at = version_at + 1, salt_at = cost_at + 3,
                      nonce_at = salt_at + crypto::Salt::size, header_size = nonce_at + Nonce::size;
constexpr std::size_t smallest = header_size + Aead::tag_size + Digest::size;

/// What is read is secret, however the reading ends.
class Wiped {
 public:
  explicit Wiped(std::size_t size) : bytes_(size) {}
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { explicit_bzero(bytes_.data(), bytes_.size()); }
  ByteVector& bytes() { return bytes_; }

 private:
  ByteVector bytes_;
};

void put(std::span<std::byte> file, std::size_t at, ByteView part) {
  std::copy(part.begin(), part.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
}

bool is_whole(ByteView file) {
  if (file.size() < smallest || file.size() > file_size) return false;
  const auto checked = file.first(file.size() - Digest::size);
  return as_text(file.first(magic.size())) == magic &&
         std::ranges::equal(crypto::sha256(checked).view(), file.last(Digest::size));
}

}  // namespace

/// The content is written where its ciphertext then takes its place.
Result<ByteVector> seal(const Content& content, ByteView passphrase, Rng& rng,
                        crypto::ScryptCost cost) {
  const auto salt = rng.bytes<crypto::Salt::size>();
  const Nonce nonce{rng.bytes<Nonce::size>()};
  TRY(const auto key, crypto::scrypt(passphrase, salt, cost));
  const auto size = printed_size(content);
  if (smallest + size > file_size || content.peers.size() > peers ||
      content.servers.size() > servers)
    return fail(Fault::too_large);
  ByteVector file(smallest + size);
  const std::span<std::byte> all(file);
  put(all, 0, as_bytes(magic));
  put(all, version_at, {&version, 1});
  put(all, cost_at, std::array{std::byte{cost.log_n}, std::byte{cost.r}, std::byte{cost.p}});
  put(all, salt_at, salt);
  put(all, nonce_at, nonce.view());
  const auto place = all.subspan(header_size, size + Aead::tag_size);
  print(content, place.first(size));
  crypto::seal_once(algorithm, key, nonce, all.first(header_size), place.first(size), place);
  put(all, file.size() - Digest::size,
      crypto::sha256(all.first(file.size() - Digest::size)).view());
  return file;
}

Result<Content> open(ByteView file, ByteView passphrase) {
  if (!is_whole(file)) return fail(Fault::malformed);
  if (file[version_at] != version) return fail(Fault::usage);
  const auto number = [&](std::size_t at) { return std::to_integer<std::uint8_t>(file[at]); };
  const crypto::ScryptCost cost{number(cost_at), number(cost_at + 1), number(cost_at + 2)};
  TRY(const auto key, crypto::scrypt(passphrase, file.subspan(salt_at, crypto::Salt::size), cost));
  const auto nonce = *Nonce::from(file.subspan(nonce_at, Nonce::size));
  const auto sealed = file.subspan(header_size, file.size() - header_size - Digest::size);
  Wiped plain(sealed.size() - Aead::tag_size);
  CHECK_OK(
      crypto::open_once(algorithm, key, nonce, file.first(header_size), sealed, plain.bytes()));
  return parse(plain.bytes());
}

}  // namespace culver::format::backup
