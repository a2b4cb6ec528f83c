#include "shell/store/file_output.hpp"

#include <algorithm>
#include <cerrno>
#include <new>

#include <fcntl.h>
#include <unistd.h>

#include "shell/store/posix.hpp"

namespace culver::store {
namespace {

/// What memory, places and lengths are multiples of. File systems that want more say EINVAL.
constexpr std::size_t page = 4'096;

bool set_direct(int file, bool on) {
  const int flags = ::fcntl(file, F_GETFL);
  return flags >= 0 && ::fcntl(file, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

ssize_t put(int file, std::span<const std::byte> bytes, std::uint64_t at) {
  return uninterrupted(
      [&] { return ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at)); });
}

}  // namespace

void FileOutput::begin(std::uint64_t at, bool past_the_cache) {
  size_ = 0;
  at_ = at;
  direct_ = past_the_cache && at % page == 0;
}

Result<void> FileOutput::append(int file, ByteView bytes) {
  if (!held_) held_.reset(static_cast<std::byte*>(std::aligned_alloc(page, block)));
  if (!held_) throw std::bad_alloc();
  while (!bytes.empty()) {
    const auto taken = std::min(bytes.size(), block - size_);
    std::copy_n(bytes.begin(), taken, held_.get() + size_);
    size_ += taken;
    bytes = bytes.subspan(taken);
    if (size_ == block) CHECK_OK(flush(file));
  }
  return {};
}

Result<void> FileOutput::flush(int file) {
  const auto bytes = std::span<const std::byte>(held_.get(), size_);
  TRY(const auto written, write_direct(file, bytes.first(size_ / page * page)));
  CHECK_OK(write(file, bytes.subspan(written)));
  direct_ = direct_ && size_ % page == 0;
  size_ = 0;
  return {};
}

/// How much of it went: the rest is for the cache.
Result<std::size_t> FileOutput::write_direct(int file, std::span<const std::byte> bytes) {
  if (!direct_ || bytes.empty()) return 0;
  direct_ = set_direct(file, true);
  std::size_t written = 0;
  while (direct_ && written < bytes.size()) {
    const auto done = put(file, bytes.subspan(written), at_);
    if (done < 0 && errno != EINVAL) return fail(write_fault());
    const auto size = static_cast<std::size_t>(std::max<ssize_t>(done, 0));
    written += size;
    at_ += size;
    direct_ = done > 0 && size % page == 0;
  }
  // Only for these bytes: whoever reads the part is not held to pages.
  if (!set_direct(file, false)) return fail(Fault::file_unwritable);
  return written;
}

Result<void> FileOutput::write(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto done = put(file, bytes, at_);
    if (done < 0) return fail(write_fault());
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    at_ += static_cast<std::uint64_t>(done);
  }
  return {};
}

}  // namespace culver::store
