// culver: reads the command line and lets one verb run.
#include <csignal>
#include <iostream>

#include <malloc.h>

#include "shell/cli/command_line.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/host/descriptors.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/log.hpp"
#include "shell/host/no_dumps.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/signals.hpp"
#include "shell/host/standard_streams.hpp"

namespace culver {
namespace {

int run(int argc, char** argv) {
  const auto options = cli::parse_command_line(argc, argv, host::environment);
  if (!options) {
    const auto& exit = options.error();
    std::cerr << exit.err;
    const int of_output =
        exit.out.empty() ? 0 : cli::print(exit.out.substr(0, exit.out.size() - 1));
    return exit.code != 0 ? exit.code : of_output;
  }
  const auto level = host::environment("CULVER_LOG").value_or("");
  if (!log::is_level(level))
    return cli::complain(*options,
                         host::Trouble{Fault::usage, "CULVER_LOG is debug, info, warn or error."});
  log::set_level(log::level_from(options->verbosity, level));
  try {
    return std::visit([&](const auto& verb) { return cli::run(*options, verb); }, options->verb);
  } catch (const std::exception&) {  // its text may quote what a person wrote
    return cli::complain(*options,
                         host::few_descriptors() ? Fault::out_of_descriptors : Fault::internal);
  }
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
  culver::host::raise_descriptor_limit();
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes (ulimit -f) is a failure like any other
  culver::host::fill_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);  // whoever writes is told, and may say goodbye first
  try {
    const int code = culver::run(argc, argv);
    std::cout.flush();
    culver::host::end_by_signal_of(code);
    return code;
  } catch (const std::exception&) {
    std::cerr << "culver: " << culver::host::fault_text(culver::Fault::internal).sentence << '\n';
    return culver::host::fault_text(culver::Fault::internal).exit_code;
  }
}
