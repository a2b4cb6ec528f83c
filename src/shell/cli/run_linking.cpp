// devices link and link: the account, the server and the terminal around them.
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <unistd.h>

#include "shell/cli/given_code.hpp"
#include "shell/cli/link_devices.hpp"
#include "shell/cli/open_vault.hpp"
#include "shell/cli/outcome.hpp"
#include "shell/cli/output_watch.hpp"
#include "shell/cli/own_name.hpp"
#include "shell/cli/run.hpp"
#include "shell/client/linking.hpp"
#include "shell/client/sign_in.hpp"
#include "shell/host/account.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/signals.hpp"

namespace culver::cli {
namespace {

using client::Linking;
using engine::linking::Effect;

/// Who this process is on the server.
struct SignedInDevice {
  host::Vault vault;
  host::DeviceSlot slot;
  host::Account account;
  client::KnownServer server;

  static host::Outcome<SignedInDevice> open(const Options& options) {
    auto vault = open_vault(options);
    if (!vault) return tl::unexpected(vault.error());
    auto account = host::open_account(*vault);
    if (!account) return tl::unexpected(account.error());
    auto server = client::look_up_server(options.server, options.data_dir);
    if (!server) return tl::unexpected(server.error());
    auto slot = host::DeviceSlot::take(options.data_dir, account->device);
    if (!slot) return tl::unexpected(slot.error());
    return SignedInDevice{std::move(*vault), std::move(*slot), std::move(*account),
                          std::move(*server)};
  }
};

/// The key is needed twice: to sign in, and to sign a request.
host::Outcome<Linking::Self> self_of(const Options& options, const SignedInDevice& device) {
  auto account = host::open_account(device.vault);
  if (!account) return tl::unexpected(account.error());
  const auto own = with_own_name(options);
  if (!own) return tl::unexpected(own.error());
  return Linking::Self{client::sign_in_as(std::move(*account), device.slot.device(), own->name),
                       device.slot.is_first()};
}

/// The person at the terminal, or the program that reads our events. Nobody if nothing is asked.
Console console_of(boost::asio::io_context& loop, const Options& options,
                   OfferLink::Consent consent, Screen& screen) {
  if (consent == OfferLink::Consent::given) return {loop, host::FileDescriptor(), screen};
  if (options.output == Output::json && !isatty(STDIN_FILENO))
    return {loop, open_answers(), screen, Answerer::program};
  return {loop, open_terminal(true), screen};
}

/// The server has taken our name, unless it has refused us.
void note_name(const Options& options, Screen& screen, const Effect& report) {
  if (std::holds_alternative<engine::linking::Failed>(report)) return;
  if (const auto said = keep_name_of_option(options); !said.empty()) screen.complain(said);
}

host::Outcome<std::optional<LinkCode>> code_of(const LinkOptions& verb) {
  if (verb.code) return verb.code;
  const host::FileDescriptor standard_input(dup(STDIN_FILENO));
  auto given = read_code(verb.code_file, host::environment, standard_input);
  if (!given) return tl::unexpected(given.error());
  if (!*given) return std::nullopt;
  const auto code = LinkCode::parse_typed((*given)->text);
  if (code) return *code;
  return host::trouble(code.error(), "What " + (*given)->source +
                                         " holds is not a code for linking devices: it has eleven "
                                         "characters, or six digits.");
}

}  // namespace

int run(const Options& options, const OfferLinkOptions& offer) {
  auto device = SignedInDevice::open(options);
  if (!device) return complain(options, device.error());
  auto self = self_of(options, *device);
  if (!self) return complain(options, self.error());
  boost::asio::io_context loop(1);
  Screen screen(std::cout, std::cerr, standard_abilities(host::environment));
  int exit_code = host::fault_text(Fault::internal).exit_code;
  std::optional<host::Signals> signals;
  std::optional<OutputWatch> watch;
  const auto done = [&](int code) {
    exit_code = code;
    signals->cancel();  // the loop runs dry once the server has been left
    watch->cancel();
  };
  const auto consent = offer.yes ? OfferLink::Consent::given : OfferLink::Consent::asked;
  auto console = console_of(loop, options, consent, screen);
  std::optional<Linking> linking;
  std::optional<OfferLink> verb;
  const auto ask = [&] {
    const auto known = device->server.book.find(device->server.url());
    if (!known || !*known) return verb->on(client::DevicesAnswer(fail(Fault::store_failed)));
    client::ask(loop, device->server.server.url, (*known)->identity, device->account,
                client::DeviceQuestion::list(),
                [&](const client::DevicesAnswer& devices) { verb->on(devices); });
  };
  const auto decide = [&](bool accepted) { linking->decide(accepted); };
  verb.emplace(options.server == default_server ? std::string() : options.server, consent,
               OfferLink::Acts{ask, decide}, console, LinkContext{screen, options.output, done});
  linking.emplace(loop, device->server, std::move(*self), Linking::Offer{consent},
                  [&](const Effect& report) {
                    note_name(options, screen, report);
                    verb->on(report);
                  });
  const auto stop = [&](Fault why) {
    linking->cancel();
    verb->stop(why);
  };
  signals.emplace(loop, stop);
  screen.when_lost([&](Fault why) { boost::asio::post(loop, [&, why] { stop(why); }); });
  watch.emplace(loop, [&] { screen.reader_left(); });
  loop.run();
  return screen.exit_code(exit_code);
}

int run(const Options& options, const LinkOptions& verb) {
  const auto code = code_of(verb);
  if (!code) return complain(options, code.error());
  auto device = SignedInDevice::open(options);
  if (!device) return complain(options, device.error());
  if (!device->slot.is_first()) return complain(options, Fault::data_folder_in_use);
  auto self = self_of(options, *device);
  if (!self) return complain(options, self.error());
  boost::asio::io_context loop(1);
  Screen screen(std::cout, std::cerr, standard_abilities(host::environment));
  Console console(loop, open_terminal(true), screen);
  int exit_code = host::fault_text(Fault::internal).exit_code;
  std::optional<host::Signals> signals;
  std::optional<OutputWatch> watch;
  std::optional<Linking> linking;
  std::optional<JoinAccount> join;
  const auto spend = [&](const LinkCode& typed) {
    linking.emplace(loop, device->server, std::move(*self), typed, [&](const Effect& report) {
      note_name(options, screen, report);
      join->on(report);
    });
  };
  const auto done = [&](int ended_with) {
    exit_code = ended_with;
    signals->cancel();
    watch->cancel();
  };
  join.emplace(device->account.device, device->account.user(), spend, console,
               LinkContext{screen, options.output, done});
  const auto stop = [&](Fault why) {
    if (linking) linking->cancel();
    join->stop(why);
  };
  signals.emplace(loop, stop);
  screen.when_lost([&](Fault why) { boost::asio::post(loop, [&, why] { stop(why); }); });
  watch.emplace(loop, [&] { screen.reader_left(); });
  join->start(*code);
  loop.run();
  return screen.exit_code(exit_code);
}

}  // namespace culver::cli
