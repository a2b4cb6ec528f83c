// CLI11's parser, and what its values mean.
#include "shell/cli/options.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "core/engine/names.hpp"
#include "core/format/settings.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/utf8.hpp"
#include "shell/cli/json_output.hpp"
#include "shell/cli/name_words.hpp"
#include "shell/cli/option_words.hpp"
#include "shell/cli/printable.hpp"
#include "shell/cli/report.hpp"
#include "shell/cli/settings_file.hpp"
#include "shell/cli/words.hpp"
#include "shell/client/client.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {
namespace {

using format::settings::Settings;

/// What was written on the command line, before anything else is looked at.
struct Raw {
  std::optional<std::string> data_dir, key_file, server, output, name, out, text, code_file;
  std::vector<std::string> ice_servers, files;
  int verbosity = 0;
  std::optional<std::string> to;
  std::optional<std::uint32_t> wait;
  std::string device, device_name;
  std::optional<std::string> link_code;
  std::optional<std::string> fingerprint;
  bool yes = false, once = false;
  CLI::App *receive = nullptr, *send = nullptr, *peers = nullptr, *id = nullptr;
  CLI::App *trust_server = nullptr, *devices = nullptr, *revoke = nullptr, *rename = nullptr;
  CLI::App *offer_link = nullptr, *link = nullptr;
  CLI::App *outbox = nullptr, *drop = nullptr;
  std::string dropped;
  bool later = false, show = false, require_confirmation = false;
  CLI::App* own_name = nullptr;
  std::optional<std::string> new_name;
  std::optional<std::string> trust;
  BookWords book;
  BackupWords backup;
  VaultWords vault;
};

/// One that names a command is an advice of its own.
tl::unexpected<Exit> wrong_use(const std::string& sentence, Fault fault = Fault::usage) {
  const auto* more = sentence.find("culver ") != sentence.npos ? "\n" : " See culver --help.\n";
  return tl::unexpected<Exit>(
      Exit{host::fault_text(fault).exit_code, "", "culver: " + sentence + more, fault});
}

void add_global(CLI::App& app, Raw& raw) {
  app.add_option("-d,--data-dir", raw.data_dir,
                 "Where the identity and the peer book are (variable CULVER_DATA_DIR)")
      ->type_name("DIR");
  app.add_option("--key-file", raw.key_file,
                 "Where the key of the data folder is, if not in it (variable CULVER_KEY_FILE)")
      ->type_name("FILE");
  app.add_option("--server", raw.server,
                 "The server, ws:// or wss:// (variable CULVER_SERVER); default " +
                     std::string(default_server))
      ->type_name("URL");
  app.add_option("-o,--output", raw.output, "text for people, json for programs")
      ->type_name("text|json");
  app.add_option("--name", raw.name,
                 "What peers are told as your name, kept from now on; default: the host's name")
      ->type_name("NAME");
  app.add_option("--ice-server", raw.ice_servers,
                 "stun:HOST[:PORT], turn:USER:PASSWORD@HOST[:PORT][?transport=tcp], or turns: with "
                 "the same, for TLS; may be repeated")
      ->type_name("URL")
      ->allow_extra_args(false);
  app.add_option("--trust", raw.trust,
                 "Whose keys are taken: on-first-use (the default), always, never")
      ->type_name("POLICY");
  app.add_flag("-v,--verbose", raw.verbosity, "Log more; twice: all (variable CULVER_LOG)");
}

void add_verbs(CLI::App& app, Raw& raw) {
  raw.receive = app.add_subcommand("receive", "Show a pairing code and take what peers send");
  raw.receive->alias("recv")->alias("rx");
  raw.receive->add_option("--out", raw.out, "Folder for the files; default: the current one")
      ->type_name("DIR");
  raw.receive->add_flag("--yes", raw.yes, "Accept pairings and files without asking");
  raw.receive->add_flag("--once", raw.once, "End after the first peer has finished");

  raw.send = app.add_subcommand("send",
                                "Send a text and files to a known peer, or to the machine that "
                                "shows a code");
  raw.send->alias("tx");
  raw.send->add_option("--text", raw.text, "Text to send; - reads it from standard input")
      ->type_name("MSG|-");
  raw.send
      ->add_option("--code-file", raw.code_file,
                   "Read the pairing code from there (variable CULVER_CODE holds it itself)")
      ->type_name("FILE|-");
  raw.send->add_option("--to", raw.to, "The known peer that it is for, as culver peers shows it")
      ->type_name("NAME");
  raw.send
      ->add_option("--wait", raw.wait,
                   "How long to wait for a known peer to come (default: 60), or for the other side "
                   "to accept (default: 120)")
      ->type_name("SECONDS")
      ->check(CLI::Range(std::uint32_t{0},
                         static_cast<std::uint32_t>(SendOptions::longest_wait.count())));
  raw.send
      ->add_option("FILE", raw.files,
                   "Files to send; the first may be the name of a known peer instead")
      ->type_name("[NAME] FILE");

  raw.send->add_flag("--require-confirmation", raw.require_confirmation,
                     "End with 7 if the other side does not confirm a file");
  raw.send->add_flag(
      "--later", raw.later,
      "Keep the text until the known peer comes, if it does not within --wait (60 s); "
      "--wait 0 keeps it at once");

  raw.outbox = app.add_subcommand("outbox", "List the texts that wait for peers to come");
  raw.outbox->require_subcommand(0, 1);
  raw.outbox->add_flag("--show", raw.show, "The texts too");
  raw.drop = raw.outbox->add_subcommand("drop", "Remove what waits for a peer, or one text");
  raw.drop->add_option("NAME|ID", raw.dropped, "The peer, or the text's number in the list")
      ->required();

  raw.peers = app.add_subcommand("peers", "List the peers of the book");
  raw.id = app.add_subcommand("id", "Show the keys of this machine and its account");

  raw.own_name =
      app.add_subcommand("name", "Show what peers are told as your name, or keep another");
  raw.own_name->add_option("NAME", raw.new_name, "At most 64 bytes; empty: the host's name again");

  raw.trust_server = app.add_subcommand(
      "trust-server", "Show the identity of the server, and trust it from now on");
  raw.trust_server->add_flag("--yes", raw.yes, "Trust it without asking");
  raw.trust_server
      ->add_option("--fingerprint", raw.fingerprint, "Trust this identity only, without asking")
      ->type_name("FP");

  raw.devices = app.add_subcommand("devices", "List the devices of the account");
  raw.devices->require_subcommand(0, 1);
  raw.revoke = raw.devices->add_subcommand("revoke", "Shut a device out, for good");
  raw.revoke->add_option("ID", raw.device, "Its id, as the list shows it")->required();
  raw.revoke->add_flag("--yes", raw.yes, "Do not ask");
  raw.rename = raw.devices->add_subcommand("rename", "Give a device another name");
  raw.rename->add_option("ID", raw.device, "Its id, as the list shows it")->required();
  raw.rename->add_option("NAME", raw.device_name, "At most 50 characters")->required();
  raw.offer_link = raw.devices->add_subcommand(
      "link", "Show a code by which another device gets into the account");
  raw.offer_link->add_flag("--yes", raw.yes, "Let in whoever has the code, without asking");

  raw.link = app.add_subcommand("link", "Join the account of the device that shows a code");
  raw.link
      ->add_option("--code-file", raw.code_file,
                   "Read the code from there (variable CULVER_CODE holds it itself)")
      ->type_name("FILE|-");
  raw.link->add_option("CODE", raw.link_code, "Better left out, and typed when it is asked for")
      ->type_name("");
  raw.book.add_to(app);
  raw.backup.add_to(app);
  raw.vault.add_to(app);
  app.add_subcommand("version", "Show the version");
}

tl::expected<Settings, Exit> settings_of(const host::Variables& variables) {
  auto settings = read_settings(host::config_file(variables));
  if (!settings) return wrong_use(settings.error().sentence);
  return std::move(*settings);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || !name[0]) return "culver";
  return name.data();
}

