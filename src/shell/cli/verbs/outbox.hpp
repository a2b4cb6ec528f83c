// culver outbox: lists and removes texts that wait.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shell/cli/contacts.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/output/report.hpp"
#include "shell/cli/verbs/verb.hpp"
#include "shell/host/trouble.hpp"
#include "shell/store/sqlite/outbox.hpp"

namespace culver::cli {

struct ListOutbox {
  bool show;  ///< the texts too
};
struct DropLetters {
  std::string what;  ///< the name of a peer, or the number of a text
};
using OutboxOptions = std::variant<ListOutbox, DropLetters>;

class OutboxWords : public VerbWords {
 public:
  using Options = OutboxOptions;
  void add_to(CLI::App& app);
  Parsed<OutboxOptions> parse(const Settings& settings) const;

 private:
  CLI::App *verb_ = nullptr, *drop_ = nullptr;
  std::string dropped_;
  bool show_ = false;
};

int run(const Options& options, const OutboxOptions& verb);

using OutboxRows = std::vector<store::sqlite::Outbox::Row>;

/// In the order of `rows`, with the names of the book.
std::vector<report::Waits> waiting_of(const OutboxRows& rows,
                                      const std::vector<engine::Known>& book, bool with_text);

/// Those of a peer, or the one of that number. Troubles: no_such_peer, name_ambiguous, usage.
host::Outcome<OutboxRows> letters_named(const OutboxRows& rows,
                                        const std::vector<engine::Known>& book,
                                        const std::string& what);

/// Without the last newline.
std::string show_outbox(const std::vector<report::Waits>& letters, Output output,
                        const Contacts& contacts = {});

/// What the file of an export has not: texts that wait, and the name that was chosen here. Empty if
/// there is none of that.
std::string left_out_of_export(std::size_t texts, const std::optional<Plaintext>& name);

}  // namespace culver::cli
