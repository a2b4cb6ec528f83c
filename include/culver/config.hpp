// How a client is opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "culver/export.hpp"

namespace culver::CULVER_INLINE v1 {
/// What happens to a key that the peer book does not have: it is believed when it comes by a
/// pairing that both sides wanted; it is believed even in the place of a known one; never.
enum class Trust : std::uint8_t { on_first_use, always, never };

/// A server that helps to find a way through NATs.
struct IceServer {
  std::string url;   ///< stun:HOST[:PORT], turn:HOST[:PORT][?transport=udp|tcp], turns:HOST[:PORT]
  std::string user;  ///< of turn and turns
  std::string password;  ///< of turn and turns
};

/// What Client::open() takes. A value: set the fields that matter, `data_dir` and `server` at
/// least.
struct Config {
  /// The identity, the peer book and the texts that wait: one folder is one identity. It is made
  /// with mode 0700 if it is not there. One receiving process at a time has it.
  std::filesystem::path data_dir;
  /// ws://HOST:PORT or wss://HOST. Nothing is dialled before Client::go_online().
  std::string server = "ws://127.0.0.1:9000";
  /// What peers are told as our name: 1 to 64 bytes of UTF-8 without control characters. Empty:
  /// they see the fingerprint alone.
  std::string name;
  /// Where accepted files go, under the names that their senders gave them; a name that is taken
  /// is numbered. It must exist. Empty: accept_transfer() is refused with "folder_missing".
  std::filesystem::path download_dir;
  /// False: a folder without an identity is an error, "no_identity", and nothing is made.
  bool create_if_missing = true;
  /// Of a folder that `culver lock` has put under one, 8 to 1,024 bytes; else it is not looked
  /// at.
  std::optional<std::string> passphrase;
  /// Where the folder's key is if it is not in it (`culver --key-file`).
  std::optional<std::filesystem::path> key_file;
  Trust trust = Trust::on_first_use;
  std::vector<IceServer> ice_servers;  ///< 16 at most, besides those that the server lends
};
}  // namespace culver::CULVER_INLINEv1