ReceiveOptions receive_options(const Raw& raw, const Settings& settings) {
  return {raw.out.value_or(settings.out.value_or(".")), raw.yes || settings.yes.value_or(false),
          raw.once || settings.once.value_or(false)};
}

/// --yes is said each time: a setting must not make a client trust whoever answers.
tl::expected<Verb, Exit> trust_server_options(const Raw& raw) {
  TrustServerOptions options{raw.yes, std::nullopt};
  if (!raw.fingerprint) return options;
  options.identity = parse_identity(*raw.fingerprint);
  if (!options.identity) return wrong_use("--fingerprint has 64 hexadecimal digits.");
  return options;
}

tl::expected<Verb, Exit> link_options(const Raw& raw) {
  LinkOptions options{std::nullopt, raw.code_file};
  if (!raw.link_code) return options;
  if (raw.code_file) return wrong_use("The code is given twice.");
  const auto code = LinkCode::parse_typed(*raw.link_code);
  if (!code)
    return wrong_use("A code for linking devices has eleven characters, or six digits.",
                     Fault::bad_link_code);
  options.code = *code;
  return options;
}

tl::expected<Verb, Exit> devices_options(const Raw& raw) {
  if (raw.offer_link->parsed()) return OfferLinkOptions{raw.yes};
  if (!raw.revoke->parsed() && !raw.rename->parsed()) return DevicesOptions(ListDevices{});
  const auto device = parse_device_id(raw.device);
  if (!device)
    return wrong_use("That is not the id of a device. See culver devices.", Fault::device_unknown);
  if (raw.revoke->parsed()) return DevicesOptions(RevokeDevice{*device, raw.yes});
  // What the server would not take, or no list would show.
  if (const auto why = why_not_called(raw.device_name, {.characters = wire::limits::device_name}))
    return wrong_use(*why);
  return DevicesOptions(RenameDevice{*device, Plaintext(raw.device_name)});
}

