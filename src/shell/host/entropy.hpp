// The system's randomness as core takes it.
#pragma once

#include <cstdlib>
#include <span>

#include <openssl/rand.h>

#include "core/base/env.hpp"

namespace culver::host {

/// OpenSSL's generator, seeded by the kernel. Without randomness nothing here is safe, so its
/// failure ends the process.
inline Rng system_rng() {
  const auto fill = [](void*, std::span<std::byte> out) {
    auto* bytes = reinterpret_cast<unsigned char*>(out.data());
    if (RAND_bytes(bytes, static_cast<int>(out.size())) != 1) std::abort();
  };
  return Rng(fill, nullptr);
}

}  // namespace culver::host
