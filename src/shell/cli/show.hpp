// The verbs that only look: peers, id, version.
#pragma once

#include <string>
#include <vector>

#include "core/wire/report.hpp"
#include "shell/cli/options.hpp"
#include "shell/store/ports.hpp"

namespace culver::cli {

// What each prints on standard output, without the last newline.
std::string show_peers(const std::vector<store::KnownPeer>& peers, Output output);
std::string show_id(const wire::report::Identity& identity, Output output);
std::string show_version(Output output);

}  // namespace culver::cli
