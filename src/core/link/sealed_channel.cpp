#include "core/link/sealed_channel.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/wire/base64.hpp"

namespace culver::link {

std::size_t NonceMemory::Hash::operator()(const Nonce& nonce) const noexcept {
  // Authentic nonces only: nobody without the key can choose them to collide.
  std::uint64_t head = 0;
  std::uint32_t tail = 0;
  std::memcpy(&head, nonce.data.data(), sizeof head);
  std::memcpy(&tail, nonce.data.data() + sizeof head, sizeof tail);
  return (head ^ tail) * 0x9E3779B97F4A7C15u;
}

void NonceMemory::remember(const Nonce& nonce) {
  if (ring_.size() < capacity_) {
    ring_.push_back(nonce);
  } else {
    known_.erase(ring_[next_]);
    ring_[next_] = nonce;
    next_ = (next_ + 1) % capacity_;
  }
  known_.insert(nonce);
}

SealedChannel::SealedChannel(const SessionKey& key, Rng& rng)
    : aead_(crypto::AeadAlgorithm::chacha20_poly1305, key.expose()), prefix_(rng.bytes<8>()) {}

std::string seal_with(crypto::Aead& aead, const Nonce& nonce, ByteView plaintext) {
  ByteVector frame(SealedChannel::overhead + plaintext.size());
  std::copy(nonce.data.begin(), nonce.data.end(), frame.begin());
  aead.seal(nonce, {}, plaintext, std::span(frame).subspan(Nonce::size));
  return wire::base64::encode(frame);
}

Result<std::string> SealedChannel::seal(ByteView plaintext) {
  if (sealed_ > std::numeric_limits<std::uint32_t>::max()) return fail(Fault::internal);
  Nonce nonce;
  const auto counter = static_cast<std::uint32_t>(sealed_++);
  std::copy(prefix_.begin(), prefix_.end(), nonce.data.begin());
  std::memcpy(nonce.data.data() + prefix_.size(), &counter, sizeof counter);
  return seal_with(aead_, nonce, plaintext);
}

bool SealedChannel::is_ours(const Nonce& nonce) const {
  return std::equal(prefix_.begin(), prefix_.end(), nonce.data.begin());
}

Result<ByteVector> SealedChannel::open(std::string_view wire) {
  const auto frame = wire::base64::decode(wire);
  if (!frame || frame->size() < overhead) return fail(Fault::malformed);
  const auto nonce = *Nonce::from(std::span(*frame).first(Nonce::size));
  if (is_ours(nonce)) return fail(Fault::reflected);
  if (seen_.contains(nonce)) return fail(Fault::replayed);
  ByteVector plaintext(frame->size() - overhead);
  CHECK_OK(aead_.open(nonce, {}, std::span(*frame).subspan(Nonce::size), plaintext));
  seen_.remember(nonce);
  return plaintext;
}

}  // namespace culver::link
