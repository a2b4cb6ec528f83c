// Reading the server's configuration. Unknown keys are refused: a misspelt limit is no limit.
#include "core/format/server_config.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace culver::format {
namespace {

constexpr std::uint64_t most_connections = 1'000'000;
constexpr std::uint64_t most_devices = 1'000;
constexpr std::uint64_t most_days = 3'650;
constexpr std::uint64_t most_minutes = 525'600;
constexpr std::size_t longest_list = 64;
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
    {"maxStoredBytes", &ServerConfig::max_stored_bytes, most_bytes},
    {"eventDays", &ServerConfig::event_days, most_days},
    {"turnMinutes", &ServerConfig::turn_minutes, most_minutes},
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
    {"listen", &ServerConfig::listen},     {"metricsListen", &ServerConfig::metrics_listen},
    {"dataDir", &ServerConfig::data_dir},  {"keyFile", &ServerConfig::key_file},
    {"endpoint", &ServerConfig::endpoint}, {"turnSecretFile", &ServerConfig::turn_secret_file},
};

using Texts = std::vector<std::string>;
constexpr std::pair<std::string_view, std::optional<Texts> ServerConfig::*> lists[] = {
    {"trustedProxy", &ServerConfig::trusted_proxies},
    {"allowOrigin", &ServerConfig::allowed_origins},
    {"iceServers", &ServerConfig::ice_servers},
};

// Why a value cannot be taken, in words that go on from the name of its option; empty if it was.

constexpr std::string_view takes_text = "takes a text that is not empty";

template <class Struct>
std::string takes_number(const Number<Struct>& number) {
  return "takes a whole number from 1 to " + std::to_string(number.most);
}
std::string no_such(std::string_view key) {
  return "there is no option \"" + std::string(key) + "\"";
}
std::string about(std::string_view key, std::string why) {
  return why.empty() ? why : "\"" + std::string(key) + "\" " + std::move(why);
}

template <class Struct>
std::string take(const Number<Struct>& number, std::uint64_t value, Struct& into) {
  if (value < 1 || value > number.most) return takes_number(number);
  into.*number.field = value;
  return {};
}

template <class Struct>
std::string take(const Number<Struct>& number, const boost::json::value& value, Struct& into) {
  if (!value.is_int64() || value.get_int64() < 1) return takes_number(number);
  return take(number, static_cast<std::uint64_t>(value.get_int64()), into);
}

std::string take(std::string_view text, std::optional<std::string>& into) {
  if (text.empty() || text.find('\0') != std::string_view::npos) return std::string(takes_text);
  into = std::string(text);
  return {};
}

std::string take(std::span<const std::string> given, std::optional<Texts>& into) {
  if (given.empty() || given.size() > longest_list)
    return "takes one to " + std::to_string(longest_list) + " texts";
  for (const auto& text : given)
    if (text.empty()) return std::string(takes_text);
  into = Texts(given.begin(), given.end());
  return {};
}

std::string take_list(const boost::json::value& value, std::optional<Texts>& into) {
  Texts found;
  if (value.is_string()) found.emplace_back(value.get_string());
  if (value.is_array())
    for (const auto& one : value.get_array()) {
      if (!one.is_string()) return "takes texts";
      found.emplace_back(one.get_string());
    }
  return take(found, into);
}

std::string take_limits(const boost::json::value& value, ServerLimits& into) {
  if (!value.is_object()) return about("limits", "takes an object");
  for (const auto& member : value.get_object()) {
    const std::string key(member.key());
    const auto* known = std::find_if(std::begin(numbers_of_limits), std::end(numbers_of_limits),
                                     [&](const auto& row) { return key == row.key; });
    if (known == std::end(numbers_of_limits)) return no_such(key);
    if (auto why = take(*known, member.value(), into); !why.empty())
      return about(key, std::move(why));
  }
  return {};
}

std::string take_member(std::string_view key, const boost::json::value& value,
                        ServerConfig& config) {
  for (const auto& [name, field] : texts)
    if (key == name)
      return about(key, value.is_string() ? take(value.get_string(), config.*field)
                                          : std::string(takes_text));
  for (const auto& [name, field] : lists)
    if (key == name) return about(key, take_list(value, config.*field));
  for (const auto& number : numbers)
    if (key == number.key) return about(key, take(number, value, config));
  if (key == "limits") return take_limits(value, config.limits);
  if (key != "requireHandshake") return no_such(key);
  if (!value.is_bool()) return about(key, "takes true or false");
  config.require_handshake = value.get_bool();
  return {};
}

/// JSON keeps the last of two members of one name; whoever wrote them meant something else.
class Twins {
 public:
  struct Handler {
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);
    using Error = boost::system::error_code&;
    using View = boost::json::string_view;

    std::vector<std::set<std::string>> open;
    std::string key, twin;

    bool on_document_begin(Error) { return true; }
    bool on_document_end(Error) { return true; }
    bool on_object_begin(Error) { return open.emplace_back(), true; }
    bool on_object_end(std::size_t, Error) { return open.pop_back(), true; }
    bool on_array_begin(Error) { return true; }
    bool on_array_end(std::size_t, Error) { return true; }
    bool on_key_part(View part, std::size_t, Error) { return key += part, true; }
    bool on_key(View part, std::size_t, Error) {
      key += part;
      if (!open.back().insert(key).second) twin = key;
      key.clear();
      return true;
    }
    bool on_string_part(View, std::size_t, Error) { return true; }
    bool on_string(View, std::size_t, Error) { return true; }
    bool on_number_part(View, Error) { return true; }
    bool on_int64(std::int64_t, View, Error) { return true; }
    bool on_uint64(std::uint64_t, View, Error) { return true; }
    bool on_double(double, View, Error) { return true; }
    bool on_bool(bool, Error) { return true; }
    bool on_null(Error) { return true; }
    bool on_comment_part(View, Error) { return true; }
    bool on_comment(View, Error) { return true; }
  };
  /// The name of one that is there twice; empty if none is. Of text that is JSON.
  static std::string in(std::string_view text) {
    boost::json::basic_parser<Handler> parser{boost::json::parse_options{}};
    boost::system::error_code error;
    parser.write_some(false, text.data(), text.size(), error);
    return parser.handler().twin;
  }
};

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
  if (const auto twin = Twins::in(text); !twin.empty())
    return refuse("\"" + twin + "\" is there twice");
  ServerConfig config;
  for (const auto& [key, field] : value.get_object())
    if (auto why = take_member(std::string(key), field, config); !why.empty())
      return refuse(std::move(why));
  return config;
}

std::string take_option(std::string_view key, std::span<const std::string> given,
                        ServerConfig& into) {
  for (const auto& [name, field] : lists)
    if (key == name) return take(given, into.*field);
  if (given.size() != 1) return "can be given once only";
  const auto& text = given.front();
  for (const auto& [name, field] : texts)
    if (key == name) return take(text, into.*field);
  for (const auto& number : numbers) {
    if (key != number.key) continue;
    std::uint64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end ? take(number, value, into) : takes_number(number);
  }
  return "is unknown";
}

ServerConfig merge(ServerConfig first, const ServerConfig& second) {
  const auto fill = [](auto& field, const auto& other) {
    if (!field) field = other;
  };
  for (const auto& [name, field] : texts) fill(first.*field, second.*field);
  for (const auto& [name, field] : lists) fill(first.*field, second.*field);
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

}  // namespace culver::format
