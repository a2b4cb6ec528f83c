// culver outbox: what waits, which of it a person means, and its layout.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shell/cli/contacts.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/report.hpp"
#include "shell/host/trouble.hpp"
#include "shell/store/sqlite/outbox.hpp"

namespace culver::cli {

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