tl::expected<Verb, Exit> book_options(const Raw& raw) {
  auto options = raw.book.parse();
  if (!options) return wrong_use(options.error());
  return std::move(*options);
}

tl::expected<Verb, Exit> name_options(const Raw& raw) {
  if (!raw.new_name) return NameOptions{};
  if (!raw.new_name->empty())
    if (const auto why = why_not_called(*raw.new_name, {.bytes = wire::limits::proposed_name}))
      return wrong_use(*why);
  return NameOptions{Plaintext(*raw.new_name)};
}

std::optional<engine::Trust> parse_trust(std::string_view text) {
  if (text == "on-first-use") return engine::Trust::on_first_use;
  if (text == "always") return engine::Trust::always;
  if (text == "never") return engine::Trust::never;
  return std::nullopt;
}

tl::expected<Verb, Exit> verb_of(const Raw& raw, const Settings& settings) {
  if (raw.peers->parsed()) return PeersOptions{};
  if (raw.id->parsed()) return IdOptions{};
  if (raw.own_name->parsed()) return name_options(raw);
  if (raw.drop->parsed()) return OutboxOptions(DropLetters{raw.dropped});
  if (raw.outbox->parsed()) return OutboxOptions(ListOutbox{raw.show});
  if (raw.trust_server->parsed()) return trust_server_options(raw);
  if (raw.devices->parsed()) return devices_options(raw);
  if (raw.link->parsed()) return link_options(raw);
  if (raw.book.are_parsed()) return book_options(raw);
  if (auto backup = raw.backup.parse()) return std::move(*backup);
  if (auto vault = raw.vault.parse()) return std::move(*vault);
  if (raw.receive->parsed()) {
    auto options = receive_options(raw, settings);
    std::error_code error;
    const auto out = std::filesystem::status(options.out, error);
    const auto there = printable(options.out.string());
    if (out.type() == std::filesystem::file_type::not_found)
      return wrong_use("--out " + there +
                       " does not exist: make it (mkdir -p), or choose another.");
    if (out.type() == std::filesystem::file_type::none)
      return wrong_use("--out " + there + " cannot be looked at: " + error.message() + ".");
    if (out.type() != std::filesystem::file_type::directory)
      return wrong_use("--out " + there + " is not a folder: choose another, or leave it away.");
    return options;
  }
  if (!raw.send->parsed()) return VersionOptions{};
  if (!raw.text && raw.files.empty()) return wrong_use("There is nothing to send.");
  if (raw.text == "-" && raw.code_file == "-")
    return wrong_use("Standard input cannot be both the text and the code.");
  if (raw.later && !raw.text) return wrong_use("--later keeps a text: give one with --text.");
  SendOptions options{raw.text, {raw.files.begin(), raw.files.end()}, raw.code_file, raw.to};
  options.later = raw.later;
  options.require_confirmation = raw.require_confirmation;
  if (raw.wait) options.wait = std::chrono::seconds(*raw.wait);
  return options;
}

