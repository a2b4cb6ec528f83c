// The words of linking.
#include "shell/cli/verbs/link.hpp"

#include <chrono>
#include <utility>

#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/qr.hpp"
#include "shell/cli/output/report.hpp"
#include "shell/cli/output/report_text.hpp"
#include "shell/cli/verbs/devices.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {
namespace {

namespace linking = engine::linking;

/// Said in both ways, as every verb does. The exit code.
int complain(const LinkContext& context, const Failure& fault) {
  if (is_of_output(fault.fault)) return host::fault_text(fault.fault).exit_code;
  const report::Failed failed{fault, {}};
  if (context.output == Output::json) context.screen.say(json_of(failed));
  context.screen.complain(failure_sentence(failed));
  return host::fault_text(fault.fault).exit_code;
}

/// A device id belongs to whoever signs in with it first; an account to its key.
std::string beginning_of(const UserId& account) { return print_hex(account.data).substr(0, 16); }

std::string duration_text(Duration time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  if (seconds < 120) return std::to_string(seconds) + " seconds";
  return std::to_string(seconds / 60) + " minutes";
}

}  // namespace

// ---- devices link -------------------------------------------------------------------------------

void OfferLink::on(const linking::Effect& told) {
  if (const auto* offered = std::get_if<linking::Offered>(&told)) return show(*offered);
  if (const auto* asked = std::get_if<linking::Requested>(&told)) return question(*asked);
  if (const auto* failed = std::get_if<linking::Failed>(&told)) return fail_with(failed->fault);
  if (const auto* joined = std::get_if<linking::Joined>(&told)) {
    joined_ = joined->device;
    acts_.ask();
  }
}

void OfferLink::show(const linking::Offered& offered) {
  auto& screen = context_.screen;
  if (context_.output == Output::json) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(offered.time).count();
    return screen.say(json_of(report::LinkOffer{offered.code, context_.wall() + left,
                                                offered.consent == Consent::asked}));
  }
  const auto server = server_.empty() ? std::string() : "--server " + printable(server_) + " ";
  show_qr(screen, offered.code.text());
  screen.say("On the other device, within " + duration_text(offered.time) +
             ", run this and type the code when it is asked for:\n\n    culver " + server +
             "link\n\nLink code:\n\n    " + screen.bold(offered.code.spoken()) + "\n");
  if (offered.consent == Consent::asked)
    return screen.complain("You will be asked before a device comes in. Waiting for it...");
  if (consent_ == Consent::asked) screen.complain("This server is too old to ask you first.");
  screen.complain("Whoever has the code gets into your account. Waiting for the other device...");
}

void OfferLink::question(const linking::Requested& requested) {
  if (finished_) return;
  // What it calls itself is its own to choose, and stands behind what is not.
  const auto label = label_of(requested.device_name);
  const auto called =
      label ? "It calls itself \"" + *label + "\"." : std::string("It has no name.");
  const auto ticket = console_.confirm("The device " + print_uuid(requested.device.data) +
                                           ", account " + beginning_of(requested.device_key) +
                                           " ..., asks to join this account. The other device "
                                           "shows the same two. " +
                                           called + " Let it in? [y/N] ",
                                       [this](bool accepted) {
                                         if (!finished_) acts_.decide(accepted);
                                       });
  if (context_.output == Output::json)
    context_.screen.say(json_of(report::LinkRequest{requested.device, requested.device_name,
                                                    requested.device_key, ticket}));
}

void OfferLink::on(const client::DevicesAnswer& devices) {
  if (!joined_ || finished_) return;
  report::LinkedDevice linked{*joined_, std::nullopt};
  if (devices)
    for (const auto& device : *devices)
      if (const auto label = label_of(device.name); label && device.device == *joined_)
        linked.name = Plaintext(*label);
  if (context_.output == Output::json) {
    context_.screen.say(json_of(linked));
  } else {
    const auto name = linked.name ? printable(linked.name->expose()) : "a device without a name";
    context_.screen.say("Linked: " + name + "\n  " + print_uuid(linked.device.data) +
                        "\nIf that is not yours: culver devices revoke " +
                        print_uuid(linked.device.data));
  }
  finish(0);
}

void OfferLink::fail_with(const Failure& fault) {
  if (finished_) return;
  console_.close();
  finish(complain(context_, fault));
}

void OfferLink::finish(int exit_code) {
  finished_ = true;
  console_.close();
  context_.done(exit_code);
}

// ---- link ---------------------------------------------------------------------------------------

void JoinAccount::start(const std::optional<LinkCode>& code) {
  if (code) return spend_(*code);
  ask(max_tries);
}

void JoinAccount::ask(int tries_left) {
  console_.ask("Link code: ", [this, tries_left](std::optional<std::string> line) {
    if (finished_) return;
    if (!line) return fail_with(Fault::no_code_given);
    const auto code = LinkCode::parse_typed(*line);
    if (code) return spend_(*code);
    if (tries_left <= 1) return fail_with(code.error());
    context_.screen.complain(host::fault_text(code.error()).sentence);
    ask(tries_left - 1);
  });
}

void JoinAccount::on(const linking::Effect& told) {
  if (finished_) return;
  if (std::holds_alternative<linking::Held>(told))
    return context_.screen.complain("Waiting until the other device lets this one in.\n  Device  " +
                                    print_uuid(device_.data) + "\n  Account " +
                                    beginning_of(account_) + " ...");
  if (const auto* failed = std::get_if<linking::Failed>(&told)) return fail_with(failed->fault);
  const auto* entered = std::get_if<linking::Entered>(&told);
  if (!entered) return;
  const report::LinkedAccount linked{entered->account, device_};
  context_.screen.say(context_.output == Output::json
                          ? json_of(linked)
                          : "This device is in the account now.\n  Account " +
                                print_hex(linked.account.data) + "\n  Device  " +
                                print_uuid(linked.device.data) + "\nSee culver devices.");
  finish(0);
}

void JoinAccount::fail_with(const Failure& fault) {
  if (finished_) return;
  console_.close();
  finish(complain(context_, fault));
}

void JoinAccount::finish(int exit_code) {
  finished_ = true;
  console_.close();
  context_.done(exit_code);
}

}  // namespace culver::cli
