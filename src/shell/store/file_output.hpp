// The bytes of one file on their way to the disk, in order: gathered into blocks, and written past
// the page cache where that is wanted and the file system can. A page of the cache that is touched
// for the first time can cost more than all else that is done with its bytes. Where the cache
// cannot be avoided it never holds much: otherwise the last sync could take as long as the whole
// file.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "shell/store/aligned_block.hpp"

namespace culver::store {

class FileOutput {
 public:
  /// From this place. What was held back is forgotten.
  void begin(std::uint64_t at, bool past_the_cache);
  /// Holds back less than direct_block. Faults: no_space, file_unwritable. After one, only begin()
  /// may follow.
  Result<void> append(int file, ByteView bytes);
  /// Writes what was held back. If it ends within a page, what follows goes through the cache.
  Result<void> flush(int file);

 private:
  Result<std::size_t> write_direct(int file, ByteView bytes);
  Result<void> write(int file, ByteView bytes);
  Result<void> push_out(int file);

  AlignedBlock held_;
  std::size_t size_ = 0;
  std::uint64_t at_ = 0;
  std::uint64_t pushed_ = 0;  ///< what was written before is on its way to the disk
  bool direct_ = false;
};

}  // namespace culver::store
