#include "shell/cli/show_outbox.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "core/base/unicode.hpp"
#include "core/engine/names.hpp"
#include "shell/cli/addressee.hpp"
#include "shell/cli/json_output.hpp"
#include "shell/cli/printable.hpp"
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

}  // namespace culver::cli
