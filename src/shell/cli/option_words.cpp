#include "shell/cli/option_words.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "shell/cli/printable.hpp"
#include "shell/cli/words.hpp"

namespace culver::cli {
namespace {

std::vector<CLI::App*> verbs_of(CLI::App& app) {
  return app.get_subcommands([](CLI::App*) { return true; });
}

/// Of any verb.
bool has_option(CLI::App& app, const std::string& name) {
  return app.get_option_no_throw(name) != nullptr ||
         std::ranges::any_of(verbs_of(app),
                             [&](CLI::App* verb) { return has_option(*verb, name); });
}

std::optional<std::string> unknown_option(CLI::App& app, Words words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "--") return std::nullopt;
    const auto name = word.substr(0, word.find('='));
    if (word.starts_with("--") && !has_option(app, name))
      return "There is no option " + printable(name) + ".";
    if (option_takes_value(app, word)) ++i;
  }
  return std::nullopt;
}

/// The first word is a verb, or nothing helps: --help behind it would be that of something else.
std::optional<std::string> unknown_verb(CLI::App& app, CLI::App& of, Words words) {
  const auto verbs = verbs_of(of);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word.starts_with('-') && word.size() > 1) {
      if (option_takes_value(app, word)) ++i;
      continue;
    }
    const auto known = std::ranges::find_if(
        verbs, [&](auto* verb) { return verb->check_name(std::string(word)); });
    if (known != verbs.end())  // some have verbs of their own behind them
      return verbs_of(**known).empty() ? std::nullopt
                                       : unknown_verb(app, **known, words.subspan(i + 1));
    std::string sentence = "There is no verb " + printable(word) + ".";
    const auto near = std::ranges::min_element(
        verbs, {}, [&](auto* verb) { return edits_between(word, verb->get_name()); });
    if (near != verbs.end() && edits_between(word, (*near)->get_name()) <= 2)
      sentence += " Did you mean " + (*near)->get_name() + "?";
    return sentence + " culver --help lists them.";
  }
  return std::nullopt;
}

}  // namespace

bool option_takes_value(CLI::App& app, std::string_view word) {
  if (!word.starts_with('-')) return false;
  const auto* option = app.get_option_no_throw(std::string(word));
  if (option != nullptr && option->get_expected_min() > 0) return true;
  return std::ranges::any_of(verbs_of(app),
                             [&](CLI::App* verb) { return option_takes_value(*verb, word); });
}

void let_arguments_pass(CLI::App& app) {
  for (auto* option : app.get_options([](const CLI::Option* o) { return o->get_positional(); }))
    option->transform(unmarked, "", "");
  for (auto* verb : verbs_of(app)) let_arguments_pass(*verb);
}

std::optional<std::string> unknown_word(CLI::App& app, Words words) {
  auto unknown = unknown_option(app, words);
  return unknown ? unknown : unknown_verb(app, app, words);
}

std::vector<const char*> without_help(CLI::App& app, Words words) {
  std::vector<const char*> plain(words.begin(), words.end());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const std::string_view word = plain[i];
    if (word.starts_with('-') && word.size() > 1) {
      if (option_takes_value(app, word)) ++i;
      continue;
    }
    if (word != "help") break;
    plain.erase(plain.begin() + static_cast<std::ptrdiff_t>(i));
    plain.push_back("--help");
    break;
  }
  return plain;
}

}  // namespace culver::cli
