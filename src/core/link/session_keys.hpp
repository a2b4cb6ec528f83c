// The session keys of two peers: Zajel's key schedule, HKDF-SHA256 with an empty salt.
// docs/protocol/peer.md. One key serves both directions; see sealed_channel.hpp for what that asks.
#pragma once

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/crypto/keys.hpp"

namespace culver::link {

using SessionKey = Secret<32>;

/// From the identity keys alone: a peer without an ephemeral key. Fault::weak_public_key.
Result<SessionKey> session_key_v1(const crypto::PrivateKey& identity, const PublicKey& peer);

/// From the identity keys and one ephemeral key of each side. Fault::weak_public_key.
Result<SessionKey> session_key_v2(const crypto::PrivateKey& identity, const PublicKey& peer,
                                  const crypto::PrivateKey& ephemeral,
                                  const PublicKey& peer_ephemeral);

}  // namespace culver::link
