// The server's own key in tests: always the same.
#pragma once

#include "core/relay/gateway.hpp"

namespace culver::relay {

inline Door test_door(bool handshake_required = false) {
  crypto::SigningSeed seed;
  for (auto& byte : seed.expose_to_fill()) byte = std::byte{7};
  crypto::SigningKey key(seed);
  auto text = print_hex(key.verify_key().view());
  return {{std::move(key), std::move(text)}, handshake_required};
}

}  // namespace culver::relay
