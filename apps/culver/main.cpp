// culver: reads the command line, builds the client and lets one verb speak with it.
#include <iostream>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <unistd.h>

#include "core/base/fsm.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/parcel.hpp"
#include "shell/cli/receive.hpp"
#include "shell/cli/report_json.hpp"
#include "shell/cli/report_text.hpp"
#include "shell/cli/send.hpp"
#include "shell/cli/show.hpp"
#include "shell/cli/show_devices.hpp"
#include "shell/cli/trust_server.hpp"
#include "shell/client/client.hpp"
#include "shell/client/device_admin.hpp"
#include "shell/host/account.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/log.hpp"
#include "shell/host/signals.hpp"
#include "shell/store/sqlite/peer_book.hpp"
#include "shell/store/sqlite/server_book.hpp"

namespace culver {
namespace {

using namespace culver::cli;

/// A program learns of it in the same way as of any other failure.
int complain(const Options& options, Fault fault, const std::string& line) {
  if (options.output == Output::json)
    std::cout << wire::report::print(wire::report::Failed{fault, {}}) << std::endl;
  std::cerr << line << '\n';
  return info(fault).exit_code;
}

int complain(const Options& options, const host::Trouble& trouble) {
  return complain(options, trouble.fault, "culver: " + trouble.sentence);
}

int complain(const Options& options, Fault fault) {
  return complain(options, fault, failure_sentence({fault, {}}));
}

int print(const std::string& text) {
  std::cout << text << '\n' << std::flush;
  return std::cout ? 0 : info(Fault::internal).exit_code;
}

std::unique_ptr<Reporter> make_reporter(const Options& options, Screen& screen) {
  if (options.output == Output::json) return std::make_unique<JsonReport>(screen);
  const auto server = options.server == default_server ? std::string() : options.server;
  return std::make_unique<TextReport>(screen, host::now, server);
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
  config.data_dir = options.data_dir;
  config.download_dir = download_dir;
  config.display_name = options.name;
  for (const auto& server : options.ice_servers)
    config.ice_servers.push_back({kind_of(server), server.host, server.port, server.user,
                                  server.password, transport_of(server)});
  return config;
}

/// Runs a verb that needs the network; `make` builds it from its stage.
template <class Make>
int converse(const Options& options, const std::filesystem::path& download_dir,
             bool ask_on_controlling_terminal, Make make) {
  boost::asio::io_context loop(1);
  Screen screen(std::cout, std::cerr, standard_abilities(host::environment));
  Console console(loop, open_terminal(ask_on_controlling_terminal), screen);
  const auto reporter = make_reporter(options, screen);

  using Verb = std::invoke_result_t<Make, Stage>;
  std::unique_ptr<Verb> verb;
  auto client = client::Client::open(loop, make_config(options, download_dir),
                                     [&](engine::Notice notice) { verb->on(notice); });
  if (!client) return complain(options, client.error());

  int exit_code = info(Fault::internal).exit_code;
  host::Signals signals(loop, [&](Fault signal) { verb->stop(signal); });
  const auto done = [&](int code) {
    exit_code = code;
    boost::asio::post(loop, [&] { (*client)->shut_down([&] { loop.stop(); }); });
  };
  const auto open_file = [&](const std::filesystem::path& path) -> Result<OpenedFile> {
    TRY(const auto file, (*client)->open_file(path));
    return OpenedFile{file.id, file.name, file.size};
  };
  verb = std::make_unique<Verb>(
      make(Stage{[&](engine::Command command) { (*client)->command(std::move(command)); },
                 open_file, *reporter, console, host::now, done}));
  verb->start();
  loop.run();
  return exit_code;
}

int run(const Options& options, const ReceiveOptions& receive) {
  return converse(options, receive.out, false, [&](Stage stage) {
    return Receive({receive.yes, receive.once}, std::move(stage));
  });
}

int run(const Options& options, const SendOptions& send) {
  const host::FileDescriptor standard_input(dup(STDIN_FILENO));
  auto prepared = prepare(send, host::environment, standard_input);
  if (!prepared) return complain(options, prepared.error());
  return converse(options, ".", true, [&](Stage stage) {
    return Send(std::move(prepared->parcel), prepared->code, std::move(stage));
  });
}

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
  return print(show_id({identity->shared, account->user(), account->device}, options.output));
}

/// The server of the options, and what is known of it.
struct Acquaintance {
  net::WsClientConfig server;
  store::sqlite::ServerBook book;
  std::optional<store::KnownServer> known;

