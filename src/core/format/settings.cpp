// Parsing of the configuration file.
#include "core/format/settings.hpp"

#include <boost/json.hpp>

namespace culver::format::settings {
namespace {

Result<void> take(const boost::json::value& value, std::optional<std::string>& field) {
  if (!value.is_string()) return fail(Fault::bad_config);
  field = std::string(value.get_string());
  return {};
}

Result<void> take(const boost::json::value& value, std::optional<bool>& field) {
  if (!value.is_bool()) return fail(Fault::bad_config);
  field = value.get_bool();
  return {};
}

/// One string, or an array of them.
Result<void> take(const boost::json::value& value, std::vector<std::string>& field) {
  if (value.is_string()) {
    field.emplace_back(value.get_string());
    return {};
  }
  if (!value.is_array()) return fail(Fault::bad_config);
  for (const auto& item : value.get_array()) {
    if (!item.is_string()) return fail(Fault::bad_config);
    field.emplace_back(item.get_string());
  }
  return {};
}

Result<void> take(Settings& settings, std::string_view key, const boost::json::value& value) {
  if (key == "dataDir") return take(value, settings.data_dir);
  if (key == "keyFile") return take(value, settings.key_file);
  if (key == "server") return take(value, settings.server);
  if (key == "output") return take(value, settings.output);
  if (key == "name") return take(value, settings.name);
  if (key == "out") return take(value, settings.out);
  if (key == "trust") return take(value, settings.trust);
  if (key == "iceServer") return take(value, settings.ice_server);
  if (key == "yes") return take(value, settings.yes);
  if (key == "once") return take(value, settings.once);
  return fail(Fault::bad_config);
}

}  // namespace

Result<Settings> parse(std::string_view text) {
  if (text.size() > file_size) return fail(Fault::bad_config);
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = 4;
  const auto document = boost::json::parse({text.data(), text.size()}, error, {}, options);
  if (error || !document.is_object()) return fail(Fault::bad_config);
  Settings settings;
  for (const auto& [key, value] : document.get_object())
    CHECK_OK(take(settings, std::string_view(key.data(), key.size()), value));
  return settings;
}

}  // namespace culver::format::settings
