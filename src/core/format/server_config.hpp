// The server's configuration file: one JSON object whose keys are the long flags in camelCase.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace culver::format {

/// The object "limits", in the file only: for who runs a server for many behind one address, or for
/// few and wants it tighter. A minute's worth may come at once.
struct ServerLimits {
  std::optional<std::uint64_t> handshakes_per_minute_per_address;
  std::optional<std::uint64_t> handshakes_at_once;
  std::optional<std::uint64_t> messages_per_minute_per_address;  ///< of open signaling
  std::optional<std::uint64_t> messages_per_minute_per_connection;
  std::optional<std::uint64_t> pair_requests_per_minute_per_address;
  std::optional<std::uint64_t> frames_per_minute_per_session;
  std::optional<std::uint64_t> events_per_minute_per_user;
  std::optional<std::uint64_t> stored_events_per_user;
  std::optional<std::uint64_t> stored_bytes_per_user;
  std::optional<std::uint64_t> sessions_per_user;
  bool operator==(const ServerLimits&) const = default;
};

/// What the file (or the command line) said; what it did not say is absent.
struct ServerConfig {
  std::optional<std::string> listen;            ///< "address:port"
  std::optional<std::string> metrics_listen;    ///< "metricsListen": "address:port", or "none"
  std::optional<std::string> data_dir;          ///< "dataDir"
  std::optional<std::string> key_file;          ///< "keyFile": of the data folder, if elsewhere
  std::optional<std::string> endpoint;          ///< the public URL that server_info names
  std::optional<std::string> turn_secret_file;  ///< "turnSecretFile"
  /// "trustedProxy", "allowOrigin" and "iceServers": one text, or a list of them.
  std::optional<std::vector<std::string>> trusted_proxies;
  std::optional<std::vector<std::string>> allowed_origins;
  std::optional<std::vector<std::string>> ice_servers;
  std::optional<std::uint64_t> max_connections;
  std::optional<std::uint64_t> max_connections_per_address;
  std::optional<std::uint64_t> max_devices_per_user;
  std::optional<std::uint64_t> max_stored_bytes;  ///< of the events of all accounts, on the disk
  std::optional<std::uint64_t> event_days;        ///< how long events are kept
  std::optional<std::uint64_t> turn_minutes;      ///< "turnMinutes": how long a credential is good
  std::optional<bool> require_handshake;
  ServerLimits limits;
  bool operator==(const ServerConfig&) const = default;
};

inline constexpr std::size_t server_config_size = 65'536;

/// Fault::bad_config for anything but an object of known keys with values of their types;
/// `complaint`, if given, then says what is wrong, in words for whoever wrote the file.
Result<ServerConfig> parse_server_config(std::string_view text, std::string* complaint = nullptr);

/// One option as a command line gives it, by its key: every text that was given for it. What is
/// wrong, in words that go on from the option's name; empty if nothing is.
std::string take_option(std::string_view key, std::span<const std::string> given,
                        ServerConfig& into);

/// Field by field, `first` wins.
ServerConfig merge(ServerConfig first, const ServerConfig& second);

struct HostPort {
  std::string host;
  std::uint16_t port;
};
/// "127.0.0.1:9000", "[::1]:0". Fault::bad_config otherwise.
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace culver::format