tl::expected<Options, Exit> merge(const Raw& raw, const Settings& settings,
                                  const host::Variables& variables) {
  Options options{};
  auto folder = raw.data_dir;
  if (!folder && !variables("CULVER_DATA_DIR")) folder = settings.data_dir;
  options.data_dir = host::data_dir(folder, variables);
  for (const auto& file : {settings.key_file, variables("CULVER_KEY_FILE"), raw.key_file})
    if (file) options.key_file = *file;
  options.server = std::string(default_server);
  if (settings.server) options.server = *settings.server;
  if (const auto set = variables("CULVER_SERVER")) options.server = *set;
  if (raw.server) options.server = *raw.server;
  // Before there is a data folder that a mistyped address would have made.
  if (const auto url = client::parse_server(options.server); !url)
    return wrong_use(url.error().sentence);
  const auto output = raw.output.value_or(settings.output.value_or("text"));
  if (output != "text" && output != "json") return wrong_use("--output is text or json.");
  options.output = output == "json" ? Output::json : Output::text;
  options.verbosity = raw.verbosity;
  const auto name = raw.name.value_or(settings.name.value_or(host_name()));
  options.name_from = raw.name        ? NameFrom::option
                      : settings.name ? NameFrom::settings
                                      : NameFrom::host;
  if (!wire::utf8::is_valid(name)) return wrong_use("The name is not UTF-8.");
  if (options.name_from != NameFrom::host)
    if (const auto why = why_not_read_as(name)) return wrong_use(*why);
  options.name = Plaintext(std::string(wire::utf8::cut(name, wire::limits::proposed_name)));
  for (const auto& text : raw.ice_servers.empty() ? settings.ice_server : raw.ice_servers) {
    auto server = parse_ice_server(text);
    if (!server)
      return wrong_use(
          "--ice-server is stun:HOST[:PORT], turn:USER:PASSWORD@HOST[:PORT][?transport=tcp] or "
          "turns:USER:PASSWORD@HOST[:PORT].");
    options.ice_servers.push_back(std::move(*server));
  }
  const auto trust = parse_trust(raw.trust.value_or(settings.trust.value_or("on-first-use")));
  if (!trust) return wrong_use("--trust is on-first-use, always or never.");
  options.trust = *trust;
  auto verb = verb_of(raw, settings);
  if (!verb) return tl::unexpected(std::move(verb.error()));
  options.verb = std::move(*verb);
  return options;
}

}  // namespace

std::optional<crypto::VerifyKey> parse_identity(std::string_view text) {
  return parse_hex<crypto::VerifyKey>(digits_only(text));
}

namespace {

constexpr const char* variables_of_help =
    "Variables besides those above: CULVER_CODE holds the code for send and link. A folder that is "
    "locked is opened with the passphrase in CULVER_PASSPHRASE, or in the file that "
    "CULVER_PASSPHRASE_FILE names; with lock, export and import CULVER_PASSPHRASE is the one of "
    "what "
    "is made or read.\nA verb's own options: culver VERB --help";

tl::expected<Options, Exit> parse(int argc, const char* const* argv,
                                  const host::Variables& variables) {
  CLI::App app("Talks to another machine and passes files to it, end-to-end encrypted.", "culver");
  app.set_version_flag("--version", "culver " + std::string(program_version));
  app.footer(variables_of_help);
  app.require_subcommand(1);
  app.fallthrough();  // global options may follow the verb
  Raw raw;
  add_global(app, raw);
  add_verbs(app, raw);
  const auto plain = without_help(app, {argv + std::min(argc, 1), argv + argc});
  const std::span<const char* const> words(plain);
  const auto takes_value_here = [&](std::string_view word) {
    return option_takes_value(app, word);
  };
  if (const auto stray = stray_option(words, takes_value_here))
    return wrong_use("There is no option " + printable(*stray) + ". A file of that name is ./" +
                     printable(*stray) + ".");
  if (const auto unknown = unknown_word(app, words)) return wrong_use(*unknown);
  try {
    let_arguments_pass(app);
    app.parse(without_dashes(words, takes_value_here));
  } catch (const CLI::ParseError& error) {
    if (error.get_name() == "RequiredError" && app.get_subcommands().empty())
      return wrong_use("A verb is missing: receive, send and others.");
    if (error.get_exit_code() != 0) return wrong_use(std::string(error.what()) + ".");
    std::ostringstream out, err;
    app.exit(error, out, err);
    return tl::unexpected<Exit>(Exit{0, out.str(), err.str()});
  }
  auto settings = settings_of(variables);
  if (!settings) return tl::unexpected(std::move(settings.error()));
  return merge(raw, *settings, variables);
}

}  // namespace

tl::expected<Options, Exit> parse_options(int argc, const char* const* argv,
                                          const host::Variables& variables) {
  auto parsed = parse(argc, argv, variables);
  if (parsed || parsed.error().code == 0) return parsed;
  bool is_for_program = ask_for_json({argv + std::min(argc, 1), argv + argc});
  if (const auto settings = read_settings(host::config_file(variables)); settings)
    is_for_program |= settings->output == "json";
  if (!is_for_program) return parsed;
  report::Failed failed{parsed.error().fault, {}};
  constexpr std::string_view prefix = "culver: ";
  failed.sentence = parsed.error().err.substr(prefix.size());
  if (failed.sentence->ends_with('\n')) failed.sentence->pop_back();
  parsed.error().out = json_of(failed) + "\n";
  return parsed;
}

}  // namespace culver::cli
