// trust-server and devices: the server proves who it is, and then answers.
#include <iostream>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "core/base/fsm.hpp"
#include "shell/cli/open_vault.hpp"
#include "shell/cli/outcome.hpp"
#include "shell/cli/output_watch.hpp"
#include "shell/cli/run.hpp"
#include "shell/cli/show_devices.hpp"
#include "shell/cli/trust_server.hpp"
#include "shell/client/device_admin.hpp"
#include "shell/client/known_server.hpp"
#include "shell/host/account.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/signals.hpp"

namespace culver::cli {
namespace {

client::DeviceQuestion question_of(const DevicesOptions& verb) {
  using client::DeviceQuestion;
  return std::visit(
      fsm::overload{[](const ListDevices&) { return DeviceQuestion::list(); },
                    [](const RevokeDevice& v) { return DeviceQuestion::revoke(v.device); },
                    [](const RenameDevice& v) { return DeviceQuestion::rename(v.device, v.name); }},
      verb);
}

}  // namespace

int run(const Options& options, const TrustServerOptions& trust) {
  auto server = client::look_up_server(options.server, options.data_dir);
  if (!server) return complain(options, server.error());
  boost::asio::io_context loop(1);
  Screen screen(std::cout, std::cerr, standard_abilities(host::environment));
  Console console(loop, open_terminal(true), screen);
  int exit_code = host::fault_text(Fault::internal).exit_code;
  std::optional<host::Signals> signals;
  std::optional<OutputWatch> watch;
  const auto done = [&](int code) {
    exit_code = code;
    watch->cancel();
    signals->cancel();  // the loop runs dry once the server has been left
  };
  TrustServer verb(trust, {server->url(), server->known,
                           [&](const client::ServerProof& proof) { return server->trust(proof); },
                           screen, console, options.output, done});
  std::optional<client::Introduction> introduction;
  const auto stop = [&](Fault why) {
    introduction.reset();
    verb.stop(why);
  };
  signals.emplace(loop, stop);
  screen.when_lost([&](Fault why) { boost::asio::post(loop, [&, why] { stop(why); }); });
  watch.emplace(loop, [&] { screen.reader_left(); });
  introduction.emplace(loop, server->server, handshake::client::Pin{},
                       [&](client::Introduction::Proven proof) { verb.on(proof); });
  loop.run();
  return screen.exit_code(exit_code);
}

namespace {

/// The server proves who it is before it is asked: requests are signed for one server.
class DevicesVerb {
 public:
  DevicesVerb(const DevicesOptions& verb, const host::Account& account, client::KnownServer& server,
              boost::asio::io_context& loop, Console& console)
      : verb_(verb), account_(account), server_(server), loop_(loop), console_(console) {}

  void on(const client::Introduction::Proven& proof) {
    if (!proof) return void(answer = fail(proof.error()));
    if (const auto noted = server_.remember(*proof); !noted)
      return void(answer = fail(Failure(noted.error())));
    identity_ = proof->identity;
    const auto* revoke = std::get_if<RevokeDevice>(&verb_);
    if (!revoke || revoke->yes) return act();
    ask(client::DeviceQuestion::list(), [this, revoke](client::DevicesAnswer devices) {
      if (!devices) return void(answer = std::move(devices));
      decide(*revoke, *devices);
    });
  }

  client::DevicesAnswer answer = fail(Fault::internal);
  bool is_declined = false;

 private:
  void ask(const client::DeviceQuestion& question,
           std::function<void(client::DevicesAnswer)> done) {
    client::ask(loop_, server_.server.url, identity_, account_, question, std::move(done));
  }
  void act() {
    ask(question_of(verb_), [this](client::DevicesAnswer devices) { answer = std::move(devices); });
  }
  void decide(const RevokeDevice& verb, const std::vector<wire::gateway::ListedDevice>& devices) {
    const auto question = revoke_question(devices, verb.device, account_.device);
    if (!question) return act();  // the server says that there is none
    console_.confirm(*question, [this](bool yes) {
      console_.close();
      if (yes) return act();
      is_declined = true;
    });
  }

  const DevicesOptions& verb_;
  const host::Account& account_;
  client::KnownServer& server_;
  boost::asio::io_context& loop_;
  Console& console_;
  crypto::VerifyKey identity_ = {};
};

}  // namespace

int run(const Options& options, const DevicesOptions& verb) {
  const auto vault = open_vault(options);
  if (!vault) return complain(options, vault.error());
  const auto account = host::open_account(*vault);
  if (!account) return complain(options, account.error());
  auto server = client::look_up_server(options.server, options.data_dir);
  if (!server) return complain(options, server.error());
  boost::asio::io_context loop(1);
  Screen screen(std::cout, std::cerr, standard_abilities(host::environment));
  Console console(loop, open_terminal(true), screen);
  DevicesVerb about(verb, *account, *server, loop, console);
  client::Introduction introduction(
      loop, server->server, server->pin(),
      [&](const client::Introduction::Proven& proof) { about.on(proof); });
  loop.run();
  if (about.is_declined) {
    screen.complain("culver: " + std::string(nothing_changed));
    return code_of_no;
  }
  if (!about.answer) return complain(options, about.answer.error());
  return print(show_devices(verb, *about.answer, account->device, options.output),
               std::holds_alternative<ListDevices>(verb) ? "" : "The device was changed.");
}

}  // namespace culver::cli
