// How a verb ends that has nothing more to say than its result or why there is none. Each returns
// the exit code.
#pragma once

#include <string>

#include "core/base/dial_failure.hpp"
#include "shell/cli/options.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

int complain(const Options& options, const host::Trouble& trouble);
int complain(const Options& options, const Failure& failure);
/// On standard output, which may be closed.
int print(const std::string& text);

}  // namespace culver::cli
