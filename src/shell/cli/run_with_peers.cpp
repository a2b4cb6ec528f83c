// receive and send: the client, the reporter and the console around a verb.
#include <algorithm>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <openssl/crypto.h>
#include <unistd.h>

#include "shell/cli/addressee.hpp"
#include "shell/cli/contacts.hpp"
#include "shell/cli/log_lines.hpp"
#include "shell/cli/open_vault.hpp"
#include "shell/cli/outcome.hpp"
#include "shell/cli/outlet.hpp"
#include "shell/cli/output_watch.hpp"
#include "shell/cli/own_name.hpp"
#include "shell/cli/printable.hpp"
#include "shell/cli/receive.hpp"
#include "shell/cli/report_json.hpp"
#include "shell/cli/report_text.hpp"
#include "shell/cli/run.hpp"
#include "shell/cli/send.hpp"
#include "shell/cli/send_later.hpp"
#include "shell/cli/send_request.hpp"
#include "shell/client/client.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/log.hpp"
#include "shell/host/signals.hpp"
#include "shell/host/sole_receiver.hpp"
#include "shell/p2p/library_holes.hpp"
#include "shell/store/folder.hpp"
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

/// Who answers questions.
enum class Asked {
  terminal,           ///< the person at the controlling one
  input,              ///< a program on standard input if output is for one, or the person there
  input_or_terminal,  ///< as `input`, or the person at the controlling terminal
};

host::FileDescriptor input_of(Asked asked, Answerer answerer) {
  if (answerer == Answerer::program) return open_answers();
  return open_terminal(asked != Asked::input);
}

void note_name(const Options& options, Screen& screen) {
  if (const auto said = keep_name_of_option(options); !said.empty()) screen.complain(said);
}

/// What a verb does each second.
template <class Verb>
void tick(Verb& verb) {
  if constexpr (requires { verb.tick(); }) verb.tick();
}

struct Terms {
  Asked asked;
  bool only_one = false;  ///< peer is let in
  engine::PairRequests pair_requests = engine::PairRequests::ask;
};

