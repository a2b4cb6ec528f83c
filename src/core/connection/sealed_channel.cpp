#include "core/connection/sealed_channel.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "core/crypto/hash.hpp"
#include "core/wire/base64.hpp"

namespace culver::connection {

SealedChannel::SealedChannel(const SessionKey& key, Rng& rng)
    : aead_(crypto::AeadAlgorithm::chacha20_poly1305, key.expose()), prefix_(rng.bytes<8>()) {}

SealedChannel::SealedChannel(const SessionKey& key, SessionKey ours, Rng& rng)
    : aead_(crypto::AeadAlgorithm::chacha20_poly1305, key.expose()),
      marks_(std::move(ours)),
      prefix_(rng.bytes<8>()) {}

std::string seal_with(crypto::Aead& aead, const Nonce& nonce, ByteView plaintext) {
  ByteVector frame(SealedChannel::overhead + plaintext.size());
  std::copy(nonce.data.begin(), nonce.data.end(), frame.begin());
  aead.seal(nonce, {}, plaintext, std::span(frame).subspan(Nonce::size));
  return wire::base64::encode(frame);
}

SealedChannel::Mark SealedChannel::mark_of(ByteView number) const {
  const auto digest = crypto::hmac_sha256(marks_->expose(), number);
  Mark mark;
  std::copy_n(digest.data.begin(), mark.size(), mark.begin());
  return mark;
}

Result<std::string> SealedChannel::seal(ByteView plaintext) {
  if (sealed_ > std::numeric_limits<std::uint32_t>::max()) return fail(Fault::internal);
  Nonce nonce;
  std::byte* const tail = nonce.data.data() + prefix_.size();
  if (marks_) {
    std::uint64_t number = 0;
    std::memcpy(&number, prefix_.data(), sizeof number);
    number += sealed_++;
    std::memcpy(nonce.data.data(), &number, sizeof number);
    const auto mark = mark_of(nonce.view().first(prefix_.size()));
    std::copy(mark.begin(), mark.end(), tail);
  } else {
    std::copy(prefix_.begin(), prefix_.end(), nonce.data.begin());
    auto counter = sealed_++;
    for (std::byte* at = tail; at != nonce.data.data() + Nonce::size; counter >>= 8)
      *at++ = static_cast<std::byte>(counter & 0xFF);
  }
  return seal_with(aead_, nonce, plaintext);
}

bool SealedChannel::is_ours(const Nonce& nonce) const {
  if (!marks_) return std::equal(prefix_.begin(), prefix_.end(), nonce.data.begin());
  const auto mark = mark_of(nonce.view().first(prefix_.size()));
  return std::equal(mark.begin(), mark.end(), nonce.data.begin() + prefix_.size());
}

Result<SealedChannel::Opened> SealedChannel::open(std::string_view wire) {
  const auto frame = wire::base64::decode(wire);
  if (!frame || frame->size() < overhead) return fail(Fault::malformed);
  const auto nonce = *Nonce::from(std::span(*frame).first(Nonce::size));
  if (is_ours(nonce)) return fail(Fault::reflected);
  ByteVector plaintext(frame->size() - overhead);
  CHECK_OK(aead_.open(nonce, {}, std::span(*frame).subspan(Nonce::size), plaintext));
  return Opened{nonce, std::move(plaintext)};
}

}  // namespace culver::connection
