// X25519 keys and their fingerprints. RFC 7748.
#pragma once

#include <string>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace culver::crypto {

/// A clamped-on-use X25519 scalar.
using PrivateKey = Secret<32>;
/// The output of a key agreement; never used as a key itself, always through a KDF.
using SharedSecret = Secret<32>;

struct KeyPair {
  PrivateKey secret;
  PublicKey shared;  ///< the public half

  static KeyPair generate(Rng& rng);
  static KeyPair from_private(PrivateKey secret);
};

PublicKey public_key_of(const PrivateKey& secret);

/// RFC 7748 section 6.1. An all-zero result (a peer key of small order) is Fault::weak_public_key.
Result<SharedSecret> x25519(const PrivateKey& ours, const PublicKey& theirs);

/// X25519 takes the number without its top bit and modulo 2^255 - 19 (RFC 7748 section 5), so that
/// a key has several spellings. Whether this is the one that public_key_of() gives.
bool is_canonical(const PublicKey& key);
/// Whether every agreement with the key is refused so, whoever makes it.
bool is_of_small_order(const PublicKey& key);
/// Whether this may be somebody's key: Fault::bad_public_key for another spelling of one,
/// Fault::weak_public_key for one of small order.
Result<void> check_public_key(const PublicKey& key);

/// SHA-256 of the key as 64 upper-case hex digits: as programs read it.
std::string fingerprint_digits(const PublicKey& key);
/// The same in 16 groups of 4, single spaces: as people read it.
std::string fingerprint(const PublicKey& key);
/// What two people compare to be sure of each other's keys: 60 digits, the same on both sides.
/// Source: zajel-peer 3.6.
std::string safety_number(const PublicKey& one, const PublicKey& other);
/// The first 16 upper-case hex digits of SHA-256 of the key: the default stableId of a Zajel peer.
std::string stable_id(const PublicKey& key);

}  // namespace culver::crypto
