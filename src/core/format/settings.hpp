// The configuration file of the command line: one JSON object whose keys are the long options in
// camelCase. docs/protocol/command-line.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace culver::format::settings {

inline constexpr std::size_t file_size = 65'536;

struct Settings {
  std::optional<std::string> data_dir;
  std::optional<std::string> key_file;
  std::optional<std::string> server;
  std::optional<std::string> output;
  std::optional<std::string> name;
  std::optional<std::string> out;
  std::optional<std::string> trust;
  std::vector<std::string> ice_server;
  std::optional<bool> yes;
  std::optional<bool> once;
};

struct Wrong {
  enum class How { not_an_object, unknown_key, wrong_type };
  How how;
  std::string key = {};
};
/// Wrong is anything but one object of known keys with values of the right type: an option that is
/// silently ignored is worse than an error.
tl::expected<Settings, Wrong> parse(std::string_view text);

}  // namespace culver::format::settings
