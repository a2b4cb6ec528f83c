// A letter as it lies on the disk: its text sealed under a key that only the identity gives, and
// bound to the row that it stands in. Source: docs/protocol/outbox.md.
#pragma once

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "core/crypto/keys.hpp"
#include "core/wire/peer.hpp"

namespace culver::format::kept_letter {

enum class Direction : std::uint8_t { out = 1, in = 2 };

/// What a row says in clear. The sealed text opens in this row only.
struct Row {
  Direction direction;
  PublicKey peer;
  wire::peer::LetterName name;
  WallTime written;
};

/// The key of all texts that are kept under this identity.
Secret<32> key_of(const crypto::PrivateKey& identity);

/// nonce || ciphertext || tag, with a fresh random nonce.
ByteVector seal(const Secret<32>& key, const Row& row, const Plaintext& text, Rng& rng);
/// Fault::letter_unreadable for whatever is not exactly what was sealed for this row.
Result<Plaintext> open(const Secret<32>& key, const Row& row, ByteView sealed);

/// How many bytes the text of that sealed one has.
constexpr std::size_t overhead = Nonce::size + 16;

}  // namespace culver::format::kept_letter
