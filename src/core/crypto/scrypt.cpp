// OpenSSL's scrypt, which checks the bounds of the standard itself.
#include "core/crypto/scrypt.hpp"

#include "core/crypto/openssl.hpp"

namespace culver::crypto {

Result<Secret<32>> scrypt(ByteView passphrase, ByteView salt, ScryptCost cost) {
  constexpr std::uint64_t most_memory = (std::uint64_t{1} << 30) + (std::uint64_t{1} << 20);
  constexpr std::uint8_t most_turns = 16;  // they cost time only
  if (cost.log_n > 30 || cost.p > most_turns) return fail(Fault::usage);
  Secret<32> key;
  const auto* text = reinterpret_cast<const char*>(chars(passphrase));
  if (EVP_PBE_scrypt(text, passphrase.size(), chars(salt), salt.size(),
                     std::uint64_t{1} << cost.log_n, cost.r, cost.p, most_memory,
                     chars_to_fill(key.expose_to_fill()), Secret<32>::size) != 1)
    return fail(Fault::usage);
  return key;
}

}  // namespace culver::crypto
