// What both sides of a version 2 handshake have said so far, and what is derived from it. Layout
// and claims: docs/protocol/gateway.md.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/secret.hpp"
#include "core/crypto/hash.hpp"
#include "core/wire/gateway.hpp"

namespace culver::handshake {

/// Grows message by message; each part goes in with its length, so that no two transcripts read the
/// same.
class Transcript {
 public:
  Transcript();  ///< begins with the label of the protocol
  Transcript& add(std::string_view part);
  Transcript& add(ByteView part);
  Digest digest() const;

  /// The client_hello exactly as it was sent, hashed: every offer in it, known to us or not.
  void add_client_hello(std::string_view frame);
  /// All of a server_hello but its signature and confirmation.
  void add_server_hello(const wire::gateway::ServerHello& message);
  /// All of a client_auth but its signature and confirmation.
  void add_client_auth(const wire::gateway::ClientAuth& message);

 private:
  crypto::Sha256 hash_;
};

/// The digest that version 1 signs: SHA-256 of the texts in a row.
Digest server_digest_v1(std::string_view identity, std::string_view ephemeral,
                        std::string_view nonce_c, std::string_view nonce_s);
Digest client_digest_v1(std::string_view user, std::string_view device, std::string_view nonce_c,
                        std::string_view nonce_s, std::string_view server_ephemeral);

/// What version 2 signs, by role, so that no signature serves elsewhere.
Digest server_digest_v2(const Transcript& up_to_server_hello);
Digest client_digest_v2(const Transcript& up_to_client_auth);

/// The last eight bytes of nonce_s when a server that speaks version 2 answers in version 1, after
/// RFC 8446 section 4.1.3: the signature of version 1 covers nonce_s, so a client that offered
/// version 2 notices that somebody took the offer out.
inline constexpr std::string_view downgrade_mark = "CULVERv1";
void put_downgrade_mark(wire::gateway::HandshakeNonce& nonce_s);
bool carries_downgrade_mark(const wire::gateway::HandshakeNonce& nonce_s);

/// Keys that exist before the device is known. From the shared secret, salted with the transcript
/// up to server_hello, without its signature and confirmation.
struct HandshakeKeys {
  Secret<32> server_confirmation;
  Secret<32> client_confirmation;
  Secret<32> client_auth;  ///< seals the frame with client_auth
  Secret<32> session;      ///< from which SessionKeys come
};
HandshakeKeys handshake_keys(const Secret<32>& shared, const Transcript& up_to_server_hello);

/// Over the transcript up to and with the signature of the side that confirms.
wire::gateway::Confirmation confirmation(const Secret<32>& key, const Transcript& transcript);
/// Whether what the other side sent, if it sent one, is that confirmation. In constant time.
bool confirms(const std::optional<wire::gateway::Confirmation>& claimed, const Secret<32>& key,
              const Transcript& transcript);

/// Keys of the session, from the transcript of the whole handshake.
struct SessionKeys {
  Secret<32> client_to_server;
  Secret<32> server_to_client;
  SessionId id;
};
SessionKeys session_keys(const Secret<32>& session, const Transcript& whole);

}  // namespace culver::handshake
