// What a verb is given to act with: the client, the person, the clock. Plain functions, so that a
// test plays all of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "core/base/env.hpp"
#include "core/engine/api.hpp"
#include "shell/cli/console.hpp"
#include "shell/cli/reporter.hpp"

namespace culver::cli {

/// A file that the client holds open until its transfer has ended.
struct OpenedFile {
  TransferId id;
  Plaintext name;
  std::uint64_t size;
};

struct Stage {
  std::function<void(engine::Command)> command;
  std::function<Result<OpenedFile>(const std::filesystem::path&)> open_file;
  Reporter& reporter;
  Console& console;
  std::function<TimePoint()> now;
  /// The verb is over, with this exit code. Called once; the verb hears nothing after it.
  std::function<void(int)> done;
};

}  // namespace culver::cli
