// The configuration file.
#pragma once

#include <filesystem>

#include "core/format/settings.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

/// That of a file that is not there is empty. Fault::bad_config.
host::Outcome<format::settings::Settings> read_settings(const std::filesystem::path& file);

}  // namespace culver::cli
