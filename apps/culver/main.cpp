// culver: reads the command line and lets one verb run.
#include <csignal>
#include <iostream>

#include <malloc.h>

#include "shell/cli/run.hpp"
#include "shell/host/log.hpp"
#include "shell/host/no_dumps.hpp"
#include "shell/host/paths.hpp"

namespace culver {
namespace {

int run(int argc, char** argv) {
  const auto options = cli::parse_options(argc, argv, host::environment);
  if (!options) {
    std::cout << options.error().out << std::flush;
    std::cerr << options.error().err;
    return options.error().code;
  }
  const auto level = host::environment("CULVER_LOG").value_or("");
  log::set_level(log::level_from(options->verbosity, level));
  return std::visit([&](const auto& verb) { return cli::run(*options, verb); }, options->verb);
}

/// The buffers of files come and go by the mebibyte. An allocator that returns each to the system
/// has its pages made anew for the next: a good part of what reading a file costs.
void keep_freed_memory() {
  ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

}  // namespace
}  // namespace culver

int main(int argc, char** argv) {
  culver::host::forbid_dumps();
  culver::keep_freed_memory();
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes (ulimit -f) is a failure like any other
  try {
    return culver::run(argc, argv);
  } catch (const std::exception&) {  // its text may quote what a person wrote
    std::cerr << "culver: " << culver::info(culver::Fault::internal).sentence << '\n';
    return culver::info(culver::Fault::internal).exit_code;
  }
}
