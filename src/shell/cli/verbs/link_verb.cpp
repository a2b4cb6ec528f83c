// The options of devices link and link; the account, the server and the terminal around them.
#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "shell/cli/data_folder.hpp"
#include "shell/cli/input/given_code.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/verb_loop.hpp"
#include "shell/cli/verbs/identity.hpp"
#include "shell/cli/verbs/link.hpp"
#include "shell/client/linking.hpp"
#include "shell/client/sign_in.hpp"
#include "shell/host/account.hpp"

namespace culver::cli {

void OfferLinkWords::add_to(CLI::App& app) {
  verb_ = app.get_subcommand("devices")->add_subcommand(
      "link", "Show a code by which another device gets into the account");
  verb_->add_flag("--yes", yes_, "Let in whoever has the code, without asking");
}

Parsed<OfferLinkOptions> OfferLinkWords::parse(const Settings&) const {
  if (!verb_->parsed()) return std::nullopt;
  return OfferLinkOptions{yes_};
}

void LinkWords::add_to(CLI::App& app) {
  verb_ = app.add_subcommand("link", "Join the account of the device that shows a code");
  verb_
      ->add_option("--code-file", code_file_,
                   "Read the code from there (variable CULVER_CODE holds it itself)")
      ->type_name("FILE|-");
  verb_->add_option("CODE", code_, "Better left out, and typed when it is asked for")
      ->type_name("");
}

Parsed<LinkOptions> LinkWords::parse(const Settings&) const {
  if (!verb_->parsed()) return std::nullopt;
  LinkOptions options{std::nullopt, code_file_};
  if (!code_) return options;
  if (code_file_) return wrong_use("The code is given twice.");
  const auto code = LinkCode::parse_typed(*code_);
  if (!code)
    return wrong_use("A code for linking devices has eleven characters, or six digits.",
                     Fault::bad_link_code);
  options.code = *code;
  return options;
}

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
  VerbLoop around;
  const auto consent = offer.yes ? OfferLink::Consent::given : OfferLink::Consent::asked;
  auto console = console_of(around.loop(), options, consent, around.screen());
  std::optional<Linking> linking;
  std::optional<OfferLink> verb;
  const auto ask = [&] {
    const auto known = device->server.book.find(device->server.url());
    if (!known || !*known) return verb->on(client::DevicesAnswer(fail(Fault::store_failed)));
    client::ask(around.loop(), device->server.server.url, (*known)->identity, device->account,
                client::DeviceQuestion::list(),
                [&](const client::DevicesAnswer& devices) { verb->on(devices); });
  };
  const auto decide = [&](bool accepted) { linking->decide(accepted); };
  verb.emplace(options.server == default_server ? std::string() : options.server, consent,
               OfferLink::Acts{ask, decide}, console,
               LinkContext{around.screen(), options.output, around.done()});
  const auto start = [&] {
    linking.emplace(around.loop(), device->server, std::move(*self), Linking::Offer{consent},
                    [&](const Effect& report) {
                      note_name(options, around.screen(), report);
                      verb->on(report);
                    });
  };
  return around.run(start, [&](Fault why) {
    linking->cancel();
    verb->stop(why);
  });
}

int run(const Options& options, const LinkOptions& verb) {
  const auto code = code_of(verb);
  if (!code) return complain(options, code.error());
  auto device = SignedInDevice::open(options);
  if (!device) return complain(options, device.error());
  if (!device->slot.is_first()) return complain(options, Fault::data_folder_in_use);
  auto self = self_of(options, *device);
  if (!self) return complain(options, self.error());
  VerbLoop around;
  Console console(around.loop(), open_terminal(true), around.screen());
  std::optional<Linking> linking;
  std::optional<JoinAccount> join;
  const auto spend = [&](const LinkCode& typed) {
    linking.emplace(around.loop(), device->server, std::move(*self), typed,
                    [&](const Effect& report) {
                      note_name(options, around.screen(), report);
                      join->on(report);
                    });
  };
  join.emplace(device->account.device, device->account.user(), spend, console,
               LinkContext{around.screen(), options.output, around.done()});
  return around.run([&] { join->start(*code); },
                    [&](Fault why) {
                      if (linking) linking->cancel();
                      join->stop(why);
                    });
}

}  // namespace culver::cli
