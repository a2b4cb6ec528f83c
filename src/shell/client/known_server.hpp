// A server by its address, and what is known of it from earlier.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/handshake/client.hpp"
#include "shell/client/introduction.hpp"
#include "shell/host/trouble.hpp"
#include "shell/net/ws_client.hpp"
#include "shell/store/sqlite/server_book.hpp"

namespace culver::client {

struct KnownServer {
  net::WsClientConfig server;
  store::sqlite::ServerBook book;
  std::optional<store::ServerRecord> known;

  std::string url() const { return server.url.origin(); }
  /// What it has to be, if it is known.
  handshake::client::Pin pin() const;
  /// It has proven what it had to.
  Result<void> remember(const ServerProof& proof);
  /// Whoever it was before.
  Result<void> trust(const ServerProof& proof);
  /// To which account this device belongs there; none for its own.
  Result<void> belong(const std::optional<UserId>& account);
};

/// Opens the server book in `data_dir`, making both if they are absent. bad_config (the URL),
/// store_failed.
host::Outcome<KnownServer> look_up_server(const std::string& url,
                                          const std::filesystem::path& data_dir);

}  // namespace culver::client
