#include "shell/store/file_output.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "shell/store/system_calls.hpp"

namespace culver::store {
namespace {

/// The most that is left to the cache before the disk is waited for.
constexpr std::uint64_t most_unsynced = std::uint64_t{32} << 20;

ssize_t put(int file, ByteView bytes, std::uint64_t at) {
  return uninterrupted(
      [&] { return ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at)); });
}

}  // namespace

void FileOutput::begin(std::uint64_t at, bool past_the_cache) {
  size_ = 0;
  at_ = at;
  pushed_ = at;
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
    if (done == 0) return fail(Fault::file_unwritable);
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    at_ += static_cast<std::uint64_t>(done);
  }
  if (direct_) pushed_ = at_;
  return at_ - pushed_ < most_unsynced ? Result<void>() : push_out(file);
}

/// A file system that cannot do it for a part of a file does it at the end.
Result<void> FileOutput::push_out(int file) {
  const auto from = static_cast<off_t>(std::exchange(pushed_, at_));
  const unsigned all =
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  const auto size = static_cast<off_t>(at_) - from;
  if (uninterrupted([&] { return ::sync_file_range(file, from, size, all); }) == 0) return {};
  if (errno == EIO || write_fault() != Fault::file_unwritable) return fail(write_fault());
  return {};
}

}  // namespace culver::store
