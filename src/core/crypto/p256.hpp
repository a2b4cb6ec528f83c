// ECDH on P-256, SEC 1 uncompressed points. Off-curve points, the point at infinity and any other
// encoding are refused.
#pragma once

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace culver::crypto {

/// A scalar in [1, n), fixed width, big-endian.
using P256Private = Secret<32>;
/// 0x04 || X || Y.
using P256Public = Bytes<struct P256PublicTag, 65>;

P256Private p256_generate(Rng& rng);
/// Fault::usage for a scalar outside [1, n).
Result<P256Public> p256_public_of(const P256Private& secret);
/// The X coordinate of the shared point. Fault::bad_public_key for a point that is not one.
Result<Secret<32>> p256_ecdh(const P256Private& ours, ByteView their_point);

}  // namespace culver::crypto
