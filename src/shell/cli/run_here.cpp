// id, name and version: what can be said without a network and without the peer book.
#include <iostream>

#include "core/engine/names.hpp"
#include "shell/cli/open_vault.hpp"
#include "shell/cli/outcome.hpp"
#include "shell/cli/own_name.hpp"
#include "shell/cli/run.hpp"
#include "shell/cli/show.hpp"
#include "shell/client/known_server.hpp"
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

int run(const Options& options, const NameOptions& verb) {
  const auto vault = open_vault(options);  // makes the folder too
  if (!vault) return complain(options, vault.error());
  const auto identity = host::open_identity(*vault);
  if (!identity) return complain(options, identity.error());
  if (verb.name) {
    const auto name = verb.name->expose().empty() ? std::nullopt : verb.name;
    if (const auto kept = keep_name(options, name); !kept) return complain(options, kept.error());
  } else if (const auto said = keep_name_of_option(options); !said.empty()) {
    std::cerr << said << '\n';
  }
  const auto own = with_own_name(options);
  if (!own) return complain(options, own.error());
  const bool is_hosts = own->name_from == NameFrom::host;
  return print(
      show_name({is_hosts ? engine::default_name(own->name.expose(), identity->shared) : own->name,
                 !is_hosts},
                options.output),
      verb.name ? "The name was changed." : "");
}

int run(const Options& options, const VersionOptions&) {
  return print(show_version(options.output));
}

}  // namespace culver::cli
