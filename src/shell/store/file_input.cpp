#include "shell/store/file_input.hpp"

#include <algorithm>
#include <array>

#include <sys/mman.h>
#include <unistd.h>

#include "shell/store/system_calls.hpp"

namespace culver::store {
namespace {

/// Whether the whole block is in the page cache. Yes also if the system does not say so of a file
/// that is not ours.
bool is_cached(int file, std::uint64_t offset) {
  void* const seen =
      ::mmap(nullptr, direct_block, PROT_READ, MAP_SHARED, file, static_cast<off_t>(offset));
  if (seen == MAP_FAILED) return true;
  std::array<unsigned char, direct_block / direct_unit> pages{};
  const bool told = ::mincore(seen, direct_block, pages.data()) == 0;
  ::munmap(seen, direct_block);
  return !told || std::all_of(pages.begin(), pages.end(), [](auto page) { return page & 1; });
}

}  // namespace

Result<void> FileInput::read(int file, std::uint64_t offset, std::span<std::byte> into) {
  if (direct_ && offset % direct_block == 0 && !is_cached(file, offset))
    CHECK_OK(read_direct(file, offset));
  const auto here = held(offset);
  const auto size = std::min(here.size(), into.size());
  std::copy_n(here.begin(), size, into.begin());
  return read_exactly(file, offset + size, into.subspan(size), Fault::file_changed);
}

/// What of the block that was read last is at this place and behind it.
ByteView FileInput::held(std::uint64_t offset) const {
  if (offset < at_ || offset - at_ >= size_) return {};
  return ByteView(block_.get(), size_).subspan(static_cast<std::size_t>(offset - at_));
}

/// What it does not get is left to the cache.
Result<void> FileInput::read_direct(int file, std::uint64_t offset) {
  if (!block_) block_ = new_block();
  size_ = 0;
  direct_ = set_direct(file, true);
  if (!direct_) return {};
  const auto got = uninterrupted(
      [&] { return ::pread(file, block_.get(), direct_block, static_cast<off_t>(offset)); });
  direct_ = got >= 0;
  if (got < 0 && errno != EINVAL) return fail(Fault::file_unreadable);
  at_ = offset;
  size_ = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  if (!set_direct(file, false)) return fail(Fault::file_unreadable);
  return {};
}

}  // namespace culver::store
