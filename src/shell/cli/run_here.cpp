// id and version: what can be said without a network and without the peer book.
#include "shell/cli/open_vault.hpp"
#include "shell/cli/outcome.hpp"
#include "shell/cli/run.hpp"
#include "shell/cli/show.hpp"
#include "shell/client/acquaintance.hpp"
#include "shell/host/account.hpp"
#include "shell/host/identity.hpp"

namespace culver::cli {

int run(const Options& options, const IdOptions&) {
  const auto vault = open_vault(options);
  if (!vault) return complain(options, vault.error());
  const auto identity = host::open_identity(*vault);
  if (!identity) return complain(options, identity.error());
  const auto account = host::open_account(*vault);
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
