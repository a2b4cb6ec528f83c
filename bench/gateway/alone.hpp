// What the server is compared with: the same public-key operations and the same inserts, alone.
#pragma once

#include <cstddef>
#include <filesystem>

namespace culver::bench {

/// Microseconds of CPU of one P-256 key pair, one ECDH, one Ed25519 signature and one verification.
struct Operations {
  double key_pair, agreement, sign, verify;
  double sum() const { return key_pair + agreement + sign + verify; }
};
Operations operations_of_core();
Operations operations_of_openssl();

/// Rows of that size that SQLite stores in a second, in groups, each group durable.
double bare_inserts_per_second(const std::filesystem::path& folder, std::size_t bytes,
                               std::size_t group);

}  // namespace culver::bench
