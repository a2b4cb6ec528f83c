// Memory and flags for reading and writing past the page cache (open(2), O_DIRECT).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include <fcntl.h>

namespace culver::store {

/// What is read or written at once.
inline constexpr std::size_t direct_block = std::size_t{1} << 20;
/// What memory, places and lengths are multiples of. File systems that want more say EINVAL.
inline constexpr std::size_t direct_unit = 4'096;
/// Smaller files are left to the cache: somebody is about to open them, or has just made them.
inline constexpr std::uint64_t direct_from = std::uint64_t{8} << 20;

struct FreeBlock {
  void operator()(std::byte* memory) const { std::free(memory); }
};
using AlignedBlock = std::unique_ptr<std::byte, FreeBlock>;

inline AlignedBlock new_block() {
  AlignedBlock block(static_cast<std::byte*>(std::aligned_alloc(direct_unit, direct_block)));
  if (!block) throw std::bad_alloc();
  return block;
}

/// False where the file system knows no such thing.
inline bool set_direct(int file, bool on) {
  const int flags = ::fcntl(file, F_GETFL);
  return flags >= 0 && ::fcntl(file, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

}  // namespace culver::store
