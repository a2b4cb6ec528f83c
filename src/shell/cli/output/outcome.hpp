// How a verb ends that has nothing more to say than its result or why there is none. Each returns
// the exit code.
#pragma once

#include <string>
#include <string_view>

#include "core/base/dial_failure.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/output/screen.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

/// A question that changes something was answered with no, or by nobody.
inline constexpr std::string_view nothing_changed = "Nothing was changed.";
inline constexpr int code_of_no = 1;

/// Why a verb that is over has changed nothing; to a program as any failure.
int refuse(Screen& screen, Output output, const host::Trouble& why);
/// A question was answered with no, or by nobody: cancelled, but no signal's code.
int decline(Screen& screen, Output output);

int complain(const Options& options, const host::Trouble& trouble);
int complain(const Options& options, const Failure& failure);
/// On standard output, which may be closed or full: then `done` is said of what was done all the
/// same.
int print(const std::string& text, std::string_view done = {});

}  // namespace culver::cli
