// culver: reads the command line and lets one verb run.
#include <iostream>

#include "shell/cli/run.hpp"
#include "shell/host/log.hpp"
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

}  // namespace
}  // namespace culver

int main(int argc, char** argv) {
  try {
    return culver::run(argc, argv);
  } catch (const std::exception&) {  // its text may quote what a person wrote
    std::cerr << "culver: " << culver::info(culver::Fault::internal).sentence << '\n';
    return culver::info(culver::Fault::internal).exit_code;
  }
}
