// ECDH on P-256. The agreement goes through OpenSSL's EVP, which checks the peer's point; a public
// key is made from a scalar by the curve arithmetic, for which EVP has no call.
#include "core/crypto/p256.hpp"

#include <array>

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include "core/crypto/openssl.hpp"

namespace culver::crypto {
namespace {

using ParamBuilder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = Owned<OSSL_PARAM, OSSL_PARAM_free>;

Group curve() {
  Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  require(group != nullptr);
  return group;
}

/// Null for a scalar outside [1, n).
SecretNumber scalar_of(const P256Private& secret, const EC_GROUP* group) {
  SecretNumber scalar(BN_secure_new());
  require(scalar && BN_bin2bn(chars(secret.expose()), P256Private::size, scalar.get()) != nullptr);
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  if (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(group)) >= 0)
    scalar.reset();
  return scalar;
}

/// A key of this curve from one of its two halves; null if OpenSSL does not take the point.
Pkey pkey_of(int selection, const BIGNUM* scalar, ByteView point) {
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  require(builder != nullptr);
  require(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
                                          0) == 1);
  if (scalar != nullptr)
    require(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1);
  if (!point.empty())
    require(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, chars(point),
                                             point.size()) == 1);
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  require(params && context && EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* pkey = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &pkey, selection, params.get()) != 1) return nullptr;
  return Pkey(pkey);
}

}  // namespace

P256Private p256_generate(Rng& rng) {
  const Group group = curve();
  // One try in 2^32 misses the range, so a generator that misses it often is broken.
  for (int tries = 0; tries < 16; ++tries) {
    P256Private secret = rng.secret<P256Private::size>();
    if (scalar_of(secret, group.get())) return secret;
  }
  std::abort();
}

Result<P256Public> p256_public_of(const P256Private& secret) {
  const Group group = curve();
  const SecretNumber scalar = scalar_of(secret, group.get());
  if (!scalar) return fail(Fault::usage);
  const Point point(EC_POINT_new(group.get()));
  require(point &&
          EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) == 1);
  P256Public encoded;
  require(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                             chars_to_fill(encoded.data), P256Public::size,
                             nullptr) == P256Public::size);
  return encoded;
}

Result<Secret<32>> p256_ecdh(const P256Private& ours, ByteView their_point) {
  if (their_point.size() != P256Public::size || their_point.front() != std::byte{4})
    return fail(Fault::bad_public_key);
  const Group group = curve();
  const SecretNumber scalar = scalar_of(ours, group.get());
  if (!scalar) return fail(Fault::usage);
  const Pkey own = pkey_of(EVP_PKEY_KEYPAIR, scalar.get(), {});
  const Pkey peer = pkey_of(EVP_PKEY_PUBLIC_KEY, nullptr, their_point);
  require(own != nullptr);
  if (!peer) return fail(Fault::bad_public_key);
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  require(context && EVP_PKEY_derive_init(context.get()) == 1);
  if (EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1) return fail(Fault::bad_public_key);
  Secret<32> shared;
  std::size_t size = shared.size;
  require(EVP_PKEY_derive(context.get(), chars_to_fill(shared.expose_to_fill()), &size) == 1);
  require(size == shared.size);
  return shared;
}

}  // namespace culver::crypto
