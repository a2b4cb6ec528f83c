#include "shell/cli/words.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "shell/cli/output/printable.hpp"

namespace culver::cli {
namespace {

constexpr char mark = '\x01';

bool is_short(std::string_view word) { return word.size() > 1 && word[0] == '-' && word[1] != '-'; }

bool is_known_cluster(std::string_view word) {
  if (word == "-ojson" || word == "-otext") return true;
  return std::ranges::all_of(word.substr(1), [](char c) { return c == 'v'; });
}

}  // namespace

std::optional<std::string> stray_option(std::span<const char* const> words,
                                        const std::function<bool(std::string_view)>& takes_value) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") return std::nullopt;
    if (takes_value(word)) {
      ++i;
      continue;
    }
    if (is_short(word) && word.size() > 2 && !is_known_cluster(word)) return std::string(word);
  }
  return std::nullopt;
}

std::vector<std::string> without_dashes(std::span<const char* const> words,
                                        const std::function<bool(std::string_view)>& takes_value) {
  std::vector<std::string> kept;
  bool are_arguments = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (are_arguments) {
      kept.push_back(mark + word);
    } else if (word == "--") {
      are_arguments = true;
    } else {
      kept.push_back(word);
      if (takes_value(word) && i + 1 < words.size()) kept.emplace_back(words[++i]);
    }
  }
  std::ranges::reverse(kept);
  return kept;
}

std::string unmarked(std::string word) {
  if (word.starts_with(mark)) word.erase(0, 1);
  return word;
}

bool ask_for_json(std::span<const char* const> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") return false;
    if (word == "-ojson" || word == "--output=json") return true;
    if ((word == "-o" || word == "--output") && i + 1 < words.size() &&
        words[i + 1] == std::string_view("json"))
      return true;
  }
  return false;
}

std::size_t edits_between(std::string_view one, std::string_view other) {
  const std::size_t rows = one.size() + 1, columns = other.size() + 1;
  std::vector<std::size_t> steps(rows * columns);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return steps[i * columns + j];
  };
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) {
      if (i == 0 || j == 0) {
        at(i, j) = i + j;
        continue;
      }
      const std::size_t wrong = one[i - 1] == other[j - 1] ? 0 : 1;
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + wrong});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
        at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  return steps.back();
}

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

std::string digits_only(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != ' ' && c != '-' && c != ':') digits += c;
  return digits;
}

}  // namespace culver::cli
