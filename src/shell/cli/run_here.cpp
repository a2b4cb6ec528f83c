// id and version: what can be said without a network and without the peer book.
#include "shell/cli/outcome.hpp"
#include "shell/cli/run.hpp"
#include "shell/cli/show.hpp"
#include "shell/host/account.hpp"
#include "shell/host/identity.hpp"

namespace culver::cli {

int run(const Options& options, const IdOptions&) {
  const auto identity = host::open_identity(options.data_dir);
  if (!identity) return complain(options, identity.error());
  const auto account = host::open_account(options.data_dir);
  if (!account) return complain(options, account.error());
  return print(show_id({identity->shared, account->user(), account->device}, options.output));
}

int run(const Options& options, const VersionOptions&) {
  return print(show_version(options.output));
}

}  // namespace culver::cli
