#include "shell/p2p/crc32c.hpp"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace culver::p2p {

#if defined(__x86_64__)

bool has_crc32c_instruction() { return __builtin_cpu_supports("sse4.2") != 0; }

namespace {

#define WITH_CRC __attribute__((target("sse4.2")))

// Three parts of a packet at once, since each instruction waits for the one before: full packets
// have 1,152 bytes and a few.
constexpr std::size_t part = 384;

WITH_CRC std::uint64_t step(std::uint64_t crc, const std::byte* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return _mm_crc32_u64(crc, word);
}

/// What a checksum becomes by `part` zero bytes behind it: linear in its bits, so by byte.
class Behind {
 public:
  WITH_CRC Behind() {
    constexpr std::array<std::byte, part> zeros{};
    for (std::size_t byte = 0; byte < table_.size(); ++byte)
      for (std::uint64_t value = 0; value < 256; ++value) {
        std::uint64_t crc = value << 8 * byte;
        for (std::size_t at = 0; at < part; at += 8) crc = step(crc, &zeros[at]);
        table_[byte][value] = static_cast<std::uint32_t>(crc);
      }
  }
  std::uint64_t operator()(std::uint64_t crc) const {
    return table_[0][crc & 255] ^ table_[1][crc >> 8 & 255] ^ table_[2][crc >> 16 & 255] ^
           table_[3][crc >> 24 & 255];
  }

 private:
  std::array<std::array<std::uint32_t, 256>, 4> table_;
};

WITH_CRC std::uint64_t three_parts(std::uint64_t first, const std::byte* at) {
  static const Behind behind;
  std::uint64_t second = 0, third = 0;
  for (std::size_t i = 0; i < part; i += 8) {
    first = step(first, at + i);
    second = step(second, at + part + i);
    third = step(third, at + 2 * part + i);
  }
  return behind(behind(first) ^ second) ^ third;
}

}  // namespace

WITH_CRC std::uint32_t crc32c(ByteView bytes) {
  std::uint64_t crc = 0xffffffff;
  for (; bytes.size() >= 3 * part; bytes = bytes.subspan(3 * part))
    crc = three_parts(crc, bytes.data());
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) crc = step(crc, bytes.data());
  auto short_crc = static_cast<std::uint32_t>(crc);
  for (auto byte : bytes) short_crc = _mm_crc32_u8(short_crc, std::to_integer<std::uint8_t>(byte));
  return ~short_crc;
}

#else

bool has_crc32c_instruction() { return false; }
std::uint32_t crc32c(ByteView) { return 0; }

#endif

}  // namespace culver::p2p