  std::string url() const { return server.url.origin(); }
  Result<void> remember(const client::ServerProof& proof) {
    return book.remember(url(), proof.identity, proof.version, host::utc_now());
  }
  /// Whoever it was before.
  Result<void> trust(const client::ServerProof& proof) {
    const bool is_same = known && known->identity == proof.identity;
    if (is_same && known->version <= proof.version) return remember(proof);
    return book.replace(url(), proof.identity, proof.version, host::utc_now());
  }
};

host::Outcome<Acquaintance> look_up_server(const Options& options) {
  const auto url = client::parse_server(options.server);
  if (!url) return tl::unexpected(url.error());
  if (const auto made = host::make_private_dir(options.data_dir); !made)
    return tl::unexpected(made.error());
  auto book = store::sqlite::ServerBook::open(options.data_dir / "servers.db");
  if (!book) return tl::unexpected(book.error());
  auto known = book->find(url->origin());
  if (!known) return host::trouble(known.error(), std::string(info(known.error()).sentence));
  net::WsClientConfig config;
  config.url = *url;
  return Acquaintance{std::move(config), std::move(*book), std::move(*known)};
}

int run(const Options& options, const TrustServerOptions& trust) {
  auto server = look_up_server(options);
  if (!server) return complain(options, server.error());
  boost::asio::io_context loop(1);
  Screen screen(std::cout, std::cerr, standard_abilities(host::environment));
  Console console(loop, open_terminal(true), screen);
  int exit_code = info(Fault::internal).exit_code;
  std::optional<host::Signals> signals;
  const auto done = [&](int code) {
    exit_code = code;
    signals->cancel();  // the loop runs dry once the server has been left
  };
  TrustServer verb(trust, {server->url(), server->known,
                           [&](const client::ServerProof& proof) { return server->trust(proof); },
                           screen, console, options.output, done});
  std::optional<client::Introduction> introduction;
  signals.emplace(loop, [&](Fault signal) {
    introduction.reset();
    verb.stop(signal);
  });
  introduction.emplace(loop, server->server, handshake::client::Pin{},
                       [&](Result<client::ServerProof> proof) { verb.on(proof); });
  loop.run();
  return exit_code;
}

client::DeviceQuestion question_of(const DevicesOptions& verb) {
  using client::DeviceQuestion;
  return std::visit(
      fsm::overload{[](const ListDevices&) { return DeviceQuestion::list(); },
                    [](const RevokeDevice& v) { return DeviceQuestion::revoke(v.device); },
                    [](const RenameDevice& v) { return DeviceQuestion::rename(v.device, v.name); }},
      verb);
}

int run(const Options& options, const DevicesOptions& verb) {
  const auto account = host::open_account(options.data_dir);
  if (!account) return complain(options, account.error());
  auto server = look_up_server(options);
  if (!server) return complain(options, server.error());
  handshake::client::Pin pin;
  if (server->known) pin = {server->known->identity, server->known->version};

  boost::asio::io_context loop(1);
  client::DevicesAnswer answer = fail(Fault::internal);
  // It proves who it is before it is asked: the request is signed for one server.
  const auto met = [&](Result<client::ServerProof> proof) {
    if (!proof) return void(answer = fail(proof.error()));
    if (const auto noted = server->remember(*proof); !noted)
      return void(answer = fail(noted.error()));
    client::ask(loop, server->server.url, proof->identity, *account, question_of(verb),
                [&](client::DevicesAnswer devices) { answer = std::move(devices); });
  };
  client::Introduction introduction(loop, server->server, pin, met);
  loop.run();
  if (!answer) return complain(options, answer.error());
  return print(show_devices(verb, *answer, account->device, options.output));
}

int run(const Options& options, const VersionOptions&) {
  return print(show_version(options.output));
}

int run(int argc, char** argv) {
  const auto options = parse_options(argc, argv, host::environment);
  if (!options) {
    std::cout << options.error().out << std::flush;
    std::cerr << options.error().err;
    return options.error().code;
  }
  const auto level = host::environment("CULVER_LOG").value_or("");
  log::set_level(log::level_from(options->verbosity, level));
  return std::visit([&](const auto& verb) { return run(*options, verb); }, options->verb);
}

}  // namespace
}  // namespace culver

int main(int argc, char** argv) {
  try {
    return culver::run(argc, argv);
  } catch (const std::exception&) {  // its text may quote what a person wrote
    std::cerr << "culver: " << culver::info(culver::Fault::internal).sentence << '\n';
    return culver::info(culver::Fault::internal).exit_code;
  }
}
