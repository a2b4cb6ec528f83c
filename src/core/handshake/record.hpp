// Frames of a version 2 session: an eight-byte counter, big-endian, then ChaCha20-Poly1305 of the
// JSON with that counter as nonce and as associated data. One key and one counter per direction; a
// counter that is not the next one ends the session.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace culver::handshake {

inline constexpr std::size_t record_overhead = 8 + 16;

class RecordSealer {
 public:
  explicit RecordSealer(Secret<32> key) : key_(std::move(key)) {}
  std::string seal(std::string_view text);

 private:
  Secret<32> key_;
  std::uint64_t next_ = 0;
};

class RecordOpener {
 public:
  explicit RecordOpener(Secret<32> key) : key_(std::move(key)) {}
  /// Fault::malformed (shorter than a record), replayed (not the next counter), not_authentic (also
  /// what is in the clear).
  /// After a fault nothing has changed.
  Result<std::string> open(std::string_view record);

 private:
  Secret<32> key_;
  std::uint64_t next_ = 0;
};

/// Both directions of one side.
struct RecordLayer {
  RecordSealer out;
  RecordOpener in;
};

}  // namespace culver::handshake
