// The words of a command line: before the parser sees them ("-dash.txt" is no "-d ash.txt", which
// nobody means who has a file of that name), and what is wrong with them that it would say less
// well.
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

/// The first word, before any "--", that begins with one dash and is neither an option nor the
/// value of the one before it.
std::optional<std::string> stray_option(std::span<const char* const> words,
                                        const std::function<bool(std::string_view)>& takes_value);

/// The words in the reverse order, as the parser takes them. What follows the first "--" is marked,
/// so that it is an argument whatever it begins with: the parser itself would forget whose.
std::vector<std::string> without_dashes(std::span<const char* const> words,
                                        const std::function<bool(std::string_view)>& takes_value);
/// An argument as it was written.
std::string unmarked(std::string word);

/// Whether the words ask for lines of JSON, however wrong they may be otherwise.
bool ask_for_json(std::span<const char* const> words);

/// How many letters have to be put in, left out, replaced or have to change places with the
/// next one to make one word of the other.
std::size_t edits_between(std::string_view a, std::string_view b);

/// Hex digits as people write them down: without blanks, dashes and colons.
std::string digits_only(std::string_view text);

}  // namespace culver::cli
