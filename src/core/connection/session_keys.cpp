#include "core/connection/session_keys.hpp"

#include <algorithm>
#include <string>

#include "core/crypto/hash.hpp"

namespace culver::connection {
namespace {

template <std::size_t N>
Result<SessionKey> derive(const Secret<N>& input, std::string_view info) {
  SessionKey key;
  CHECK_OK(crypto::hkdf_sha256(input.expose(), {}, as_bytes(info), key.expose_to_fill()));
  return key;
}

Result<SessionKey> stream_key(const SessionKey& session, const Party& from, const Party& to) {
  std::string info = "culver_files_v2";
  for (const auto* key : {&from.identity, &from.ephemeral, &to.identity, &to.ephemeral})
    info += as_text(key->view());
  return derive(session, info);
}

}  // namespace

Result<SessionKey> session_key_v1(const crypto::PrivateKey& identity, const PublicKey& peer) {
  TRY(const crypto::SharedSecret shared, crypto::x25519(identity, peer));
  return derive(shared, "zajel_session");
}

Result<SessionKey> own_frames_key(const SessionKey& session, const PublicKey& own) {
  return derive(session, "culver own frames" + std::string(as_text(own.view())));
}

Result<SessionKey> session_key_v2(const crypto::PrivateKey& identity, const PublicKey& peer,
                                  const crypto::PrivateKey& ephemeral,
                                  const PublicKey& peer_ephemeral) {
  TRY(const crypto::SharedSecret lasting, crypto::x25519(identity, peer));
  TRY(const crypto::SharedSecret fresh, crypto::x25519(ephemeral, peer_ephemeral));
  Secret<64> input;
  const auto second =
      std::copy(lasting.expose().begin(), lasting.expose().end(), input.expose_to_fill().begin());
  std::copy(fresh.expose().begin(), fresh.expose().end(), second);
  return derive(input, "zajel_session_v2");
}

Result<StreamKeys> stream_keys(const SessionKey& session, const Party& ours, const Party& theirs) {
  if (ours.identity == theirs.identity && ours.ephemeral == theirs.ephemeral)
    return fail(Fault::reflected);
  TRY(auto outgoing, stream_key(session, ours, theirs));
  TRY(auto incoming, stream_key(session, theirs, ours));
  return StreamKeys{std::move(outgoing), std::move(incoming)};
}

}  // namespace culver::connection
