#include "core/connection/stream_seal.hpp"

namespace culver::connection {
namespace {

constexpr auto algorithm = crypto::AeadAlgorithm::aes_256_gcm;

/// The number of the frame in its direction. 2^64 of them are never reached.
Nonce nonce_of(std::uint64_t number) {
  Nonce nonce;
  for (std::size_t i = Nonce::size; number != 0; number >>= 8)
    nonce.data[--i] = static_cast<std::byte>(number & 0xFF);
  return nonce;
}

}  // namespace

StreamSeal::StreamSeal(const StreamKeys& keys)
    : outgoing_(algorithm, keys.outgoing.expose()), incoming_(algorithm, keys.incoming.expose()) {}

void StreamSeal::seal(ByteVector& frame) {
  const std::span<std::byte> all(frame);
  const auto sealed = all.subspan(1);
  const auto plain = sealed.first(sealed.size() - crypto::Aead::tag_size);
  outgoing_.seal(nonce_of(sealed_++), all.first(1), plain, sealed);
}

Result<void> StreamSeal::open(ByteVector& frame) {
  if (frame.size() < 1 + crypto::Aead::tag_size) return fail(Fault::not_authentic);
  const std::span<std::byte> all(frame);
  const auto sealed = all.subspan(1);
  const auto plain = sealed.first(sealed.size() - crypto::Aead::tag_size);
  CHECK_OK(incoming_.open(nonce_of(opened_++), all.first(1), sealed, plain));
  frame.resize(1 + plain.size());
  return {};
}

}  // namespace culver::connection
