// How this folder holds OpenSSL's objects, and the one place where it gives up.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "core/base/bytes.hpp"

namespace culver::crypto {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
template <class T, auto free_function>
using Owned = std::unique_ptr<T, Free<free_function>>;

using Pkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using PkeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using CipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using MessageDigest = Owned<EVP_MD, EVP_MD_free>;
using Mac = Owned<EVP_MAC, EVP_MAC_free>;
using MacContext = Owned<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using SecretNumber = Owned<BIGNUM, BN_clear_free>;
using Number = Owned<BIGNUM, BN_free>;
using Group = Owned<EC_GROUP, EC_GROUP_free>;
using Point = Owned<EC_POINT, EC_POINT_clear_free>;

/// For calls that can fail only by a bug of ours or for lack of memory: there is nothing sound to
/// do afterwards, and an ignored failure of a primitive would leave secrets in the clear.
inline void require(bool success) {
  if (!success) std::abort();
}

/// OpenSSL tells "no argument" from "empty" by the pointer, so an empty view gets one that is not
/// null.
inline const unsigned char* chars(ByteView bytes) {
  static constexpr unsigned char nothing = 0;
  return bytes.empty() ? &nothing : reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* chars_to_fill(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace culver::crypto
