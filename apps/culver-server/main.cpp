// Reads the command line and the configuration file, then serves until a signal ends it, or copies
// what a server keeps.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/format/server_config.hpp"
#include "shell/host/log.hpp"
#include "shell/host/no_dumps.hpp"
#include "shell/host/signals.hpp"
#include "shell/host/version.hpp"
#include "shell/server/configure.hpp"
#include "shell/server/server.hpp"
#include "shell/store/sqlite/event_log.hpp"

namespace {

namespace server = culver::server;
using culver::format::ServerConfig;

constexpr int wrong_use = 1;
constexpr int unexpected = 2;

int complain(int exit_code, const std::string& sentence) {
  std::fprintf(stderr, "culver-server: %s\n", sentence.c_str());
  return exit_code;
}

/// An option, and its key in the file.
struct Option {
  const char* name;
  const char* key;
  const char* help;
};
constexpr Option options[] = {
    {"--listen", "listen", "Address and port; port 0 lets the kernel choose"},
    {"--metrics-listen", "metricsListen", "The same for /metrics, or none (127.0.0.1:9464)"},
    {"--data-dir", "dataDir", "Where the server keeps its key and the events"},
    {"--key-file", "keyFile", "Where the key of the data folder is, if not in it"},
    {"--endpoint", "endpoint", "Public URL, told to clients"},
    {"--trusted-proxy", "trustedProxy", "Believe what it says of its clients; may be repeated"},
    {"--allow-origin", "allowOrigin", "Whose pages may talk to it, or *; may be repeated"},
    {"--ice-server", "iceServers", "STUN or TURN server, told to clients; may be repeated"},
    {"--turn-secret-file", "turnSecretFile", "File with the secret that the TURN server has too"},
    {"--turn-minutes", "turnMinutes", "How long a password for it is good (1440)"},
    {"--max-connections", "maxConnections", "In all (10000)"},
    {"--max-connections-per-address", "maxConnectionsPerAddress", "(250)"},
    {"--max-devices-per-user", "maxDevicesPerUser", "(10)"},
    {"--max-stored-bytes", "maxStoredBytes", "Of all events, on the disk (34359738368)"},
    {"--event-days", "eventDays", "How long events are kept (30)"},
};

/// What the command line says.
struct Given {
  std::map<std::string, std::vector<std::string>> values;  ///< by the option's name
  std::optional<std::string> file;
  bool require_handshake = false;
};

server::OrSentence<ServerConfig> flags_of(const Given& given) {
  ServerConfig flags;
  for (const auto& [name, key, help] : options) {
    const auto found = given.values.find(name);
    if (found == given.values.end() || found->second.empty()) continue;
    if (const auto why = culver::format::take_option(key, found->second, flags); !why.empty())
      return tl::unexpected(std::string(name) + " " + why + ".");
  }
  if (given.require_handshake) flags.require_handshake = true;
  return flags;
}

server::OrSentence<server::Config> read_all(const Given& given) {
  auto flags = flags_of(given);
  if (!flags) return tl::unexpected(flags.error());
  ServerConfig from_file;
  if (given.file) {
    auto parsed = server::read_config_file(*given.file);
    if (!parsed) return tl::unexpected(parsed.error());
    from_file = std::move(*parsed);
  }
  return server::configure(culver::format::merge(std::move(*flags), from_file),
                           culver::host::environment);
}

int serve(server::Config config, const Given& given) {
  server::Server server(std::move(config), [&given]() -> std::optional<server::Config> {
    auto again = read_all(given);
    if (again) return std::move(*again);
    complain(wrong_use, again.error() + " The server goes on as before.");
    return std::nullopt;
  });
  const auto started = server.start();
  if (!started) return complain(started.error().exit_code, started.error().sentence);
  std::printf("culver-server listening on %s\nidentity %s\n", started->url.c_str(),
              started->identity.c_str());
  if (started->metrics) std::printf("metrics at %s\n", started->metrics->c_str());
  std::fflush(stdout);
  if (server.run() == server::Server::End::drained) return 0;
  return complain(unexpected,
                  "Something went wrong inside; the log says what. It can be started again.");
}

int back_up(const server::Config& config, const std::string& file) {
  const auto copied =
      culver::store::sqlite::EventLog::copy(config.data_dir / server::event_log_name, file);
  if (!copied) return complain(unexpected, copied.error().sentence);
  std::printf("%s has been copied to %s\n", (config.data_dir / server::event_log_name).c_str(),
              file.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  culver::host::forbid_dumps();
  culver::host::ignore_signals_of_habit();
  Given given;
  std::string backup;
  CLI::App app("Signaling server and gateway for Culver and Zajel clients", "culver-server");
  app.set_version_flag("--version", "culver-server " + std::string(culver::host::version));
  for (const auto& [name, key, help] : options)
    app.add_option(name, given.values[name], help)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--config", given.file, "JSON file; its keys are these options in camelCase");
  app.add_flag("--require-handshake", given.require_handshake, "Refuse unauthenticated signaling");
  auto* copy = app.add_subcommand("backup", "Copy the events to FILE, also while a server runs");
  copy->add_option("FILE", backup, "Must not be there yet")->required();
  copy->fallthrough();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return complain(wrong_use, std::string(error.what()) + ". culver-server --help lists all.");
  }
  const char* level = std::getenv("CULVER_LOG");
  if (level && !culver::log::is_level(level))
    return complain(wrong_use, "CULVER_LOG is debug, info, warn or error.");
  culver::log::set_level(culver::log::level_from(level ? 0 : 1, level ? level : ""));
  try {
    auto config = read_all(given);
    if (!config) return complain(wrong_use, config.error());
    if (*copy) return back_up(*config, backup);
    return serve(std::move(*config), given);
  } catch (const std::exception& error) {
    return complain(unexpected, error.what());
  }
}
