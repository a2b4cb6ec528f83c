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
#include "shell/host/identity.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/signals.hpp"

namespace culver::cli {
namespace {

struct Desk {
  PublicKey self;
  store::sqlite::PeerBook book;
};

host::Outcome<Desk> open_desk(const Options& options) {
  const auto vault = open_vault(options);  // makes the folder too
  if (!vault) return tl::unexpected(vault.error());
  const auto identity = host::open_identity(*vault);
  if (!identity) return tl::unexpected(identity.error());
  auto book = store::sqlite::PeerBook::open(options.data_dir / "peers.db");
  if (!book) return tl::unexpected(book.error());
  return Desk{identity->shared, std::move(*book)};
}

}  // namespace

int run(const Options& options, const PeersOptions&) {
  auto desk = open_desk(options);
  if (!desk) return complain(options, desk.error());
  const auto peers = desk->book.all();
  if (!peers) return complain(options, peers.error());
  return print(show_peers(rows_of(*peers, desk->self), options.output));
}

int run(const Options& options, const BookOptions& verb) {
  auto desk = open_desk(options);
  if (!desk) return complain(options, desk.error());
  boost::asio::io_context loop(1);
  Screen screen(std::cout, std::cerr, standard_abilities(host::environment));
  Console console(loop, open_terminal(true), screen);
  int exit_code = info(Fault::internal).exit_code;
  std::optional<host::Signals> signals;
  const auto done = [&](int code) {
    exit_code = code;
    signals->cancel();
  };
  BookVerb about(verb, {desk->book, desk->self, screen, console, options.output, done});
  signals.emplace(loop, [&](Fault signal) { about.stop(signal); });
  screen.when_lost([&](Fault why) { boost::asio::post(loop, [&, why] { about.stop(why); }); });
  about.start();
  loop.run();
  return screen.exit_code(exit_code);
}

}  // namespace culver::cli
