// What a device signs when it asks the server over HTTP to list, rename or revoke devices: the
// whole request, for this server, once. Layout: docs/protocol/gateway.md.
#pragma once

#include <span>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/ids.hpp"
#include "core/crypto/sign.hpp"

namespace culver::handshake {

struct AdminRequest {
  crypto::VerifyKey server;  ///< whom it is for
  std::string_view method;   ///< as in the request line
  std::string_view target;   ///< likewise: path and query, byte for byte
  DeviceId device;           ///< that asks
  WallTime time;
  std::span<const std::byte, 16> nonce;
  std::string_view body;
};

/// What Ed25519 signs: SHA-256 of a list of parts, each behind its length in four bytes,
/// big-endian: "culver admin request v1", server, method, target, device, time in decimal, nonce,
/// SHA-256 of the body.
Digest admin_request_digest(const AdminRequest& request);

}  // namespace culver::handshake
