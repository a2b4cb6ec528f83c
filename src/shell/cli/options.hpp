// What every verb is told: the options that may stand with any of them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"
#include "core/engine/known.hpp"
#include "shell/cli/ice_server.hpp"
#include "shell/host/version.hpp"

namespace culver::cli {

inline constexpr std::string_view program_version = host::version;
inline constexpr std::string_view default_server = "ws://127.0.0.1:9000";

enum class Output { text, json };

/// Who has chosen our name.
enum class NameFrom { option, settings, kept, host };

struct Options {
  std::filesystem::path data_dir;
  std::optional<std::filesystem::path> key_file;  ///< absent: in data_dir
  std::string server;
  Output output;
  int verbosity;
  Plaintext name;  ///< what peers are told
  NameFrom name_from;
  std::vector<IceServer> ice_servers;
  engine::Trust trust;
};

}  // namespace culver::cli
