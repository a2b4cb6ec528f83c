#include "shell/library/books.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

#include "core/engine/names.hpp"
#include "shell/host/paths.hpp"
#include "shell/library/convert.hpp"

namespace culver::library {

host::Outcome<Books> Books::open(const std::filesystem::path& folder, Secret<32> letters_key) {
  auto peers = store::sqlite::PeerBook::open(folder / host::peer_book_file);
  if (!peers) return tl::unexpected(peers.error());
  auto outbox = store::sqlite::Outbox::open(folder, std::move(letters_key));
  if (!outbox) return tl::unexpected(outbox.error());
  return Books(std::move(*peers), std::move(*outbox));
}

Books::Books(store::sqlite::PeerBook peers, store::sqlite::Outbox outbox)
    : peers_(std::move(peers)), outbox_(std::move(outbox)) {}

Books::Books(Books&& other) noexcept
    : peers_(std::move(other.peers_)), outbox_(std::move(other.outbox_)) {}

// ---- peers --------------------------------------------------------------------------------------

v1::Result<Found> Books::find(const v1::PeerName& name) {
  const std::lock_guard lock(mutex_);
  const auto rows = peers_.all();
  if (!rows) return error_of(rows.error());
  return find(*rows, name);
}

/// A whole fingerprint means its bearer, whatever others call themselves.
v1::Result<Found> Books::find(const std::vector<store::KnownPeer>& rows, const v1::PeerName& name) {
  const auto book = store::as_known(rows);
  const auto found = [&](const store::KnownPeer& row) -> v1::Result<Found> {
    return Found{row.key, known_peer_of(book, row), row.is_blocked};
  };
  for (const auto& row : rows)
    if (name.text() == crypto::fingerprint_digits(row.key)) return found(row);
  const auto meant = engine::who_is(book, name.text());
  if (std::holds_alternative<engine::SeveralMeant>(meant))
    return error_of(Fault::name_ambiguous, name.text());
  const auto* key = std::get_if<PublicKey>(&meant);
  if (key == nullptr) return error_of(Fault::no_such_peer, name.text());
  return found(*std::ranges::find(rows, *key, &store::KnownPeer::key));
}

v1::Result<std::vector<v1::KnownPeer>> Books::list() {
  const std::lock_guard lock(mutex_);
  const auto rows = peers_.all();
  if (!rows) return error_of(rows.error());
  const auto book = store::as_known(*rows);
  std::vector<v1::KnownPeer> peers;
  for (const auto& row : *rows) peers.push_back(known_peer_of(book, row));
  return peers;
}

/// Two aliases that read the same would leave neither of use.
v1::Result<void> Books::rename(const v1::PeerName& name, std::string_view alias) {
  const std::lock_guard lock(mutex_);
  const auto rows = peers_.all();
  if (!rows) return error_of(rows.error());
  const auto found = find(*rows, name);
  if (!found) return found.error();
  std::optional<Plaintext> wanted;
  if (!alias.empty()) {
    wanted = engine::clean_name(alias);
    if (!wanted || wanted->expose() != alias || engine::reads_like(alias))
      return error_of(Fault::bad_config, "alias");
    const engine::Reading reading(alias);
    for (const auto& other : *rows)
      if (const auto called = other.as_known().called();
          other.key != found->key && called &&
          reading.looks_like(engine::Reading(called->expose())))
        return error_of(Fault::name_taken, std::string(alias));
  }
  if (const auto done = peers_.rename(found->key, wanted); !done) return error_of(done.error());
  return {};
}

v1::Result<void> Books::forget(const v1::PeerName& name) {
  const auto found = find(name);
  if (!found) return found.error();
  const std::lock_guard lock(mutex_);
  if (const auto done = peers_.forget(found->key); !done)
    return error_of(done.error(), name.text());
  return {};
}

v1::Result<void> Books::set_blocked(const v1::PeerName& name, bool is_blocked) {
  const auto found = find(name);
  if (!found) return found.error();
  const std::lock_guard lock(mutex_);
  if (const auto done = peers_.set_blocked(found->key, is_blocked); !done)
    return error_of(done.error(), name.text());
  return {};
}

// ---- texts --------------------------------------------------------------------------------------

v1::Result<std::vector<v1::QueuedText>> Books::outbox(v1::OutboxText text) {
  const std::lock_guard lock(mutex_);
  const auto rows = outbox_.all();
  if (!rows) return error_of(rows.error());
  const auto peers = peers_.all();
  if (!peers) return error_of(peers.error());
  const auto book = store::as_known(*peers);
  std::vector<v1::QueuedText> texts;
  for (const auto& row : *rows) {
    const bool is_shown = text == v1::OutboxText::read && row.text;
    texts.push_back({std::to_string(row.id.value), peer_of(book, row.key), row.written,
                     is_shown ? row.text->expose() : std::string()});
  }
  return texts;
}

v1::Result<void> Books::drop(std::string_view message) {
  LetterId letter;
  const auto* end = message.data() + message.size();
  const auto parsed = std::from_chars(message.data(), end, letter.value);
  const auto unknown = [&] { return error_of(Fault::no_such_message, std::string(message)); };
  if (parsed.ec != std::errc() || parsed.ptr != end) return unknown();
  const std::lock_guard lock(mutex_);
  const auto rows = outbox_.all();
  if (!rows) return error_of(rows.error());
  if (std::ranges::find(*rows, letter, &store::sqlite::Outbox::Row::id) == rows->end())
    return unknown();
  if (const auto gone = outbox_.remove({&letter, 1}); !gone) return error_of(gone.error());
  return {};
}

v1::Result<std::size_t> Books::drop_all_of(const v1::PeerName& name) {
  const auto found = find(name);
  if (!found) return found.error();
  const std::lock_guard lock(mutex_);
  const auto rows = outbox_.all();
  if (!rows) return error_of(rows.error());
  std::vector<LetterId> letters;
  for (const auto& row : *rows)
    if (row.key == found->key) letters.push_back(row.id);
  if (const auto gone = outbox_.remove(letters); !gone) return error_of(gone.error());
  return letters.size();
}

v1::Result<std::string> Books::held_text(HeldId held) {
  const std::lock_guard lock(mutex_);
  auto text = outbox_.held_text(held);
  if (!text) return error_of(text.error());
  return text->expose();
}

}  // namespace culver::library
