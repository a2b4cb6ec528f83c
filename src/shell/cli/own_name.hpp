// What peers are told as our name: chosen once, kept in the data folder until it is changed.
#pragma once

#include "shell/cli/options.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

/// The options with the name that counts: --name, which is kept from now on; that of the
/// configuration; the one that is kept; the host's. The data folder is there.
host::Outcome<Options> with_own_name(const Options& options);

/// Keeps a name, or none any more.
host::Outcome<void> keep_name(const Options& options, const std::optional<Plaintext>& name);

}  // namespace culver::cli
