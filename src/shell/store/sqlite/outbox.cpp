// The statements about letters.
#include "shell/store/sqlite/outbox.hpp"

#include <algorithm>
#include <string>

#include "shell/host/entropy.hpp"
#include "shell/host/paths.hpp"
#include "shell/store/sqlite/peer_book.hpp"
#include "shell/store/sqlite/why_unusable.hpp"

namespace culver::store::sqlite {
namespace {

using format::kept_letter::Direction;
using wire::peer::LetterName;
using wire::peer::SeriesId;

/// Columns peer, series, number, written, text from this one on.
struct Columns {
  PublicKey peer;
  LetterName name;
  WallTime written;
  ByteVector sealed;
};

Result<Columns> read(const Statement& row, int from) {
  const auto peer = PublicKey::from(row.blob_view(from));
  const auto series = SeriesId::from(row.blob_view(from + 1));
  if (!peer || !series) return fail(Fault::store_failed);
  return Columns{*peer,
                 {*series, static_cast<std::uint64_t>(row.integer(from + 2))},
                 row.integer(from + 3),
                 row.blob(from + 4)};
}

Result<Plaintext> open_text(const Secret<32>& key, Direction direction, const Columns& row) {
  return format::kept_letter::open(key, {direction, row.peer, row.name, row.written}, row.sealed);
}

void bind(Statement& insert, const Columns& row) {
  insert.bind(1, ByteView(row.peer.view())).bind(2, ByteView(row.name.series.view()));
  insert.bind(3, static_cast<std::int64_t>(row.name.number)).bind(4, std::int64_t{row.written});
  insert.bind(5, ByteView(row.sealed));
}

Result<std::int64_t> number_from(Statement& query) {
  TRY(const bool is_there, query.step());
  const auto number = is_there ? query.integer(0) : 0;
  query.reset();
  return number;
}

}  // namespace

host::Outcome<Outbox> Outbox::open(const std::filesystem::path& folder, Secret<32> key) {
  const auto file = folder / host::peer_book_file;
  if (const auto book = PeerBook::open(file); !book) return tl::unexpected(book.error());
  auto process = ProcessLock::take(folder / "letters.lock");
  auto database = Database::open(file);
  if (!process || !database || !database->execute("PRAGMA synchronous = FULL"))
    return unusable("The queue of texts", file);
  return Outbox(std::move(*database), std::move(*process), std::move(key));
}

// ---- out ----------------------------------------------------------------------------------------

Result<void> Outbox::check_room(const char* table, const PublicKey& key) {
  TRY(auto query, database_.prepare("SELECT count(*) FROM " + std::string(table)));
  TRY(const auto in_all, number_from(query));
  TRY(auto theirs,
      database_.prepare("SELECT count(*) FROM " + std::string(table) + " WHERE peer = ?1"));
  theirs.bind(1, ByteView(key.view()));
  TRY(const auto of_peer, number_from(theirs));
  if (in_all >= letters_in_all || of_peer >= letters_per_peer) return fail(Fault::outbox_full);
  return {};
}

Result<LetterId> Outbox::post(const PublicKey& key, const Plaintext& text, WallTime written) {
  auto rng = host::system_rng();
  LetterId id;
  auto name = writing_.contains(key) ? writing_.at(key)
                                     : LetterName{SeriesId{rng.bytes<SeriesId::size>()}, 0};
  ++name.number;
  const auto stored = database_.all_or_nothing([&]() -> Result<void> {
    TRY(auto peer, database_.prepare("SELECT 1 FROM peer WHERE public_key = ?1"));
    peer.bind(1, ByteView(key.view()));
    TRY(const auto is_known, number_from(peer));
    if (is_known == 0) return fail(Fault::no_such_peer);
    CHECK_OK(check_room("letter", key));
    TRY(auto insert, database_.prepare("INSERT INTO letter (peer, series, number, written, text)"
                                       " VALUES (?1, ?2, ?3, ?4, ?5)"));
    bind(insert,
         {key, name, written,
          format::kept_letter::seal(key_, {Direction::out, key, name, written}, text, rng)});
    CHECK_OK(insert.run());
    id.value = database_.last_insert_id();
    return {};
  });
  CHECK_OK(stored);
  writing_.insert_or_assign(key, name);
  return id;
}

Queue Outbox::load(const PublicKey& key, LetterId after, std::size_t most) {
  Queue queue;
  const auto read_all = [&]() -> Result<void> {
    TRY(auto query, database_.prepare("SELECT id, peer, series, number, written, text FROM letter"
                                      " WHERE peer = ?1 AND id > ?2 ORDER BY id LIMIT ?3"));
    query.bind(1, ByteView(key.view())).bind(2, after.value);
    query.bind(3, static_cast<std::int64_t>(most));
    for (;;) {
      TRY(const bool is_there, query.step());
      if (!is_there) return {};
      TRY(const auto row, read(query, 1));
      TRY(auto text, open_text(key_, Direction::out, row));
      queue.letters.push_back({LetterId{query.integer(0)}, row.name, row.written, std::move(text)});
    }
  };
  if (const auto done = read_all(); !done) queue.fault = done.error();
  return queue;
}

Result<void> Outbox::remove(std::span<const LetterId> letters) {
  return database_.all_or_nothing([&]() -> Result<void> {
    TRY(auto drop, database_.prepare("DELETE FROM letter WHERE id = ?1"));
    for (const auto letter : letters) CHECK_OK(drop.bind(1, letter.value).run());
    return {};
  });
}

Result<std::vector<Outbox::Row>> Outbox::all() {
  TRY(auto query,
      database_.prepare("SELECT id, peer, series, number, written, text FROM letter ORDER BY id"));
  std::vector<Row> rows;
  for (;;) {
    TRY(const bool is_there, query.step());
    if (!is_there) return rows;
    TRY(const auto row, read(query, 1));
    auto text = open_text(key_, Direction::out, row);
    rows.push_back({LetterId{query.integer(0)}, row.peer, row.written,
                    text ? std::optional(std::move(*text)) : std::nullopt});
  }
}

// ---- in -----------------------------------------------------------------------------------------

/// Notes the number as the last of its series, if it is greater than the one before.
Result<bool> Outbox::is_news(const PublicKey& key, const LetterName& name) {
  TRY(auto note,
      database_.prepare(
          "INSERT INTO heard (peer, series, last, used) VALUES (?1, ?2, ?3,"
          " (SELECT coalesce(max(used), 0) + 1 FROM heard WHERE peer = ?1))"
          " ON CONFLICT (peer, series) DO UPDATE SET last = excluded.last, used = excluded.used"
          " WHERE excluded.last > last"));
  note.bind(1, ByteView(key.view())).bind(2, ByteView(name.series.view()));
  note.bind(3, static_cast<std::int64_t>(name.number));
  CHECK_OK(note.run());
  if (database_.changes() == 0) return false;
  TRY(auto limit,
      database_.prepare("DELETE FROM heard WHERE peer = ?1 AND used <="
                        " (SELECT used FROM heard WHERE peer = ?1 ORDER BY used DESC LIMIT 1"
                        " OFFSET ?2)"));
  limit.bind(1, ByteView(key.view())).bind(2, series_per_peer);
  CHECK_OK(limit.run());
  return true;
}

Result<std::optional<HeldId>> Outbox::keep(const PublicKey& key, const wire::peer::Letter& letter) {
  auto rng = host::system_rng();
  std::optional<HeldId> held;
  const auto kept = database_.all_or_nothing([&]() -> Result<void> {
    TRY(const auto is_new, is_news(key, letter.name));
    if (!is_new) return {};
    CHECK_OK(check_room("held", key));
    TRY(auto insert,
        database_.prepare("INSERT INTO held (peer, series, number, written, text, keeper)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    bind(insert, {key, letter.name, letter.written,
                  format::kept_letter::seal(key_, {Direction::in, key, letter.name, letter.written},
                                            letter.text, rng)});
    CHECK_OK(insert.bind(6, process_.number()).run());
    held = HeldId{database_.last_insert_id()};
    return {};
  });
  CHECK_OK(kept);
  return held;
}

Result<void> Outbox::take_over_from(std::int64_t keeper, Held& held) {
  TRY(auto query, database_.prepare("SELECT id, peer, series, number, written, text FROM held"
                                    " WHERE keeper = ?1 ORDER BY id"));
  query.bind(1, keeper);
  for (;;) {
    TRY(const bool is_there, query.step());
    if (!is_there) break;
    TRY(const auto row, read(query, 1));
    auto text = open_text(key_, Direction::in, row);
    if (text)
      held.letters.push_back(
          {HeldId{query.integer(0)}, row.peer, row.name, row.written, std::move(*text)});
    else
      held.fault = text.error();
  }
  TRY(auto take, database_.prepare("UPDATE held SET keeper = ?2 WHERE keeper = ?1"));
  return take.bind(1, keeper).bind(2, process_.number()).run();
}

Held Outbox::take_over() {
  Held held;
  const auto taken = database_.all_or_nothing([&]() -> Result<void> {
    TRY(auto query, database_.prepare("SELECT DISTINCT keeper FROM held"));
    std::vector<std::int64_t> gone;
    for (;;) {
      TRY(const bool is_there, query.step());
      if (!is_there) break;
      const auto keeper = query.integer(0);
      if (keeper != process_.number() && !process_.is_taken(keeper)) gone.push_back(keeper);
    }
    for (const auto keeper : gone) CHECK_OK(take_over_from(keeper, held));
    return {};
  });
  if (!taken) return {{}, taken.error()};
  std::ranges::sort(held.letters, {}, &engine::HeldLetter::id);
  return held;
}

Result<Plaintext> Outbox::held_text(HeldId held) {
  TRY(auto query,
      database_.prepare("SELECT peer, series, number, written, text FROM held WHERE id = ?1"));
  TRY(const bool is_there, query.bind(1, held.value).step());
  if (!is_there) return fail(Fault::store_failed);
  TRY(const auto row, read(query, 0));
  return open_text(key_, Direction::in, row);
}

Result<void> Outbox::shown(HeldId held) {
  TRY(auto drop, database_.prepare("DELETE FROM held WHERE id = ?1"));
  return drop.bind(1, held.value).run();
}

}  // namespace culver::store::sqlite
