// The bytes of one file on their way to the disk, in order: gathered into blocks, and written past
// the page cache (open(2), O_DIRECT) where that is wanted and the file system can. A page of the
// cache that is touched for the first time costs more than all else that is done with its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

namespace culver::store {

class FileOutput {
 public:
  /// What is held back at most.
  static constexpr std::size_t block = std::size_t{1} << 20;

  /// From this place. What was held back is forgotten.
  void begin(std::uint64_t at, bool past_the_cache);
  /// Faults: no_space, file_unwritable. After one, only begin() may follow.
  Result<void> append(int file, ByteView bytes);
  /// Writes what was held back. Later bytes go through the cache if it ends within a page.
  Result<void> flush(int file);

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  Result<std::size_t> write_direct(int file, std::span<const std::byte> bytes);
  Result<void> write(int file, std::span<const std::byte> bytes);

  std::unique_ptr<std::byte, Free> held_;  ///< a block, once there is something to hold
  std::size_t size_ = 0;
  std::uint64_t at_ = 0;
  bool direct_ = false;
};

}  // namespace culver::store
