// The session keys of two peers: Zajel's key schedule, HKDF-SHA256 with an empty salt.
// docs/protocol/peer.md. One key serves both directions; see sealed_channel.hpp for what that asks.
#pragma once

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/crypto/keys.hpp"

namespace culver::connection {

using SessionKey = Secret<32>;

/// One key for each direction of a v2 session's files in their second form.
struct StreamKeys {
  SessionKey outgoing;
  SessionKey incoming;
};

/// The public half of one side: what it is called for good, and in this connection.
struct Party {
  PublicKey identity;
  PublicKey ephemeral;
};

/// From the identity keys alone: a peer without an ephemeral key. Fault::weak_public_key.
Result<SessionKey> session_key_v1(const crypto::PrivateKey& identity, const PublicKey& peer);

/// Marks the frames that are our own under a version 1 key, in this connection and every later one:
/// docs/protocol/peer.md.
Result<SessionKey> own_frames_key(const SessionKey& session, const PublicKey& own);

/// From the identity keys and one ephemeral key of each side. Fault::weak_public_key.
Result<SessionKey> session_key_v2(const crypto::PrivateKey& identity, const PublicKey& peer,
                                  const crypto::PrivateKey& ephemeral,
                                  const PublicKey& peer_ephemeral);

/// From a v2 session's key, bound to who sends and who receives. Fault::reflected if the peer says
/// that it is us, since both directions would then have the same key.
Result<StreamKeys> stream_keys(const SessionKey& session, const Party& ours, const Party& theirs);

}  // namespace culver::connection
