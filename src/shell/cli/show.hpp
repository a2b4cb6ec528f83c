// The verbs that only look: id and version.
#pragma once

#include <string>

#include "shell/cli/options.hpp"
#include "shell/cli/report.hpp"

namespace culver::cli {

// What each prints on standard output, without the last newline.
std::string show_id(const report::Identity& identity, Output output);
std::string show_name(const report::OwnName& name, Output output);
std::string show_version(Output output);

}  // namespace culver::cli
