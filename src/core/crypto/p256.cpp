// ECDH on P-256 by OpenSSL's curve arithmetic: its EVP would build two keys and a context for every
// agreement, which costs a good part of the agreement itself.
#include "core/crypto/p256.hpp"

#include <openssl/obj_mac.h>

#include "core/crypto/openssl.hpp"

namespace culver::crypto {
namespace {

using Scratch = Owned<BN_CTX, BN_CTX_free>;

/// Never changes, so it is made once.
const EC_GROUP* curve() {
  static const Group group = [] {
    Group made(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    require(made != nullptr);
    return made;
  }();
  return group.get();
}

/// Null for a scalar outside [1, n).
SecretNumber scalar_of(const P256Private& secret) {
  SecretNumber scalar(BN_secure_new());
  require(scalar && BN_bin2bn(chars(secret.expose()), P256Private::size, scalar.get()) != nullptr);
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  if (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(curve())) >= 0)
    scalar.reset();
  return scalar;
}

/// What one call needs: a point, and numbers that are wiped when they are freed.
struct Workspace {
  Scratch scratch{BN_CTX_secure_new()};
  Point point{EC_POINT_new(curve())};
  Workspace() { require(scratch && point); }
};

}  // namespace

P256Private p256_generate(Rng& rng) {
  // One try in 2^32 misses the range, so a generator that misses it often is broken.
  for (int tries = 0; tries < 16; ++tries) {
    P256Private secret = rng.secret<P256Private::size>();
    if (scalar_of(secret)) return secret;
  }
  std::abort();
}

Result<P256Public> p256_public_of(const P256Private& secret) {
  const SecretNumber scalar = scalar_of(secret);
  if (!scalar) return fail(Fault::usage);
  const Workspace work;
  require(EC_POINT_mul(curve(), work.point.get(), scalar.get(), nullptr, nullptr,
                       work.scratch.get()) == 1);
  P256Public encoded;
  require(EC_POINT_point2oct(curve(), work.point.get(), POINT_CONVERSION_UNCOMPRESSED,
                             chars_to_fill(encoded.data), P256Public::size,
                             work.scratch.get()) == P256Public::size);
  return encoded;
}

Result<Secret<32>> p256_ecdh(const P256Private& ours, ByteView their_point) {
  if (their_point.size() != P256Public::size || their_point.front() != std::byte{4})
    return fail(Fault::bad_public_key);
  const SecretNumber scalar = scalar_of(ours);
  if (!scalar) return fail(Fault::usage);
  const Workspace work;
  // Refuses coordinates that are not below p and points that are not on the curve.
  if (EC_POINT_oct2point(curve(), work.point.get(), chars(their_point), their_point.size(),
                         work.scratch.get()) != 1)
    return fail(Fault::bad_public_key);
  const SecretNumber x(BN_secure_new());
  // The group has prime order and the scalar is below it, so the product is not the infinity. With
  // one point and no multiple of the generator the multiplication takes constant time.
  require(x &&
          EC_POINT_mul(curve(), work.point.get(), nullptr, work.point.get(), scalar.get(),
                       work.scratch.get()) == 1 &&
          EC_POINT_get_affine_coordinates(curve(), work.point.get(), x.get(), nullptr,
                                          work.scratch.get()) == 1);
  Secret<32> shared;
  require(BN_bn2binpad(x.get(), chars_to_fill(shared.expose_to_fill()), shared.size) ==
          shared.size);
  return shared;
}

}  // namespace culver::crypto
