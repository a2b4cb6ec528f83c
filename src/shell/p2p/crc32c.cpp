#include "shell/p2p/crc32c.hpp"

#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace culver::p2p {

#if defined(__x86_64__)

bool has_crc32c_instruction() { return __builtin_cpu_supports("sse4.2") != 0; }

__attribute__((target("sse4.2"))) std::uint32_t crc32c(ByteView bytes) {
  std::uint64_t crc = 0xffffffff;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  auto short_crc = static_cast<std::uint32_t>(crc);
  for (auto byte : bytes) short_crc = _mm_crc32_u8(short_crc, std::to_integer<std::uint8_t>(byte));
  return ~short_crc;
}

#else

bool has_crc32c_instruction() { return false; }
std::uint32_t crc32c(ByteView) { return 0; }

#endif

}  // namespace culver::p2p
