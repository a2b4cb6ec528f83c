// Reading the server's configuration. Unknown keys are refused: a misspelt limit is no limit.
#include "core/wire/server_config.hpp"

#include <charconv>
#include <cstdint>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace culver::wire {
namespace {

namespace json = boost::json;

constexpr std::size_t most_connections = 1'000'000;

bool take(const json::value& value, std::optional<std::string>& field) {
  if (!value.is_string()) return false;
  field = std::string(value.get_string());
  return true;
}

bool take(const json::value& value, std::optional<std::size_t>& field) {
  if (!value.is_int64() || value.get_int64() < 1) return false;
  const auto number = static_cast<std::size_t>(value.get_int64());
  if (number > most_connections) return false;
  field = number;
  return true;
}

enum class Taken { yes, wrong_type, unknown_key };

Taken take(std::string_view key, const json::value& value, ServerConfig& config) {
  const auto into = [&](auto& field) {
    return take(value, field) ? Taken::yes : Taken::wrong_type;
  };
  if (key == "listen") return into(config.listen);
  if (key == "dataDir") return into(config.data_dir);
  if (key == "endpoint") return into(config.endpoint);
  if (key == "trustedProxy") return into(config.trusted_proxy);
  if (key == "maxConnections") return into(config.max_connections);
  if (key == "maxConnectionsPerAddress") return into(config.max_connections_per_address);
  return Taken::unknown_key;
}

}  // namespace

Result<ServerConfig> parse_server_config(std::string_view text, std::string* complaint) {
  const auto refuse = [complaint](std::string why) {
    if (complaint) *complaint = std::move(why);
    return fail(Fault::bad_config);
  };
  if (text.size() > server_config_size) return refuse("it is too large");
  boost::system::error_code error;
  const auto value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) return refuse("it is not JSON");
  if (!value.is_object()) return refuse("it is not a JSON object");
  ServerConfig config;
  for (const auto& [key, field] : value.get_object()) {
    const std::string name(key);
    switch (take(name, field, config)) {
      case Taken::yes:
        break;
      case Taken::wrong_type:
        return refuse("the value of \"" + name + "\" cannot be used");
      case Taken::unknown_key:
        return refuse("there is no option \"" + name + "\"");
    }
  }
  return config;
}

ServerConfig merge(ServerConfig first, const ServerConfig& second) {
  const auto fill = [](auto& field, const auto& other) {
    if (!field) field = other;
  };
  fill(first.listen, second.listen);
  fill(first.data_dir, second.data_dir);
  fill(first.endpoint, second.endpoint);
  fill(first.trusted_proxy, second.trusted_proxy);
  fill(first.max_connections, second.max_connections);
  fill(first.max_connections_per_address, second.max_connections_per_address);
  return first;
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail(Fault::bad_config);
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return fail(Fault::bad_config);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (host.empty() || digits.empty() || error != std::errc{} ||
      end != digits.data() + digits.size())
    return fail(Fault::bad_config);
  return HostPort{std::string(host), port};
}

}  // namespace culver::wire
