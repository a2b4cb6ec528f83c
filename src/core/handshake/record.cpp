#include "core/handshake/record.hpp"

#include <algorithm>
#include <array>

#include "core/crypto/aead.hpp"

namespace culver::handshake {
namespace {

constexpr std::size_t counter_size = 8;
static_assert(record_overhead == counter_size + crypto::Aead::tag_size);

std::array<std::byte, counter_size> big_endian(std::uint64_t counter) {
  std::array<std::byte, counter_size> bytes;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, counter >>= 8)
    *byte = static_cast<std::byte>(counter & 0xFF);
  return bytes;
}

/// Four zero bytes, then the counter: a key is used by one side only, so no counter comes twice.
Nonce nonce_of(std::span<const std::byte, counter_size> counter) {
  Nonce nonce;
  std::copy(counter.begin(), counter.end(), nonce.data.end() - counter_size);
  return nonce;
}

constexpr auto algorithm = crypto::AeadAlgorithm::chacha20_poly1305;

}  // namespace

std::string RecordSealer::seal(std::string_view text) {
  const auto counter = big_endian(next_++);
  std::string record(record_overhead + text.size(), '\0');
  const auto bytes = std::as_writable_bytes(std::span(record));
  std::copy(counter.begin(), counter.end(), bytes.begin());
  // A session that rests holds a key and a counter, and no cipher.
  crypto::seal_once(algorithm, key_, nonce_of(counter), counter, as_bytes(text),
                    bytes.subspan(counter_size));
  return record;
}

Result<std::string> RecordOpener::open(std::string_view record) {
  // So far counts no session: it is a message in the clear.
  if (!record.empty() && record.front() != '\0') return fail(Fault::not_authentic);
  if (record.size() < record_overhead) return fail(Fault::malformed);
  const auto counter = as_bytes(record).first<counter_size>();
  const auto sealed = as_bytes(record).subspan(counter_size);
  // The counter is sent although it is known, so that a record out of its place can be told from
  // one that was tampered with.
  if (!std::ranges::equal(counter, big_endian(next_))) return fail(Fault::replayed);
  std::string text(record.size() - record_overhead, '\0');
  CHECK_OK(crypto::open_once(algorithm, key_, nonce_of(counter), counter, sealed,
                             std::as_writable_bytes(std::span(text))));
  ++next_;
  return text;
}

}  // namespace culver::handshake
