#include "core/connection/proof.hpp"

#include "core/crypto/hash.hpp"

namespace culver::connection {

Result<void> Proof::claim(const PublicKey& paired, const wire::peer::Handshake& handshake) {
  if (!crypto::equal_in_constant_time(paired.view(), handshake.key.view()))
    return fail(Fault::key_mismatch);
  return {};
}

Result<Proof::Confirmed> Proof::by_confirmation(Session& session, const Digest& handshakes,
                                                std::string_view frame, Context& context,
                                                Effects& out) {
  const auto opened = session.open(frame, context, out);
  if (!opened) return fail(Fault::key_mismatch);
  const auto capabilities = wire::peer::parse_capabilities(as_text(*opened));
  if (!capabilities) return fail(Fault::bad_handshake);
  if (!crypto::equal_in_constant_time(capabilities->handshakes.view(), handshakes.view()))
    return fail(Fault::key_mismatch);
  return Confirmed{PeerKeyProven{}, *capabilities};
}

Result<Proof::OpenedFrame> Proof::by_frame(Session& session, std::string_view frame,
                                           Context& context, Effects& out) {
  TRY(ByteVector plaintext, session.open(frame, context, out));
  return OpenedFrame{PeerKeyProven{}, std::move(plaintext)};
}

}  // namespace culver::connection
