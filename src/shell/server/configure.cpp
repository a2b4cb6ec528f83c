// Addresses, URLs and limits of the server's options.
#include "shell/server/configure.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <type_traits>
#include <utility>

#include "core/wire/ice_url.hpp"
#include "core/wire/origin.hpp"
#include "core/wire/url.hpp"

namespace culver::server {
namespace {

namespace ip = boost::asio::ip;

/// Where the counters are if nobody says: for programs of this machine.
constexpr std::uint16_t metrics_port = 9464;

tl::unexpected<std::string> refuse(std::string sentence) {
  return tl::unexpected(std::move(sentence));
}

OrSentence<net_::tcp::endpoint> endpoint_of(const std::string& option, const std::string& text) {
  const auto host_port = format::parse_host_port(text);
  boost::system::error_code error;
  const auto address = host_port ? ip::make_address(host_port->host, error) : ip::address{};
  if (!host_port || error)
    return refuse(option + " takes ADDRESS:PORT, for example 127.0.0.1:9000 or [::1]:9000; \"" +
                  text + "\" is none.");
  return net_::tcp::endpoint{address, host_port->port};
}

OrSentence<net_::Proxies> proxies_of(const std::vector<std::string>& texts) {
  net_::Proxies proxies;
  for (const auto& text : texts) {
    const auto network = net_::Network::parse(text);
    if (!network)
      return refuse(
          "--trusted-proxy takes an IP address, or a network like 10.0.0.0/8 that is not "
          "everybody; \"" +
          text + "\" is none.");
    proxies.push_back(*network);
  }
  return proxies;
}

OrSentence<wire::AllowedOrigins> origins_of(const std::vector<std::string>& texts) {
  for (const auto& text : texts)
    if (text != "*" && !wire::Origin::parse(text))
      return refuse(
          "--allow-origin takes where a page comes from, like https://chat.example.org or "
          "http://localhost:5173, with nothing behind it, or * for every page; \"" +
          text + "\" is none.");
  const auto origins = wire::AllowedOrigins::parse(texts);
  if (!origins)
    return refuse("--allow-origin takes " + std::to_string(wire::AllowedOrigins::most) +
                  " origins at most.");
  return *origins;
}

OrSentence<IceSettings> ice_of(const format::ServerConfig& from) {
  IceSettings ice;
  for (const auto& text : from.ice_servers.value_or(std::vector<std::string>{})) {
    const auto url = wire::IceUrl::parse(text);
    if (!url)
      return refuse(
          "--ice-server takes stun:HOST:PORT, turn:HOST:PORT or turns:HOST:PORT, with "
          "?transport=tcp behind it for a relay over TCP; \"" +
          text + "\" is none.");
    (url->kind == wire::IceUrl::Kind::stun ? ice.stun : ice.turn).push_back(text);
  }
  if (!ice.turn.empty() && !from.turn_secret_file)
    return refuse(
        "--ice-server names a relay, and nobody could sign in there: --turn-secret-file "
        "says where the secret is that the relay has too (coturn: static-auth-secret).");
  if (ice.turn.empty() && from.turn_secret_file)
    return refuse("--turn-secret-file is of no use without a relay: --ice-server turn:HOST:PORT.");
  if (from.turn_secret_file) ice.secret_file = *from.turn_secret_file;
  if (from.turn_minutes)
    ice.life = std::chrono::minutes(static_cast<std::int64_t>(*from.turn_minutes));
  return ice;
}

relay::Limits limits_of(const format::ServerConfig& from) {
  relay::Limits to;
  const auto set = [](auto& limit, const std::optional<std::uint64_t>& number) {
    if (number) limit = static_cast<std::remove_reference_t<decltype(limit)>>(*number);
  };
  set(to.connections, from.max_connections);
  set(to.connections_per_address, from.max_connections_per_address);
  set(to.devices_per_user, from.max_devices_per_user);
  set(to.stored_bytes, from.max_stored_bytes);
  if (from.event_days)
    to.retention = std::chrono::hours(24 * static_cast<std::int64_t>(*from.event_days));
  set(to.handshakes_per_address.count, from.limits.handshakes_per_minute_per_address);
  set(to.handshakes, from.limits.handshakes_at_once);
  set(to.messages_per_address.count, from.limits.messages_per_minute_per_address);
  set(to.messages_per_socket.count, from.limits.messages_per_minute_per_connection);
  set(to.pair_requests_per_address.count, from.limits.pair_requests_per_minute_per_address);
  set(to.frames_per_session.count, from.limits.frames_per_minute_per_session);
  set(to.events_per_user.count, from.limits.events_per_minute_per_user);
  set(to.stored_events_per_user, from.limits.stored_events_per_user);
  set(to.stored_bytes_per_user, from.limits.stored_bytes_per_user);
  set(to.sessions_per_user, from.limits.sessions_per_user);
  return to;
}

/// The address to listen on, and the one for the counters.
OrSentence<void> listen_on(const format::ServerConfig& from, Config& to) {
  if (from.listen) {
    const auto endpoint = endpoint_of("--listen", *from.listen);
    if (!endpoint) return tl::unexpected(endpoint.error());
    to.sockets.listen = *endpoint;
  }
  if (from.metrics_listen == "none") return {};
  to.must_show_metrics = from.metrics_listen.has_value();
  if (!to.must_show_metrics) {
    const auto port = to.sockets.listen.port() == 0 ? std::uint16_t{0} : metrics_port;
    to.sockets.operators = net_::tcp::endpoint{ip::address_v4::loopback(), port};
    return {};
  }
  const auto endpoint = endpoint_of("--metrics-listen", *from.metrics_listen);
  if (!endpoint) return tl::unexpected(endpoint.error());
  to.sockets.operators = *endpoint;
  return {};
}

}  // namespace

OrSentence<format::ServerConfig> read_config_file(const std::filesystem::path& path) {
  const auto of_file = [&](const std::string& what) {
    return refuse("The configuration file " + path.string() + " cannot be " + what + ".");
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return of_file("read: it is a folder");
  std::ifstream file(path, std::ios::binary);
  std::string text(format::server_config_size + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return of_file("read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  std::string complaint;
  auto parsed = format::parse_server_config(text, &complaint);
  if (!parsed) return of_file("used: " + complaint);
  return std::move(*parsed);
}

OrSentence<Config> configure(const format::ServerConfig& from, const host::Variables& variables) {
  Config to;
  if (auto listens = listen_on(from, to); !listens) return tl::unexpected(listens.error());
  if (from.trusted_proxies) {
    auto proxies = proxies_of(*from.trusted_proxies);
    if (!proxies) return tl::unexpected(proxies.error());
    to.sockets.trusted_proxies = std::move(*proxies);
  }
  if (from.allowed_origins) {
    auto origins = origins_of(*from.allowed_origins);
    if (!origins) return tl::unexpected(origins.error());
    to.sockets.origins = std::move(*origins);
  }
  if (from.endpoint && !wire::WsUrl::parse(*from.endpoint))
    return refuse(
        "--endpoint takes the URL that clients connect to, for example "
        "wss://chat.example.org; \"" +
        *from.endpoint + "\" is none.");
  auto ice = ice_of(from);
  if (!ice) return tl::unexpected(ice.error());
  to.ice = std::move(*ice);
  to.data_dir = host::server_data_dir(from.data_dir, variables);
  if (from.key_file) to.key_file = *from.key_file;
  to.endpoint = from.endpoint;
  to.require_handshake = from.require_handshake.value_or(false);
  to.limits = limits_of(from);
  return to;
}

}  // namespace culver::server
