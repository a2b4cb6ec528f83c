// Ed25519 signatures, RFC 8032, strict: S < L, canonical encodings, no public key of small order.
#pragma once

#include <memory>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace culver::crypto {

using SigningSeed = Secret<32>;
using VerifyKey = Bytes<struct VerifyKeyTag, 32>;
using Signature = Bytes<struct SignatureTag, 64>;

/// A private key, ready for many signatures. Movable, not copyable.
class SigningKey {
 public:
  explicit SigningKey(const SigningSeed& seed);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  const VerifyKey& verify_key() const { return verify_key_; }
  Signature sign(ByteView message) const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  VerifyKey verify_key_;
};

/// True for the eight points whose order divides 8, for which anybody can make signatures, and for
/// spellings that are not canonical, which would give one key two names.
bool is_weak(const VerifyKey& key);
/// Fault::not_authentic unless the signature is good; weak_public_key for a weak key.
Result<void> verify(const VerifyKey& key, ByteView message, const Signature& signature);

}  // namespace culver::crypto
