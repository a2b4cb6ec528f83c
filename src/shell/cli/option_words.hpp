// What the words of a command line are to the parser that has the options and verbs; and what is
// wrong with them that it would say less well.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace culver::cli {

using Words = std::span<const char* const>;

/// Of any verb: a word is the same option wherever it stands.
bool option_takes_value(CLI::App& app, std::string_view word);

/// Arguments, of any verb, that the parser was kept from taking for options, are as they were
/// written.
void let_arguments_pass(CLI::App& app);

/// What to say of the first word, if it is no verb and not the option of any.
std::optional<std::string> unknown_word(CLI::App& app, Words words);

/// culver help, and culver help VERB, in the parser's words.
std::vector<const char*> without_help(CLI::App& app, Words words);

}  // namespace culver::cli
