// Parsing of the configuration file.
#include "core/format/settings.hpp"

#include <boost/json.hpp>

namespace culver::format::settings {
namespace {

bool take(const boost::json::value& value, std::optional<std::string>& field) {
  if (!value.is_string()) return false;
  field = std::string(value.get_string());
  return true;
}

bool take(const boost::json::value& value, std::optional<bool>& field) {
  if (!value.is_bool()) return false;
  field = value.get_bool();
  return true;
}

/// One string, or an array of them.
bool take(const boost::json::value& value, std::vector<std::string>& field) {
  if (value.is_string()) {
    field.emplace_back(value.get_string());
    return true;
  }
  if (!value.is_array()) return false;
  for (const auto& item : value.get_array()) {
    if (!item.is_string()) return false;
    field.emplace_back(item.get_string());
  }
  return true;
}

/// Whether the value is of the right type; nothing: there is no such key.
std::optional<bool> take(Settings& settings, std::string_view key,
                         const boost::json::value& value) {
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
  return std::nullopt;
}

}  // namespace

tl::expected<Settings, Wrong> parse(std::string_view text) {
  using How = Wrong::How;
  const auto wrong = [](How how, std::string key = {}) {
    return tl::unexpected<Wrong>(Wrong{how, std::move(key)});
  };
  if (text.size() > file_size) return wrong(How::not_an_object);
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = 4;
  const auto document = boost::json::parse({text.data(), text.size()}, error, {}, options);
  if (error || !document.is_object()) return wrong(How::not_an_object);
  Settings settings;
  for (const auto& [key, value] : document.get_object()) {
    const auto taken = take(settings, std::string_view(key.data(), key.size()), value);
    if (!taken) return wrong(How::unknown_key, std::string(key));
    if (!*taken) return wrong(How::wrong_type, std::string(key));
  }
  return settings;
}

}  // namespace culver::format::settings
