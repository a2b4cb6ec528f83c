// Which process keeps what in a data folder, and whether it still lives: a lock on one byte of a
// file, which the system frees with the process.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/base/result.hpp"
#include "shell/host/file_descriptor.hpp"

namespace culver::store {

class ProcessLock {
 public:
  /// Takes a number of its own, until this object, or the process, ends. Fault::store_failed.
  static Result<ProcessLock> take(const std::filesystem::path& file);

  std::int64_t number() const { return number_; }
  /// Whether anybody else has that number now.
  bool is_taken(std::int64_t number) const;

 private:
  ProcessLock(host::FileDescriptor file, std::int64_t number)
      : file_(std::move(file)), number_(number) {}
  host::FileDescriptor file_;
  std::int64_t number_;
};

}  // namespace culver::store
