// The command line, the environment and the configuration file as one value.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "core/base/fault.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/verbs/all.hpp"
#include "shell/host/paths.hpp"

namespace culver::cli {

struct CommandLine : Options {
  Verb verb;
};

/// Nothing to run: help was asked for (code 0), or the command line is wrong (code 1).
struct Exit {
  int code;
  std::string out;  ///< for standard output
  std::string err;  ///< for standard error
  Fault fault = Fault::usage;
};

/// Flags win over variables, variables over the configuration file, that over the defaults.
tl::expected<CommandLine, Exit> parse_command_line(int argc, const char* const* argv,
                                                   const host::Variables& variables);

}  // namespace culver::cli
