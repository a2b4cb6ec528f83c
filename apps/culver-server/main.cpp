// Reads the command line and the configuration file, then serves until a signal ends it.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <type_traits>

#include <CLI/CLI.hpp>

#include "core/wire/server_config.hpp"
#include "shell/host/log.hpp"
#include "shell/host/version.hpp"
#include "shell/server/server.hpp"

namespace {

using culver::wire::ServerConfig;

constexpr int wrong_use = 1;
constexpr int unexpected = 2;

int complain(int exit_code, const std::string& sentence) {
  std::fprintf(stderr, "culver-server: %s\n", sentence.c_str());
  return exit_code;
}

std::filesystem::path default_data_dir() {
  if (const char* xdg = std::getenv("XDG_DATA_HOME"); xdg && *xdg)
    return std::filesystem::path(xdg) / "culver-server";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home && *home ? home : ".") / ".local/share/culver-server";
}

/// The sentence if the file cannot be used.
std::optional<std::string> read_file(const std::string& path, ServerConfig& config) {
  std::ifstream file(path, std::ios::binary);
  std::string text(culver::wire::server_config_size + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof()))
    return "The configuration file " + path + " cannot be read.";
  text.resize(static_cast<std::size_t>(file.gcount()));
  std::string complaint;
  auto parsed = culver::wire::parse_server_config(text, &complaint);
  if (!parsed) return "The configuration file " + path + " cannot be used: " + complaint + ".";
  config = std::move(*parsed);
  return std::nullopt;
}

void apply_limits(const ServerConfig& from, culver::relay::Limits& to) {
  const auto set = [](auto& limit, const std::optional<std::uint64_t>& number) {
    if (number) limit = static_cast<std::remove_reference_t<decltype(limit)>>(*number);
  };
  set(to.connections, from.max_connections);
  set(to.connections_per_address, from.max_connections_per_address);
  set(to.devices_per_user, from.max_devices_per_user);
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
}

/// The sentence if an address is not one.
std::optional<std::string> apply(const ServerConfig& from, culver::server::Config& to) {
  namespace ip = boost::asio::ip;
  boost::system::error_code error;
  if (from.listen) {
    const auto host_port = culver::wire::parse_host_port(*from.listen);
    const auto address = host_port ? ip::make_address(host_port->host, error) : ip::address{};
    if (!host_port || error) return "--listen takes ADDRESS:PORT, for example 127.0.0.1:9000.";
    to.sockets.listen = {address, host_port->port};
  }
  if (from.trusted_proxy) {
    to.sockets.trusted_proxy = ip::make_address(*from.trusted_proxy, error);
    if (error) return "--trusted-proxy takes an IP address.";
  }
  to.data_dir = from.data_dir ? std::filesystem::path(*from.data_dir) : default_data_dir();
  if (from.key_file) to.key_file = *from.key_file;
  to.endpoint = from.endpoint;
  to.require_handshake = from.require_handshake.value_or(false);
  apply_limits(from, to.limits);
  return std::nullopt;
}

int serve(const culver::server::Config& config) {
  culver::server::Server server(config);
  const auto started = server.start();
  if (!started) return complain(started.error().exit_code, started.error().sentence);
  std::printf("culver-server listening on %s\nidentity %s\n", started->url.c_str(),
              started->identity.c_str());
  std::fflush(stdout);
  server.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes (ulimit -f) is a failure like any other
  ServerConfig flags;
  std::string file;
  CLI::App app("Signaling server and gateway for Culver and Zajel clients", "culver-server");
  app.set_version_flag("--version", "culver-server " + std::string(culver::host::version));
  app.add_option("--listen", flags.listen, "Address and port; port 0 lets the kernel choose");
  app.add_option("--data-dir", flags.data_dir, "Where the server keeps its key and the events");
  app.add_option("--key-file", flags.key_file, "Where the key of the data folder is, if not in it");
  app.add_option("--config", file, "JSON file; its keys are these options in camelCase");
  app.add_flag("--require-handshake", flags.require_handshake, "Refuse unauthenticated signaling");
  app.add_option("--endpoint", flags.endpoint, "Public URL, told to clients");
  app.add_option("--trusted-proxy", flags.trusted_proxy, "Believe X-Forwarded-For from there");
  app.add_option("--max-connections", flags.max_connections, "In all (10000)")
      ->check(CLI::PositiveNumber);
  app.add_option("--max-connections-per-address", flags.max_connections_per_address, "(50)")
      ->check(CLI::PositiveNumber);
  app.add_option("--max-devices-per-user", flags.max_devices_per_user, "(10)")
      ->check(CLI::PositiveNumber);
  app.add_option("--event-days", flags.event_days, "How long events are kept (30)")
      ->check(CLI::Range(1, 3'650));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : wrong_use;
  }
  const char* level = std::getenv("CULVER_LOG");
  culver::log::set_level(culver::log::level_from(level ? 0 : 1, level ? level : ""));
  try {
    ServerConfig from_file;
    if (!file.empty())
      if (const auto sentence = read_file(file, from_file)) return complain(wrong_use, *sentence);
    culver::server::Config config;
    if (const auto sentence = apply(culver::wire::merge(flags, from_file), config))
      return complain(wrong_use, *sentence);
    return serve(config);
  } catch (const std::exception& error) {
    return complain(unexpected, error.what());
  }
}
