// Ed25519 signatures, RFC 8032, strict: S < L, canonical encodings (what OpenSSL enforces).
#pragma once

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace culver::crypto {

using SigningSeed = Secret<32>;
using VerifyKey = Bytes<struct VerifyKeyTag, 32>;
using Signature = Bytes<struct SignatureTag, 64>;

VerifyKey verify_key_of(const SigningSeed& seed);
Signature sign(const SigningSeed& seed, ByteView message);
/// Fault::not_authentic unless the signature is good.
Result<void> verify(const VerifyKey& key, ByteView message, const Signature& signature);

}  // namespace culver::crypto
