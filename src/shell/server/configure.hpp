// From what the command line and the configuration file say to what the server takes. Whatever
// cannot be used is a sentence that names the option and what it takes.
#pragma once

#include <filesystem>
#include <string>

#include <tl/expected.hpp>

#include "core/format/server_config.hpp"
#include "shell/host/paths.hpp"
#include "shell/server/server.hpp"

namespace culver::server {

template <class T>
using OrSentence = tl::expected<T, std::string>;

OrSentence<format::ServerConfig> read_config_file(const std::filesystem::path& path);

OrSentence<Config> configure(const format::ServerConfig& from, const host::Variables& variables);

}  // namespace culver::server
