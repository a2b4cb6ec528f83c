// The verbs about the peer book: peers, and those about one of them.
#include <iostream>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "shell/cli/book_verb.hpp"
#include "shell/cli/open_vault.hpp"
#include "shell/cli/outcome.hpp"
#include "shell/cli/run.hpp"
#include "shell/cli/show_peers.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/signals.hpp"

namespace culver::cli {
namespace {

struct DataFolder {
  PublicKey self;
  store::sqlite::PeerBook book;
};

host::Outcome<DataFolder> open_data_folder(const Options& options) {
  const auto vault = open_vault(options);  // makes the folder too
  if (!vault) return tl::unexpected(vault.error());
  const auto identity = host::open_identity(*vault);
  if (!identity) return tl::unexpected(identity.error());
  auto book = store::sqlite::PeerBook::open(options.data_dir / "peers.db");
  if (!book) return tl::unexpected(book.error());
  return DataFolder{identity->shared, std::move(*book)};
}

}  // namespace

int run(const Options& options, const PeersOptions&) {
  auto folder = open_data_folder(options);
  if (!folder) return complain(options, folder.error());
  const auto peers = folder->book.all();
  if (!peers) return complain(options, peers.error());
  return print(show_peers(rows_of(*peers, folder->self), options.output));
}

int run(const Options& options, const BookOptions& verb) {
  auto folder = open_data_folder(options);
  if (!folder) return complain(options, folder.error());
  boost::asio::io_context loop(1);
  Screen screen(std::cout, std::cerr, standard_abilities(host::environment));
  Console console(loop, open_terminal(true), screen);
  int exit_code = host::fault_text(Fault::internal).exit_code;
  std::optional<host::Signals> signals;
  const auto done = [&](int code) {
    exit_code = code;
    signals->cancel();
  };
  BookVerb about(verb, {folder->book, folder->self, screen, console, options.output, done});
  signals.emplace(loop, [&](Fault signal) { about.stop(signal); });
  screen.when_lost([&](Fault why) { boost::asio::post(loop, [&, why] { about.stop(why); }); });
  about.start();
  loop.run();
  return screen.exit_code(exit_code);
}

}  // namespace culver::cli
