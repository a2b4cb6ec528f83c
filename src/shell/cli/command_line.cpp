// CLI11's parser around the words of all verbs, and the options that stand with any of them.
#include "shell/cli/command_line.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <tuple>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "core/engine/names.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/utf8.hpp"
#include "shell/cli/input/name_words.hpp"
#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/settings_file.hpp"
#include "shell/cli/words.hpp"
#include "shell/client/client.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {
namespace {

/// What was written before or behind any verb, and is not looked at yet.
struct GlobalWords {
  std::optional<std::string> data_dir, key_file, server, output, name, trust;
  std::vector<std::string> ice_servers;
  int verbosity = 0;
};

/// One that names a command is an advice of its own.
tl::unexpected<Exit> exit_of(const WrongUse& wrong) {
  const auto* more =
      wrong.sentence.find("culver ") != std::string::npos ? "\n" : " See culver --help.\n";
  return tl::unexpected<Exit>(Exit{host::fault_text(wrong.fault).exit_code, "",
                                   "culver: " + wrong.sentence + more, wrong.fault});
}
tl::unexpected<Exit> exit_of(const std::string& sentence) { return exit_of(WrongUse{sentence}); }

void add_global(CLI::App& app, GlobalWords& raw) {
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

/// Of the verb that was written. The parser has seen that there is one.
tl::expected<Verb, WrongUse> verb_of(const AllWords& all, const Settings& settings) {
  std::optional<tl::expected<Verb, WrongUse>> verb;
  const auto ask = [&](const auto& words) {
    auto parsed = words.parse(settings);
    if (!parsed) return false;
    verb = *parsed ? tl::expected<Verb, WrongUse>(std::move(**parsed))
                   : tl::unexpected(std::move(parsed->error()));
    return true;
  };
  std::apply([&](const auto&... words) { (ask(words) || ...); }, all);
  if (!verb) return wrong_use("A verb is missing: receive, send and others.");
  return std::move(*verb);
}

tl::expected<Settings, Exit> settings_of(const host::Variables& variables) {
  auto settings = read_settings(host::config_file(variables));
  if (!settings) return exit_of(settings.error().sentence);
  return std::move(*settings);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || !name[0]) return "culver";
  return name.data();
}

std::optional<engine::Trust> parse_trust(std::string_view text) {
  if (text == "on-first-use") return engine::Trust::on_first_use;
  if (text == "always") return engine::Trust::always;
  if (text == "never") return engine::Trust::never;
  return std::nullopt;
}

tl::expected<Options, Exit> merge(const GlobalWords& raw, const Settings& settings,
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
    return exit_of(url.error().sentence);
  const auto output = raw.output.value_or(settings.output.value_or("text"));
  if (output != "text" && output != "json") return exit_of("--output is text or json.");
  options.output = output == "json" ? Output::json : Output::text;
  options.verbosity = raw.verbosity;
  const auto name = raw.name.value_or(settings.name.value_or(host_name()));
  options.name_from = raw.name        ? NameFrom::option
                      : settings.name ? NameFrom::settings
                                      : NameFrom::host;
  if (!wire::utf8::is_valid(name)) return exit_of("The name is not UTF-8.");
  if (options.name_from != NameFrom::host)
    if (const auto why = why_not_read_as(name)) return exit_of(*why);
  options.name = Plaintext(std::string(wire::utf8::cut(name, wire::limits::proposed_name)));
  for (const auto& text : raw.ice_servers.empty() ? settings.ice_server : raw.ice_servers) {
    auto server = parse_ice_server(text);
    if (!server)
      return exit_of(
          "--ice-server is stun:HOST[:PORT], turn:USER:PASSWORD@HOST[:PORT][?transport=tcp] or "
          "turns:USER:PASSWORD@HOST[:PORT].");
    options.ice_servers.push_back(std::move(*server));
  }
  const auto trust = parse_trust(raw.trust.value_or(settings.trust.value_or("on-first-use")));
  if (!trust) return exit_of("--trust is on-first-use, always or never.");
  options.trust = *trust;
  return options;
}

constexpr const char* variables_of_help =
    "Variables besides those above: CULVER_CODE holds the code for send and link. A folder "
    "that is "
    "locked is opened with the passphrase in CULVER_PASSPHRASE, or in the file that "
    "CULVER_PASSPHRASE_FILE names; with lock, export and import CULVER_PASSPHRASE is the one of "
    "what "
    "is made or read.\nA verb's own options: culver VERB --help";

tl::expected<CommandLine, Exit> parse(int argc, const char* const* argv,
                                      const host::Variables& variables) {
  CLI::App app("Talks to another machine and passes files to it, end-to-end encrypted.", "culver");
  app.set_version_flag("--version", "culver " + std::string(program_version));
  app.footer(variables_of_help);
  app.require_subcommand(1);
  app.fallthrough();  // global options may follow the verb
  GlobalWords raw;
  add_global(app, raw);
  AllWords verbs;
  std::apply([&](auto&... verb) { (verb.add_to(app), ...); }, verbs);
  const auto plain = without_help(app, {argv + std::min(argc, 1), argv + argc});
  const std::span<const char* const> words(plain);
  const auto takes_value_here = [&](std::string_view word) {
    return option_takes_value(app, word);
  };
  if (const auto stray = stray_option(words, takes_value_here))
    return exit_of("There is no option " + printable(*stray) + ". A file of that name is ./" +
                   printable(*stray) + ".");
  if (const auto unknown = unknown_word(app, words)) return exit_of(*unknown);
  try {
    let_arguments_pass(app);
    app.parse(without_dashes(words, takes_value_here));
  } catch (const CLI::ParseError& error) {
    if (error.get_name() == "RequiredError" && app.get_subcommands().empty())
      return exit_of("A verb is missing: receive, send and others.");
    if (error.get_exit_code() != 0) return exit_of(std::string(error.what()) + ".");
    std::ostringstream out, err;
    app.exit(error, out, err);
    return tl::unexpected<Exit>(Exit{0, out.str(), err.str()});
  }
  auto settings = settings_of(variables);
  if (!settings) return tl::unexpected(std::move(settings.error()));
  auto verb = verb_of(verbs, *settings);
  if (!verb) return exit_of(verb.error());
  auto options = merge(raw, *settings, variables);
  if (!options) return tl::unexpected(std::move(options.error()));
  return CommandLine{std::move(*options), std::move(*verb)};
}

}  // namespace

tl::expected<CommandLine, Exit> parse_command_line(int argc, const char* const* argv,
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
