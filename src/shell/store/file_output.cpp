#include "shell/store/file_output.hpp"

#include <algorithm>

#include <unistd.h>

#include "shell/store/system_calls.hpp"

namespace culver::store {
namespace {

ssize_t put(int file, ByteView bytes, std::uint64_t at) {
  return uninterrupted(
      [&] { return ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at)); });
}

}  // namespace

void FileOutput::begin(std::uint64_t at, bool past_the_cache) {
  size_ = 0;
  at_ = at;
  direct_ = past_the_cache && at % direct_unit == 0;
}

Result<void> FileOutput::append(int file, ByteView bytes) {
  if (!held_) held_ = new_block();
  while (!bytes.empty()) {
    const auto taken = std::min(bytes.size(), direct_block - size_);
    std::copy_n(bytes.begin(), taken, held_.get() + size_);
    size_ += taken;
    bytes = bytes.subspan(taken);
    if (size_ == direct_block) CHECK_OK(flush(file));
  }
  return {};
}

Result<void> FileOutput::flush(int file) {
  const ByteView bytes(held_.get(), size_);
  TRY(const auto written, write_direct(file, bytes.first(size_ / direct_unit * direct_unit)));
  CHECK_OK(write(file, bytes.subspan(written)));
  direct_ = direct_ && size_ % direct_unit == 0;
  size_ = 0;
  return {};
}

/// How much of it went: the rest is for the cache.
Result<std::size_t> FileOutput::write_direct(int file, ByteView bytes) {
  if (!direct_ || bytes.empty()) return 0;
  direct_ = set_direct(file, true);
  std::size_t written = 0;
  while (direct_ && written < bytes.size()) {
    const auto done = put(file, bytes.subspan(written), at_);
    if (done < 0 && errno != EINVAL) return fail(write_fault());
    const auto size = static_cast<std::size_t>(std::max<ssize_t>(done, 0));
    written += size;
    at_ += size;
    direct_ = size > 0 && size % direct_unit == 0;
  }
  // Only for these bytes: nothing else that is done with the file is held to whole pages.
  if (!set_direct(file, false)) return fail(Fault::file_unwritable);
  return written;
}

Result<void> FileOutput::write(int file, ByteView bytes) {
  while (!bytes.empty()) {
    const auto done = put(file, bytes, at_);
    if (done < 0) return fail(write_fault());
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    at_ += static_cast<std::uint64_t>(done);
  }
  return {};
}

}  // namespace culver::store
