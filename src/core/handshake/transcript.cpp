#include "core/handshake/transcript.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "core/crypto/hash.hpp"

namespace culver::handshake {
namespace {

// No two of these are the same, so nothing that is made for one use serves for another.
constexpr std::string_view protocol = "culver gateway 2";
constexpr std::string_view server_signs = "culver gateway 2 server signature";
constexpr std::string_view client_signs = "culver gateway 2 client signature";
constexpr std::string_view handshake_info = "culver gateway 2 handshake keys";
constexpr std::string_view session_info = "culver gateway 2 session keys";

Digest sha256_of_row(std::initializer_list<std::string_view> texts) {
  crypto::Sha256 hash;
  for (const std::string_view text : texts) hash.update(as_bytes(text));
  return std::move(hash).finish();
}

Digest signed_digest(std::string_view label, const Transcript& transcript) {
  Transcript labelled;
  labelled.add(label).add(transcript.digest().data);
  return labelled.digest();
}

/// One HKDF, cut into keys in order: each part of its output is as random as the others.
template <std::size_t N>
class KeyBlock {
 public:
  KeyBlock(const Secret<32>& secret, const Transcript& transcript, std::string_view info) {
    const Digest salt = transcript.digest();
    const auto derived =
        crypto::hkdf_sha256(secret.expose(), salt.data, as_bytes(info), block_.expose_to_fill());
    if (!derived) std::abort();  // only for more than 8,160 bytes
  }
  Secret<32> next_key() { return Secret<32>(next<32>()); }
  template <std::size_t Size>
  std::span<const std::byte, Size> next() {
    const auto part = block_.expose().subspan(used_).template first<Size>();
    used_ += Size;
    return part;
  }

 private:
  Secret<N> block_;
  std::size_t used_ = 0;
};

}  // namespace

Transcript::Transcript() { add(protocol); }

Transcript& Transcript::add(std::string_view part) { return add(as_bytes(part)); }

Transcript& Transcript::add(ByteView part) {
  std::array<std::byte, 8> length;
  for (std::size_t i = 0; i < length.size(); ++i)
    length[i] = static_cast<std::byte>(std::uint64_t{part.size()} >> (56 - 8 * i) & 0xFF);
  hash_.update(length);
  hash_.update(part);
  return *this;
}

Digest Transcript::digest() const { return hash_.so_far(); }

void Transcript::add_client_hello(std::string_view frame) {
  // Its hash, so that a transcript stays small whatever a stranger sends.
  add("client_hello").add(crypto::sha256(as_bytes(frame)).data);
}

void Transcript::add_server_hello(const wire::gateway::ServerHello& message) {
  add("server_hello").add(std::to_string(message.version));
  add(std::to_string(message.client_version));
  add(message.ephemeral.text).add(message.identity.text).add(message.nonce.text);
}

void Transcript::add_client_auth(const wire::gateway::ClientAuth& message) {
  add("client_auth").add(message.user.text).add(message.device_text).add(message.nonce2.text);
  // What may be absent goes in with whether it is there: no name is not an empty name.
  add(message.device_name ? "named" : "unnamed");
  if (message.device_name) add(message.device_name->expose());
  add(message.device_type ? "typed" : "untyped");
  if (message.device_type) add(*message.device_type);
}

Digest server_digest_v1(std::string_view identity, std::string_view ephemeral,
                        std::string_view nonce_c, std::string_view nonce_s) {
  return sha256_of_row({identity, ephemeral, nonce_c, nonce_s});
}

Digest client_digest_v1(std::string_view user, std::string_view device, std::string_view nonce_c,
                        std::string_view nonce_s, std::string_view server_ephemeral) {
  return sha256_of_row({user, device, nonce_c, nonce_s, server_ephemeral});
}

Digest server_digest_v2(const Transcript& up_to_server_hello) {
  return signed_digest(server_signs, up_to_server_hello);
}

Digest client_digest_v2(const Transcript& up_to_client_auth) {
  return signed_digest(client_signs, up_to_client_auth);
}

void put_downgrade_mark(wire::gateway::HandshakeNonce& nonce_s) {
  const auto mark = as_bytes(downgrade_mark);
  std::copy(mark.begin(), mark.end(), nonce_s.data.end() - mark.size());
}

bool carries_downgrade_mark(const wire::gateway::HandshakeNonce& nonce_s) {
  return std::ranges::equal(nonce_s.view().last<downgrade_mark.size()>(), as_bytes(downgrade_mark));
}

HandshakeKeys handshake_keys(const Secret<32>& shared, const Transcript& up_to_server_hello) {
  KeyBlock<128> block(shared, up_to_server_hello, handshake_info);
  return {block.next_key(), block.next_key(), block.next_key(), block.next_key()};
}

wire::gateway::Confirmation confirmation(const Secret<32>& key, const Transcript& transcript) {
  return {crypto::hmac_sha256(key.expose(), transcript.digest().data).data};
}

bool confirms(const std::optional<wire::gateway::Confirmation>& claimed, const Secret<32>& key,
              const Transcript& transcript) {
  return claimed &&
         crypto::equal_in_constant_time(claimed->data, confirmation(key, transcript).data);
}

SessionKeys session_keys(const Secret<32>& session, const Transcript& whole) {
  KeyBlock<80> block(session, whole, session_info);
  return {block.next_key(), block.next_key(), *SessionId::from(block.next<16>())};
}

}  // namespace culver::handshake
