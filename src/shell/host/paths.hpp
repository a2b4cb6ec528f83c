// Where Culver keeps its things: the XDG folders, the flag and the variable that override them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "shell/host/trouble.hpp"

namespace culver::host {

// The databases of a data folder.
inline constexpr const char* peer_book_file = "peers.db";  ///< and the outbox
inline constexpr const char* server_book_file = "servers.db";
inline constexpr const char* seen_frames_file = "frames.db";

/// The environment, or a map in a test. An empty variable counts as unset, as XDG has it.
using Variables = std::function<std::optional<std::string>(const char* name)>;

inline std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (!value || !*value) return std::nullopt;
  return value;
}

// The home is $HOME, or what the system's list of users says. Relative paths in HOME and the XDG
// variables are ignored.

/// The flag, CULVER_DATA_DIR, $XDG_DATA_HOME/culver, ~/.local/share/culver: the first that is set.
std::filesystem::path data_dir(const std::optional<std::filesystem::path>& flag, const Variables&);
/// The flag, $XDG_DATA_HOME/culver-server, ~/.local/share/culver-server.
std::filesystem::path server_data_dir(const std::optional<std::filesystem::path>& flag,
                                      const Variables&);
/// $XDG_CONFIG_HOME/culver/config.json or ~/.config/culver/config.json; it need not exist.
std::filesystem::path config_file(const Variables&);

/// Makes the folder and its parents if absent; the folder itself is for its owner only (0700). One
/// that is there must be ours, and so must the databases in it; what others may write to is taken
/// from them, and the log says so.
Outcome<void> make_private_dir(const std::filesystem::path& folder);

}  // namespace culver::host
