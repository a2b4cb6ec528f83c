// The bytes of one file on their way from the disk, in order: from the page cache if they are in
// it, else past it where the file system can. Nobody needs a file in the cache because it was sent.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "shell/store/aligned_block.hpp"

namespace culver::store {

class FileInput {
 public:
  explicit FileInput(bool past_the_cache = false) : direct_(past_the_cache) {}

  /// Fills `into` from this place in the file. Faults: file_unreadable, file_changed if the file
  /// ends before.
  Result<void> read(int file, std::uint64_t offset, std::span<std::byte> into);

 private:
  Result<void> read_direct(int file, std::uint64_t offset);
  ByteView held(std::uint64_t offset) const;

  AlignedBlock block_;
  std::uint64_t at_ = 0;
  std::size_t size_ = 0;
  bool direct_;
};

}  // namespace culver::store
