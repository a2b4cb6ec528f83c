// The configuration file.
#pragma once

#include <filesystem>

#include "core/wire/settings.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

/// That of a file that is not there is empty. Fault::bad_config.
host::Outcome<wire::settings::Settings> read_settings(const std::filesystem::path& file);

}  // namespace culver::cli
