// The loop of a verb that talks with peers.
#include "shell/cli/with_peers.hpp"

#include <algorithm>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <openssl/crypto.h>
#include <unistd.h>

#include "shell/cli/contacts.hpp"
#include "shell/cli/data_folder.hpp"
#include "shell/cli/input/console.hpp"
#include "shell/cli/output/log_lines.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/output/outlet.hpp"
#include "shell/cli/output/output_watch.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/report_json.hpp"
#include "shell/cli/output/report_text.hpp"
#include "shell/cli/verbs/identity.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/log.hpp"
#include "shell/host/signals.hpp"
#include "shell/p2p/library_holes.hpp"
#include "shell/store/sqlite/outbox.hpp"

namespace culver::cli {
namespace {

std::unique_ptr<Reporter> make_reporter(const Options& options, Screen& screen, Contacts contacts) {
  if (options.output == Output::json)
    return std::make_unique<JsonReport>(screen, std::move(contacts));
  const auto server = options.server == default_server ? std::string() : options.server;
  return std::make_unique<TextReport>(screen, host::now, server, std::move(contacts));
}

p2p::IceServer::Kind kind_of(const IceServer& server) {
  using Kind = p2p::IceServer::Kind;
  return server.kind == IceServer::Kind::stun ? Kind::stun : Kind::turn;
}

p2p::IceServer::Transport transport_of(const IceServer& server) {
  using Transport = p2p::IceServer::Transport;
  if (server.kind == IceServer::Kind::turn_tcp) return Transport::tcp;
  return server.kind == IceServer::Kind::turn_tls ? Transport::tls : Transport::udp;
}

client::Config make_config(const Options& options, const std::filesystem::path& download_dir) {
  client::Config config;
  config.server_url = options.server;
  config.download_dir = download_dir;
  config.display_name = options.name;
  config.is_hosts_name = options.name_from == NameFrom::host;
  config.trust = options.trust;
  for (const auto& server : options.ice_servers)
    config.ice_servers.push_back({kind_of(server), server.host, server.port, server.user,
                                  server.password, transport_of(server)});
  return config;
}

host::FileDescriptor input_of(Asked asked, Answerer answerer) {
  if (answerer == Answerer::program) return open_answers();
  return open_terminal(asked != Asked::input);
}

void note_name(const Options& options, Screen& screen) {
  if (const auto said = keep_name_of_option(options); !said.empty()) screen.complain(said);
}

}  // namespace

void PeerVerb::discard() { host::end_by(SIGINT); }

int run_with_peers(const Options& given, host::Vault sealed,
                   const std::filesystem::path& download_dir, Terms terms, const MakeVerb& make) {
  std::optional vault(std::move(sealed));
  const auto own = with_own_name(given);
  if (!own) return complain(given, own.error());
  const auto& options = *own;
  const auto identity = host::open_identity(*vault);
  if (!identity) return complain(options, identity.error());
  boost::asio::io_context loop(1);
  Outlet outlet(loop, STDOUT_FILENO, STDERR_FILENO);
  Screen screen(outlet.out(), outlet.error(), standard_abilities(host::environment));
  const LogLines log_lines(loop, screen);
  screen.ask_whether_behind([&] { return outlet.is_behind(); });
  // Culver stands in front of it, so this is nothing to act on at every start.
  if (const auto hole = p2p::hole_in_openssl(OpenSSL_version_num());
      hole && log::enabled(log::Level::info))
    screen.complain(*hole);
  const bool is_program =
      options.output == Output::json && terms.asked != Asked::terminal && !isatty(STDIN_FILENO);
  const auto answerer = is_program ? Answerer::program : Answerer::person;
  Console console(loop, input_of(terms.asked, answerer), screen, answerer);
  const client::Client* opened = nullptr;
  const Contacts contacts([&]() -> std::span<const engine::Known> {
    if (!opened) return {};
    return opened->book();
  });
  const auto reporter = make_reporter(options, screen, contacts);

  std::unique_ptr<PeerVerb> verb;
  console.when_unanswered([&](Console::Ticket question, std::string_view why) {
    return verb->tell_unanswered(question, why);
  });
  auto config = make_config(options, download_dir);
  config.only_one = terms.only_one;
  config.pair_requests = terms.pair_requests;
  config.goes_online = terms.goes_online;
  config.on_relay_trouble = [&](const p2p::RelayTrouble& trouble) {
    reporter->report(report::RelayFailed{trouble.host, trouble.port, trouble.fault});
  };
  auto client = client::Client::open(loop, *vault, std::move(config), [&](engine::Notice notice) {
    // The server has taken our name.
    if (std::holds_alternative<engine::Online>(notice)) note_name(options, screen);
    verb->on(notice);
  });
  vault.reset();  // the key of the folder is not needed any more
  if (!client) return complain(options, client.error());
  opened = client->get();
  if ((*client)->server_is_exposed())
    screen.complain(
        "The connection to the server is not encrypted: whoever is in between sees who pairs with "
        "whom, but neither texts nor files.");

  int exit_code = host::fault_text(Fault::internal).exit_code;
  const auto stop = [&](Fault why) { verb->stop(why); };
  host::Signals signals(loop, stop, [&] { verb->discard(); });
  screen.when_lost([&](Fault why) { boost::asio::post(loop, [&, why] { stop(why); }); });
  const OutputWatch watch(loop, [&] { screen.reader_left(); });
  const auto done = [&](int code) {
    exit_code = code;
    // What comes of lines that are taken late (a text was displayed) is a step of the client's.
    const auto stop_behind_it = [&] { boost::asio::post(loop, [&] { loop.stop(); }); };
    boost::asio::post(loop, [&, stop_behind_it] {
      (*client)->shut_down([&, stop_behind_it] {
        signals.await_output_only();
        outlet.when_settled(stop_behind_it);
      });
    });
  };
  const auto open_file = [&](const std::filesystem::path& path) -> Result<OpenedFile> {
    TRY(const auto file, (*client)->open_file(path));
    return OpenedFile{file.id, file.name, file.size, file.attributes};
  };
  boost::asio::steady_timer timer(loop);
  const auto after = [&](Duration time, std::function<void()> act) {
    timer.expires_after(time);
    timer.async_wait([act = std::move(act)](boost::system::error_code error) {
      if (!error) act();
    });
  };
  const auto still_waits = [&](LetterId letter) {
    auto outbox = store::sqlite::Outbox::open(options.data_dir,
                                              format::kept_letter::key_of(identity->secret));
    if (!outbox) return true;
    const auto rows = outbox->all();
    return !rows ||
           std::ranges::find(*rows, letter, &store::sqlite::Outbox::Row::id) != rows->end();
  };
  verb = make(VerbContext{[&](engine::Command command) { (*client)->command(std::move(command)); },
                          open_file, *reporter, console, host::now, done, after,
                          [&] { return (*client)->wall(); }, still_waits, contacts,
                          [&](std::function<void()> act) {
                            if (!screen.is_lost()) outlet.when_taken(std::move(act));
                          },
                          [&](Fault fault) { return trouble_of_books(options.data_dir, fault); }},
              **client);
  boost::asio::steady_timer seconds(loop);
  const std::function<void()> every_second = [&] {
    seconds.expires_after(std::chrono::seconds(1));
    seconds.async_wait([&](boost::system::error_code error) {
      if (error) return;
      reporter->tick();
      verb->tick();
      every_second();
    });
  };
  every_second();
  verb->start();
  loop.run();
  outlet.drain();
  screen.settle();
  return screen.exit_code(exit_code);
}

}  // namespace culver::cli
