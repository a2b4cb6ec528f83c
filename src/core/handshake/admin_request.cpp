// The list of parts behind admin_request.hpp.
#include "core/handshake/admin_request.hpp"

#include <string>

#include "core/crypto/hash.hpp"

namespace culver::handshake {
namespace {

constexpr std::string_view label = "culver admin request v1";

void add(crypto::Sha256& hash, ByteView part) {
  std::array<std::byte, 4> length;
  for (std::size_t i = 0; i < length.size(); ++i)
    length[i] = static_cast<std::byte>(part.size() >> 8 * (length.size() - 1 - i));
  hash.update(length);
  hash.update(part);
}

}  // namespace

Digest admin_request_digest(const AdminRequest& request) {
  crypto::Sha256 hash;
  add(hash, as_bytes(label));
  add(hash, request.server.data);
  add(hash, as_bytes(request.method));
  add(hash, as_bytes(request.target));
  add(hash, request.device.data);
  add(hash, as_bytes(std::to_string(request.time)));
  add(hash, request.nonce);
  add(hash, crypto::sha256(as_bytes(request.body)).data);
  return std::move(hash).finish();
}

}  // namespace culver::handshake
