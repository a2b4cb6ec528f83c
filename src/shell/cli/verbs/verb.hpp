// What each verb is made of: the class of its words, which puts its options into the parser and
// reads them; the value of its options; and run(), which carries it out and returns the exit code.
// A new verb is a pair of files with these three, and a line in verbs/all.hpp; what it decides
// while it runs may have files of its own beside it.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "core/base/fault.hpp"
#include "core/format/settings.hpp"

namespace CLI {
class App;
}

namespace culver::cli {

struct Options;
using format::settings::Settings;

/// Why its words make no sense. A sentence that names a command is an advice of its own.
struct WrongUse {
  std::string sentence;
  Fault fault = Fault::usage;
};
inline tl::unexpected<WrongUse> wrong_use(std::string sentence, Fault fault = Fault::usage) {
  return tl::unexpected<WrongUse>(WrongUse{std::move(sentence), fault});
}

/// Nothing: another verb was written.
template <class VerbOptions>
using Parsed = std::optional<tl::expected<VerbOptions, WrongUse>>;

/// What was written after a verb. It stays where it is: the parser writes into it. A class of words
/// has besides:
///   using Options = ...;
///   void add_to(CLI::App& app);
///   Parsed<Options> parse(const Settings& settings) const;
class VerbWords {
 public:
  VerbWords() = default;
  VerbWords(const VerbWords&) = delete;
  VerbWords& operator=(const VerbWords&) = delete;
};

}  // namespace culver::cli
