// Reading the server's configuration. Unknown keys are refused: a misspelt limit is no limit.
#include "core/wire/server_config.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace culver::wire {
namespace {

constexpr std::uint64_t most_connections = 1'000'000;
constexpr std::uint64_t most_devices = 1'000;
constexpr std::uint64_t most_days = 3'650;
constexpr std::uint64_t most_at_all = 1'000'000'000;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 50;

template <class Struct>
struct Number {
  std::string_view key;
  std::optional<std::uint64_t> Struct::*field;
  std::uint64_t most;
};

constexpr Number<ServerConfig> numbers[] = {
    {"maxConnections", &ServerConfig::max_connections, most_connections},
    {"maxConnectionsPerAddress", &ServerConfig::max_connections_per_address, most_connections},
    {"maxDevicesPerUser", &ServerConfig::max_devices_per_user, most_devices},
    {"eventDays", &ServerConfig::event_days, most_days},
};

constexpr Number<ServerLimits> numbers_of_limits[] = {
    {"handshakesPerMinutePerAddress", &ServerLimits::handshakes_per_minute_per_address,
     most_at_all},
    {"handshakesAtOnce", &ServerLimits::handshakes_at_once, most_connections},
    {"messagesPerMinutePerAddress", &ServerLimits::messages_per_minute_per_address, most_at_all},
    {"messagesPerMinutePerConnection", &ServerLimits::messages_per_minute_per_connection,
     most_at_all},
    {"pairRequestsPerMinutePerAddress", &ServerLimits::pair_requests_per_minute_per_address,
     most_at_all},
    {"framesPerMinutePerSession", &ServerLimits::frames_per_minute_per_session, most_at_all},
    {"eventsPerMinutePerUser", &ServerLimits::events_per_minute_per_user, most_at_all},
    {"storedEventsPerUser", &ServerLimits::stored_events_per_user, most_at_all},
    {"storedBytesPerUser", &ServerLimits::stored_bytes_per_user, most_bytes},
    {"sessionsPerUser", &ServerLimits::sessions_per_user, most_devices},
};

constexpr std::pair<std::string_view, std::optional<std::string> ServerConfig::*> texts[] = {
    {"listen", &ServerConfig::listen},
    {"dataDir", &ServerConfig::data_dir},
    {"keyFile", &ServerConfig::key_file},
    {"endpoint", &ServerConfig::endpoint},
    {"trustedProxy", &ServerConfig::trusted_proxy},
};

/// Why the member cannot be taken, in words; empty if it was.
std::string wrong_value(std::string_view key) {
  return "the value of \"" + std::string(key) + "\" cannot be used";
}
std::string no_such(std::string_view key) {
  return "there is no option \"" + std::string(key) + "\"";
}

template <class Struct>
std::string take(const Number<Struct>& number, const boost::json::value& value, Struct& into) {
  if (!value.is_int64() || value.get_int64() < 1) return wrong_value(number.key);
  const auto is = static_cast<std::uint64_t>(value.get_int64());
  if (is > number.most) return wrong_value(number.key);
  into.*number.field = is;
  return {};
}

std::string take_limits(const boost::json::value& value, ServerLimits& into) {
  if (!value.is_object()) return wrong_value("limits");
  for (const auto& member : value.get_object()) {
    const std::string key(member.key());
    const auto* known = std::find_if(std::begin(numbers_of_limits), std::end(numbers_of_limits),
                                     [&](const auto& row) { return key == row.key; });
    if (known == std::end(numbers_of_limits)) return no_such(key);
    if (auto why = take(*known, member.value(), into); !why.empty()) return why;
  }
  return {};
}

std::string take_member(std::string_view key, const boost::json::value& value,
                        ServerConfig& config) {
  for (const auto& [name, field] : texts) {
    if (key != name) continue;
    if (!value.is_string()) return wrong_value(key);
    config.*field = std::string(value.get_string());
    return {};
  }
  for (const auto& number : numbers)
    if (key == number.key) return take(number, value, config);
  if (key == "limits") return take_limits(value, config.limits);
  if (key != "requireHandshake") return no_such(key);
  if (!value.is_bool()) return wrong_value(key);
  config.require_handshake = value.get_bool();
  return {};
}

}  // namespace

Result<ServerConfig> parse_server_config(std::string_view text, std::string* complaint) {
  const auto refuse = [complaint](std::string why) {
    if (complaint) *complaint = std::move(why);
    return fail(Fault::bad_config);
  };
  if (text.size() > server_config_size) return refuse("it is too large");
  boost::system::error_code error;
  const auto value = boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  if (error) return refuse("it is not JSON");
  if (!value.is_object()) return refuse("it is not a JSON object");
  ServerConfig config;
  for (const auto& [key, field] : value.get_object())
    if (auto why = take_member(std::string(key), field, config); !why.empty())
      return refuse(std::move(why));
  return config;
}

ServerConfig merge(ServerConfig first, const ServerConfig& second) {
  const auto fill = [](auto& field, const auto& other) {
    if (!field) field = other;
  };
  for (const auto& [name, field] : texts) fill(first.*field, second.*field);
  for (const auto& number : numbers) fill(first.*number.field, second.*number.field);
  for (const auto& limit : numbers_of_limits)
    fill(first.limits.*limit.field, second.limits.*limit.field);
  fill(first.require_handshake, second.require_handshake);
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