/// Runs a verb that needs the network; `make` builds it from its context.
template <class Make>
int converse(const Options& given, std::optional<host::Vault> vault,
             const std::filesystem::path& download_dir, Terms terms, Make make) {
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

  using Verb = std::invoke_result_t<Make, VerbContext, client::Client&>;
  std::unique_ptr<Verb> verb;
  auto config = make_config(options, download_dir);
  config.only_one = terms.only_one;
  config.pair_requests = terms.pair_requests;
  config.on_relay_trouble = [&](const p2p::RelayTrouble& trouble) {
    reporter->report(wire::report::RelayFailed{trouble.host, trouble.port, trouble.fault});
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

  int exit_code = info(Fault::internal).exit_code;
  const auto stop = [&](Fault why) { verb->stop(why); };
  host::Signals signals(loop, stop, [&] {
    if constexpr (requires { verb->discard(); })
      verb->discard();
    else
      host::end_by(SIGINT);
  });
  screen.when_lost([&](Fault why) { boost::asio::post(loop, [&, why] { stop(why); }); });
  const OutputWatch watch(loop, [&] { screen.reader_left(); });
  const auto done = [&](int code) {
    exit_code = code;
    // What comes of lines that are taken late (a text was displayed) is a step of the client's.
    const auto stop_behind_it = [&] { boost::asio::post(loop, [&] { loop.stop(); }); };
    boost::asio::post(loop, [&, stop_behind_it] {
      (*client)->shut_down([&, stop_behind_it] { outlet.when_settled(stop_behind_it); });
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
    auto outbox =
        store::sqlite::Outbox::open(options.data_dir, wire::kept_letter::key_of(identity->secret));
    if (!outbox) return true;
    const auto rows = outbox->all();
    return !rows ||
           std::ranges::find(*rows, letter, &store::sqlite::Outbox::Row::id) != rows->end();
  };
  verb = std::make_unique<Verb>(
      make(VerbContext{[&](engine::Command command) { (*client)->command(std::move(command)); },
                       open_file, *reporter, console, host::now, done, after,
                       [&] { return (*client)->wall(); }, still_waits, contacts,
                       [&](std::function<void()> act) {
                         if (!screen.is_lost()) outlet.when_taken(std::move(act));
                       }},
           **client));
  boost::asio::steady_timer seconds(loop);
  const std::function<void()> every_second = [&] {
    seconds.expires_after(std::chrono::seconds(1));
    seconds.async_wait([&](boost::system::error_code error) {
      if (error) return;
      reporter->tick();
      tick(*verb);
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

/// A book that is not there is not made: the identity comes first.
host::Outcome<std::vector<store::KnownPeer>> read_book(const Options& options) {
  if (const auto made = host::make_private_dir(options.data_dir); !made)
    return tl::unexpected(made.error());
  const auto file = options.data_dir / "peers.db";
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return std::vector<store::KnownPeer>();
  auto book = store::sqlite::PeerBook::open(file);
  if (!book) return tl::unexpected(book.error());
  auto peers = book->all();
  if (!peers) return host::trouble(peers.error(), std::string(info(peers.error()).sentence));
  return std::move(*peers);
}

/// Takes the name out of what is to be sent.
host::Outcome<std::optional<Addressee>> find_known(const Options& options, SendOptions& send) {
  const auto peers = read_book(options);
  if (!peers) return tl::unexpected(peers.error());
  const bool has_code = send.code_file || host::environment("CULVER_CODE");
  auto known = take_addressee(send, store::as_known(*peers), has_code);
  if (!known || !send.later) return known;
  if (!*known) return host::trouble(Fault::usage, "--later needs the name of a known peer.");
  if (!send.files.empty())
    return host::trouble(Fault::usage, "--later keeps texts only: files go when the peer is here.");
  return known;
}

/// What cannot be written is said before anybody is let in.
host::Outcome<void> try_folder(const std::filesystem::path& path) {
  const auto tried = [&]() -> Result<void> {
    TRY(const auto folder, store::Folder::open(path.string()));
    if (folder.room() == 0) return fail(Fault::no_space);
    return folder.try_out(0);
  }();
  if (tried) return {};
  // In some that are no disk's (/proc) a new file "does not exist".
  std::error_code ignored;
  const bool is_there = std::filesystem::is_directory(path, ignored);
  const auto fault =
      tried.error() == Fault::folder_missing && is_there ? Fault::folder_unfit : tried.error();
  const auto& row = info(fault);
  return host::trouble(fault, "--out " + printable(path.string()) + ", tried with an empty file: " +
                                  std::string(row.sentence) + " " + std::string(row.advice));
}

}  // namespace

int run(const Options& options, const ReceiveOptions& receive) {
  if (const auto tried = try_folder(receive.out); !tried) return complain(options, tried.error());
  auto vault = open_vault(options);
  if (!vault) return complain(options, vault.error());
  host::SoleReceiver sole(options.data_dir);
  const auto requests = receive.yes ? engine::PairRequests::accept : engine::PairRequests::ask;
  return converse(options, std::move(*vault), receive.out,
                  Terms{Asked::input, receive.once, requests},
                  [&](VerbContext context, client::Client&) {
                    return Receive({receive.yes, receive.once, [&] { return sole.try_become(); }},
                                   std::move(context));
                  });
}

int run(const Options& options, const SendOptions& send) {
  const host::FileDescriptor standard_input(dup(STDIN_FILENO));
  auto named = send;
  auto known = find_known(options, named);
  if (!known) return complain(options, known.error());
  // Who is nobody's peer leaves nothing behind.
  auto vault = open_vault(options);
  if (!vault) return complain(options, vault.error());
  auto prepared = prepare(named, host::environment, standard_input);
  if (!prepared) return complain(options, prepared.error());
  // Standard input may be the text or the code, and who has neither is asked at the terminal.
  const bool is_input_free = send.text != "-" && send.code_file != "-";
  const bool is_addressed = *known || prepared->code;
  const auto asked = is_input_free && is_addressed ? Asked::input_or_terminal : Asked::terminal;
  if (send.later)
    return converse(
        options, std::move(*vault), ".", Terms{asked}, [&](VerbContext context, client::Client&) {
          return SendLater(std::move(*prepared->request.text), **known,
                           send.wait.value_or(SendOptions::default_wait), std::move(context));
        });
  const auto answer_wait = send.wait.value_or(SendOptions::default_answer_wait);
  return converse(
      options, std::move(*vault), ".", Terms{asked}, [&](VerbContext context, client::Client&) {
        if (*known)
          return Send(
              std::move(prepared->request),
              Send::Known{**known, send.wait.value_or(SendOptions::default_wait), answer_wait},
              std::move(context));
        return Send(std::move(prepared->request), prepared->code, answer_wait, std::move(context));
      });
}

}  // namespace culver::cli
