#include "shell/cli/verbs/outbox.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <CLI/CLI.hpp>

#include "core/base/unicode.hpp"
#include "core/engine/names.hpp"
#include "core/format/kept_letter.hpp"
#include "shell/cli/data_folder.hpp"
#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/verbs/addressee.hpp"
#include "shell/host/clock.hpp"

namespace culver::cli {
namespace {

std::uint64_t characters(std::string_view text) {
  std::uint64_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(unicode::first(text).size);
  return count;
}

std::optional<LetterId> id_of(const std::string& what) {
  std::int64_t id = 0;
  const auto* end = what.data() + what.size();
  const auto [stop, error] = std::from_chars(what.data(), end, id);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return LetterId{id};
}

}  // namespace

std::vector<report::Waits> waiting_of(const OutboxRows& rows,
                                      const std::vector<engine::Known>& book, bool with_text) {
  std::vector<report::Waits> letters;
  for (const auto& row : rows) {
    const auto peer = std::ranges::find(book, row.key, &engine::Known::key);
    report::Waits letter{{std::nullopt, row.key}, static_cast<std::uint64_t>(row.id.value), {}, {}};
    if (peer != book.end()) letter.peer.name = peer->called();
    letter.written = row.written;
    if (row.text) letter.characters = characters(row.text->expose());
    if (with_text) letter.text = row.text;
    letters.push_back(std::move(letter));
  }
  return letters;
}

host::Outcome<OutboxRows> letters_named(const OutboxRows& rows,
                                        const std::vector<engine::Known>& book,
                                        const std::string& what) {
  const auto id = id_of(what);
  const auto row = id ? std::ranges::find(rows, *id, &store::sqlite::Outbox::Row::id) : rows.end();
  const bool is_peer = !std::holds_alternative<engine::NobodyMeant>(engine::who_is(book, what));
  if (row != rows.end() && is_peer)
    return host::trouble(Fault::name_ambiguous,
                         "That is a text and a peer. For the peer write its name, @, and the "
                         "beginning of its fingerprint.");
  if (row != rows.end()) return OutboxRows{*row};
  if (id && !is_peer)
    return host::trouble(Fault::no_such_message,
                         "No text of the number " + printable(what) + " waits. See culver outbox.");
  const auto key = peer_named(book, what);
  if (!key) return tl::unexpected(key.error());
  OutboxRows theirs;
  std::ranges::copy_if(rows, std::back_inserter(theirs),
                       [&](const auto& letter) { return letter.key == *key; });
  return theirs;
}

std::string show_outbox(const std::vector<report::Waits>& letters, Output output,
                        const Contacts& contacts) {
  if (output == Output::json) return json_of(letters);
  if (letters.empty()) return "Nothing waits.";
  std::string text;
  for (const auto& letter : letters) {
    text += (text.empty() ? "" : "\n") + std::to_string(letter.id) + "  to " +
            contacts.handle(letter.peer) + ", since " + host::iso8601(letter.written) + ", ";
    text += letter.characters ? std::to_string(*letter.characters) +
                                    (*letter.characters == 1 ? " character" : " characters")
                              : "cannot be read: it is damaged, or of another identity";
    if (letter.text) text += "\n  | " + printable_text(letter.text->expose(), "  | ");
  }
  return text;
}

std::string left_out_of_export(std::size_t texts, const std::optional<Plaintext>& name) {
  std::string what;
  if (texts > 0)
    what = std::to_string(texts) + (texts == 1 ? " text that waits" : " texts that wait") +
           " for peers to come (culver outbox)";
  if (name)
    what += (texts > 0 ? " and your name, " : "Your name, ") + printable(name->expose()) +
            " (culver name),";
  if (what.empty()) return what;
  return what + (texts > 1 || (texts > 0 && name) ? " are not in it." : " is not in it.");
}

void OutboxWords::add_to(CLI::App& app) {
  verb_ = app.add_subcommand("outbox", "List the texts that wait for peers to come");
  verb_->require_subcommand(0, 1);
  verb_->add_flag("--show", show_, "The texts too");
  drop_ = verb_->add_subcommand("drop", "Remove what waits for a peer, or one text");
  drop_->add_option("NAME|ID", dropped_, "The peer, or the text's number in the list")->required();
}

Parsed<OutboxOptions> OutboxWords::parse(const Settings&) const {
  if (!verb_->parsed()) return std::nullopt;
  if (drop_->parsed()) return OutboxOptions(DropLetters{dropped_});
  return OutboxOptions(ListOutbox{show_});
}

int run(const Options& options, const OutboxOptions& verb) {
  auto folder = DataFolder::open(options);
  if (!folder) return complain(options, folder.error());
  auto outbox = store::sqlite::Outbox::open(options.data_dir,
                                            format::kept_letter::key_of(folder->identity.secret));
  if (!outbox) return complain(options, outbox.error());
  const auto peers = folder->book.all();
  if (!peers) return complain(options, trouble_of_books(options.data_dir, peers.error()));
  const auto rows = outbox->all();
  if (!rows) return complain(options, trouble_of_books(options.data_dir, rows.error()));
  const auto known = store::as_known(*peers);
  const Contacts contacts([&] { return std::span(known); });

  if (const auto* list = std::get_if<ListOutbox>(&verb))
    return print(show_outbox(waiting_of(*rows, known, list->show), options.output, contacts));
  const auto meant = letters_named(*rows, known, std::get<DropLetters>(verb).what);
  if (!meant) return complain(options, meant.error());
  std::vector<LetterId> ids;
  for (const auto& row : *meant) ids.push_back(row.id);
  if (const auto gone = outbox->remove(ids); !gone)
    return complain(options, trouble_of_books(options.data_dir, gone.error()));
  const auto removed = ids.empty() ? std::string()
                                   : "Removed: " + std::to_string(ids.size()) +
                                         (ids.size() == 1 ? " text." : " texts.");
  if (options.output == Output::json)
    return print(show_outbox(waiting_of(*meant, known, false), options.output), removed);
  return print(ids.empty() ? "Nothing waits for that peer." : removed, removed);
}

}  // namespace culver::cli
