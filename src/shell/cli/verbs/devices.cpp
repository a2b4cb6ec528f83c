#include "shell/cli/verbs/devices.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <CLI/CLI.hpp>

#include "core/base/fsm.hpp"
#include "core/base/unicode.hpp"
#include "core/engine/names.hpp"
#include "core/wire/limits.hpp"
#include "shell/cli/data_folder.hpp"
#include "shell/cli/input/name_words.hpp"
#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/report.hpp"
#include "shell/cli/verb_loop.hpp"
#include "shell/client/device_admin.hpp"
#include "shell/client/introduction.hpp"
#include "shell/client/known_server.hpp"
#include "shell/host/account.hpp"
#include "shell/host/clock.hpp"

namespace culver::cli {
namespace {

using wire::gateway::ListedDevice;

report::Device row(const ListedDevice& device, const DeviceId& this_device) {
  return {
      device.device,     device.name,      device.type ? name(*device.type) : std::string_view(),
      device.registered, device.last_seen, device.device == this_device,
      device.is_online,  device.is_revoked};
}

std::string title(const ListedDevice& device) {
  return label_of(device.name).value_or("Without a name");
}

std::string lines(const ListedDevice& device, const DeviceId& this_device) {
  std::string text = title(device);
  if (device.type) text += ", " + std::string(name(*device.type));
  text += device.is_revoked  ? "\n  Revoked   "
          : device.is_online ? "\n  Online    "
                             : "\n  Offline   ";
  // Not behind the name, which is for the device to choose.
  return text + print_uuid(device.device.data) +
         (device.device == this_device ? ", this device" : "") + "\n  Here since " +
         host::iso8601(device.registered) + ", last seen " + host::iso8601(device.last_seen);
}

}  // namespace

std::optional<std::string> label_of(const std::optional<Plaintext>& name) {
  const auto seen = name ? unicode::label(name->expose(), {}) : std::string();
  if (seen.empty() || engine::is_like_handle(seen)) return std::nullopt;
  return printable(name->expose());
}

std::string show_devices(const DevicesOptions& verb, const std::vector<ListedDevice>& devices,
                         const DeviceId& this_device, Output output) {
  const bool is_list = std::holds_alternative<ListDevices>(verb);
  std::vector<report::Device> rows;
  for (const auto& device : devices) rows.push_back(row(device, this_device));
  if (output == Output::json)
    return is_list || rows.empty() ? json_of(rows) : json_of(rows.front());
  const auto changed = devices.empty() ? std::string("The device") : title(devices.front());
  return std::visit(fsm::overload{
                        [&](const ListDevices&) {
                          std::string text;
                          for (const auto& device : devices)
                            text += (text.empty() ? "" : "\n\n") + lines(device, this_device);
                          return text.empty() ? std::string("No devices.") : text;
                        },
                        [&](const RevokeDevice&) { return changed + " is shut out."; },
                        [&](const RenameDevice&) { return "Renamed to " + changed + "."; },
                    },
                    verb);
}

std::optional<std::string> revoke_question(const std::vector<ListedDevice>& devices,
                                           const DeviceId& device, const DeviceId& this_device) {
  const auto found = std::ranges::find(devices, device, &ListedDevice::device);
  if (found == devices.end()) return std::nullopt;
  const auto warning =
      device == this_device
          ? "THIS IS THE DEVICE THAT YOU ARE AT: it is shut out of the account for good, and needs "
            "another data folder to come back.\n"
          : "A device that is shut out never comes back as the same.\n";
  return warning + std::string("Shut out ") + title(*found) + " (" + print_uuid(device.data) +
         ")? [y/N] ";
}

void DevicesWords::add_to(CLI::App& app) {
  verb_ = app.add_subcommand("devices", "List the devices of the account");
  verb_->require_subcommand(0, 1);
  revoke_ = verb_->add_subcommand("revoke", "Shut a device out, for good");
  revoke_->add_option("ID", device_, "Its id, as the list shows it")->required();
  revoke_->add_flag("--yes", yes_, "Do not ask");
  rename_ = verb_->add_subcommand("rename", "Give a device another name");
  rename_->add_option("ID", device_, "Its id, as the list shows it")->required();
  rename_->add_option("NAME", name_, "At most 50 characters")->required();
}

/// "link" behind it is a verb of its own: verbs/link.
Parsed<DevicesOptions> DevicesWords::parse(const Settings&) const {
  if (!verb_->parsed()) return std::nullopt;
  if (!revoke_->parsed() && !rename_->parsed()) {
    if (!verb_->get_subcommands().empty()) return std::nullopt;
    return DevicesOptions(ListDevices{});
  }
  const auto device = parse_device_id(device_);
  if (!device)
    return wrong_use("That is not the id of a device. See culver devices.", Fault::device_unknown);
  if (revoke_->parsed()) return DevicesOptions(RevokeDevice{*device, yes_});
  // What the server would not take, or no list would show.
  if (const auto why = why_not_called(name_, {.characters = wire::limits::device_name}))
    return wrong_use(*why);
  return DevicesOptions(RenameDevice{*device, Plaintext(name_)});
}

namespace {

client::DeviceQuestion question_of(const DevicesOptions& verb) {
  using client::DeviceQuestion;
  return std::visit(
      fsm::overload{[](const ListDevices&) { return DeviceQuestion::list(); },
                    [](const RevokeDevice& v) { return DeviceQuestion::revoke(v.device); },
                    [](const RenameDevice& v) { return DeviceQuestion::rename(v.device, v.name); }},
      verb);
}

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
  VerbLoop around;
  Console console(around.loop(), open_terminal(true), around.screen());
  DevicesVerb about(verb, *account, *server, around.loop(), console);
  client::Introduction introduction(
      around.loop(), server->server, server->pin(),
      [&](const client::Introduction::Proven& proof) { about.on(proof); });
  // A signal ends the program at once. What the server has done by then, the list says.
  around.loop().run();
  if (about.is_declined) return decline(around.screen(), options.output);
  if (!about.answer) return complain(options, about.answer.error());
  return print(show_devices(verb, *about.answer, account->device, options.output),
               std::holds_alternative<ListDevices>(verb) ? "" : "The device was changed.");
}

}  // namespace culver::cli
