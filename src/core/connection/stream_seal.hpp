// Seals the frames of the second form of files, in place. Each direction has a key of its own and a
// nonce that both sides count: a frame that was changed, repeated, left out, moved or sent back
// does not open, and nothing after it would. Wire form: form byte in clear, AES-256-GCM of the
// rest with that byte as additional data, tag. docs/protocol/files.md.
#pragma once

#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/connection/session_keys.hpp"
#include "core/crypto/aead.hpp"

namespace culver::connection {

class StreamSeal {
 public:
  explicit StreamSeal(const StreamKeys& keys);

  /// `frame` as wire/stream prints it: its last 16 bytes are filled with the tag.
  void seal(ByteVector& frame);
  /// Leaves what wire/stream parses. Fault::not_authentic; the seal is of no use then.
  Result<void> open(ByteVector& frame);

 private:
  crypto::Aead outgoing_;
  crypto::Aead incoming_;
  std::uint64_t sealed_ = 0;
  std::uint64_t opened_ = 0;
};

}  // namespace culver::connection
