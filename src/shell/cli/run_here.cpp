// peers, id and version: what can be said without a network.
#include "shell/cli/outcome.hpp"
#include "shell/cli/run.hpp"
#include "shell/cli/show.hpp"
#include "shell/client/acquaintance.hpp"
#include "shell/host/account.hpp"
#include "shell/host/identity.hpp"
#include "shell/store/sqlite/peer_book.hpp"

namespace culver::cli {

int run(const Options& options, const PeersOptions&) {
  if (const auto made = host::make_private_dir(options.data_dir); !made)
    return complain(options, made.error());
  auto book = store::sqlite::PeerBook::open(options.data_dir / "peers.db");
  if (!book) return complain(options, book.error());
  const auto peers = book->all();
  if (!peers) return complain(options, peers.error());
  return print(show_peers(*peers, options.output));
}

int run(const Options& options, const IdOptions&) {
  const auto identity = host::open_identity(options.data_dir);
  if (!identity) return complain(options, identity.error());
  const auto account = host::open_account(options.data_dir);
  if (!account) return complain(options, account.error());
  const auto server = client::look_up_server(options.server, options.data_dir);
  if (!server) return complain(options, server.error());
  const auto linked = server->known ? server->known->account : std::nullopt;
  return print(show_id({identity->shared, linked.value_or(account->user()), account->device},
                       options.output));
}

int run(const Options& options, const VersionOptions&) {
  return print(show_version(options.output));
}

}  // namespace culver::cli
