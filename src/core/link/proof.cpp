#include "core/link/proof.hpp"

#include "core/crypto/hash.hpp"

namespace culver::link {

Result<PeerKeyProven> Proof::by_handshake(const PublicKey& paired,
                                          const wire::peer::Handshake& handshake) {
  if (!crypto::equal_in_constant_time(paired.view(), handshake.key.view()))
    return fail(Fault::key_mismatch);
  return PeerKeyProven{};
}

Result<Proof::Confirmed> Proof::by_confirmation(SealedChannel& v2, const Digest& handshakes,
                                                std::string_view frame) {
  const auto opened = v2.open(frame);
  if (!opened) return fail(Fault::key_mismatch);
  const auto capabilities = wire::peer::parse_capabilities(as_text(*opened));
  if (!capabilities) return fail(Fault::bad_handshake);
  if (!crypto::equal_in_constant_time(capabilities->handshakes.view(), handshakes.view()))
    return fail(Fault::key_mismatch);
  return Confirmed{PeerKeyProven{}, *capabilities};
}

Result<Proof::OpenedFrame> Proof::by_frame(SealedChannel& v1, std::string_view frame) {
  TRY(ByteVector plaintext, v1.open(frame));
  return OpenedFrame{PeerKeyProven{}, std::move(plaintext)};
}

}  // namespace culver::link
