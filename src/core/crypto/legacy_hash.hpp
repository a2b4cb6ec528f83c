// HMAC-SHA1 (RFC 2104) and MD5 (RFC 1321), for the old protocols that prescribe them: STUN and
// TURN. Nothing of our own may be built on them.
#pragma once

#include <initializer_list>

#include "core/base/bytes.hpp"
#include "core/base/secret.hpp"

namespace culver::crypto {

using Sha1Mac = Bytes<struct Sha1MacTag, 20>;

/// Of the parts one after the other, so that nobody joins them.
Sha1Mac hmac_sha1(ByteView key, std::initializer_list<ByteView> parts);

/// Likewise. What it is made of is a password, so the result is a secret.
Secret<16> md5(std::initializer_list<ByteView> parts);

}  // namespace culver::crypto
