// The verbs about one peer of the book, as the command line has them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "core/base/bytes.hpp"
#include "core/base/text.hpp"

namespace CLI {
class App;
}

namespace culver::cli {

// `peer` is as the person has named it: a name, name@digits, or digits.

struct VerifyPeer {
  Plaintext peer;
  std::optional<bool> matches;  ///< absent: to be asked for
};
struct RenamePeer {
  Plaintext peer;
  std::optional<Plaintext> alias;  ///< absent: by its own name again
};
struct BlockPeer {
  Plaintext peer;
  bool is_blocked;
};
struct ForgetPeer {
  Plaintext peer;
  bool yes;
};
struct TrustPeer {
  Plaintext peer;
  bool yes;
  std::optional<Digest> fingerprint;  ///< trust this key only, without asking
};
using BookOptions = std::variant<VerifyPeer, RenamePeer, BlockPeer, ForgetPeer, TrustPeer>;

/// Hex digits as people write them down: without blanks, dashes and colons.
std::string digits_only(std::string_view text);

/// What was written after one of these verbs. It stays where it is: the parser writes into it.
class BookWords {
 public:
  BookWords() = default;
  BookWords(const BookWords&) = delete;
  BookWords& operator=(const BookWords&) = delete;

  void add_to(CLI::App& app);
  bool are_parsed() const;
  /// Or what is wrong, as a sentence.
  tl::expected<BookOptions, std::string> parse() const;

 private:
  CLI::App* add_verb(CLI::App& app, const char* name, const char* what);

  CLI::App *verify_ = nullptr, *rename_ = nullptr, *block_ = nullptr, *unblock_ = nullptr,
           *forget_ = nullptr, *trust_ = nullptr;
  std::string peer_, alias_;
  std::optional<std::string> fingerprint_;
  bool yes_ = false, no_ = false;
};

}  // namespace culver::cli
