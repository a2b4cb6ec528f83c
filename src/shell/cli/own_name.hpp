// What peers are told as our name: chosen once, kept in the data folder until it is changed.
#pragma once

#include <string>

#include "shell/cli/options.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

/// The options with the name that counts: --name; that of the configuration; the one that is kept;
/// the host's. The data folder is there.
host::Outcome<Options> with_own_name(const Options& options);

/// Keeps what --name says from now on, once it was taken where it was said: one that was refused is
/// not kept. What is to be told of that; empty if nothing has changed.
std::string keep_name_of_option(const Options& options);

/// Keeps a name, or none any more.
host::Outcome<void> keep_name(const Options& options, const std::optional<Plaintext>& name);

}  // namespace culver::cli
