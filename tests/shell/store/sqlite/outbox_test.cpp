#include "shell/store/sqlite/outbox.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/store/sqlite/peer_book.hpp"
#include "tests/shell/host/temporary_folder.hpp"
#include "tests/support/keys.hpp"

namespace culver::store::sqlite {
namespace {

using wire::peer::Letter;
using wire::peer::LetterName;
using wire::peer::SeriesId;

using culver::test::key;
Secret<32> secret(int number) {
  std::array<std::byte, 32> bytes{};
  bytes[0] = static_cast<std::byte>(number);
  Secret<32> made;
  std::ranges::copy(bytes, made.expose_to_fill().begin());
  return made;
}
SeriesId series(int number) {
  SeriesId made;
  made.data[0] = static_cast<std::byte>(number);
  made.data[1] = static_cast<std::byte>(number >> 8);
  return made;
}
Letter letter(int of, std::uint64_t number, const std::string& text = "hello") {
  return {{series(of), number}, 1, 5, Plaintext(text)};
}

class OutboxFile : public testing::Test {
 protected:
  void SetUp() override {
    for (int n : {1, 2}) ASSERT_TRUE(book().remember({key(n), Plaintext("Ana"), true}, "2025"));
  }
  PeerBook book() { return std::move(*PeerBook::open(folder_ / "peers.db")); }
  Outbox open(int identity = 7) {
    auto box = Outbox::open(folder_.path(), secret(identity));
    EXPECT_TRUE(box) << box.error().sentence;
    return std::move(*box);
  }
  void execute(const char* sql) {
    ASSERT_TRUE(Database::open(folder_ / "peers.db")->execute(sql)) << sql;
  }
  TemporaryFolder folder_;
};

TEST_F(OutboxFile, KeepsTheOrderAcrossProcesses) {
  LetterId first;
  {
    auto one = open(), other = open();
    first = *one.post(key(1), Plaintext("a"), 10);
    ASSERT_TRUE(other.post(key(1), Plaintext("b"), 20));
    ASSERT_TRUE(one.post(key(1), Plaintext("c"), 30));
    ASSERT_TRUE(one.post(key(2), Plaintext("for another"), 40));
  }
  auto box = open();
  const auto queue = box.load(key(1), LetterId{0}, 16);
  ASSERT_FALSE(queue.fault);
  ASSERT_EQ(queue.letters.size(), 3u);
  EXPECT_EQ(queue.letters[0].text, Plaintext("a"));
  EXPECT_EQ(queue.letters[1].text, Plaintext("b"));
  EXPECT_EQ(queue.letters[2].text, Plaintext("c"));
  EXPECT_EQ(queue.letters[2].written, 30);
  EXPECT_EQ(queue.letters[0].name.series, queue.letters[2].name.series);
  EXPECT_EQ(queue.letters[2].name.number, 2u);
  EXPECT_NE(queue.letters[0].name.series, queue.letters[1].name.series);
  EXPECT_EQ(box.load(key(1), first, 1).letters.at(0).text, Plaintext("b"));
  const std::array gone{first};
  ASSERT_TRUE(box.remove(gone));
  EXPECT_EQ(box.all()->size(), 3u);
}

TEST_F(OutboxFile, AProcessThatBeginsAnewWritesAnotherSeries) {
  ASSERT_TRUE(open().post(key(1), Plaintext("a"), 1));
  ASSERT_TRUE(open().post(key(1), Plaintext("b"), 1));
  const auto queue = open().load(key(1), LetterId{0}, 16);
  EXPECT_NE(queue.letters.at(0).name.series, queue.letters.at(1).name.series);
  EXPECT_EQ(queue.letters.at(1).name.number, 1u);
}

TEST_F(OutboxFile, IsForPeersOfTheBook) {
  EXPECT_EQ(open().post(key(9), Plaintext("a"), 1).error(), Fault::no_such_peer);
}

TEST_F(OutboxFile, IsBounded) {
  auto box = open();
  execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
      " INSERT INTO letter (peer, series, number, written, text)"
      " SELECT public_key, zeroblob(16), i, 0, x'00' FROM n, peer WHERE public_key ="
      " (SELECT min(public_key) FROM peer)");
  EXPECT_TRUE(box.post(key(1), Plaintext("the thousandth"), 1));
  EXPECT_EQ(box.post(key(1), Plaintext("one more"), 1).error(), Fault::outbox_full);
  EXPECT_TRUE(box.post(key(2), Plaintext("for another"), 1));
  execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8999)"
      " INSERT INTO letter (peer, series, number, written, text)"
      " SELECT randomblob(32), zeroblob(16), i, 0, x'00' FROM n");
  EXPECT_EQ(box.post(key(2), Plaintext("too many in all"), 1).error(), Fault::outbox_full);
}

TEST_F(OutboxFile, NoTextIsOnTheDiskInClear) {
  {
    auto box = open();
    ASSERT_TRUE(box.post(key(1), Plaintext("what nobody may read"), 1));
    ASSERT_TRUE(box.keep(key(1), letter(1, 1, "what nobody may read")));
  }
  for (const auto* name : {"peers.db", "peers.db-wal"})
    EXPECT_EQ(read_file(folder_ / name).find("nobody may read"), std::string::npos) << name;
}

TEST_F(OutboxFile, ARowThatWasChangedIsNotShownAndStopsItsQueue) {
  auto box = open();
  ASSERT_TRUE(box.post(key(1), Plaintext("a"), 1));
  ASSERT_TRUE(box.post(key(1), Plaintext("b"), 1));
  ASSERT_TRUE(box.post(key(1), Plaintext("c"), 1));
  execute("UPDATE letter SET written = 2 WHERE id = 2");
  const auto queue = box.load(key(1), LetterId{0}, 16);
  EXPECT_EQ(queue.letters.size(), 1u);
  EXPECT_EQ(queue.fault, Fault::letter_unreadable);
  const auto rows = box.all();
  EXPECT_FALSE(rows->at(1).text);
  EXPECT_EQ(rows->at(2).text, Plaintext("c"));
  const std::array bad{LetterId{2}};
  ASSERT_TRUE(box.remove(bad));
  EXPECT_FALSE(box.load(key(1), LetterId{0}, 16).fault);
}

TEST_F(OutboxFile, AnotherIdentityReadsNothing) {
  ASSERT_TRUE(open(7).post(key(1), Plaintext("a"), 1));
  EXPECT_EQ(open(8).load(key(1), LetterId{0}, 16).fault, Fault::letter_unreadable);
}

TEST_F(OutboxFile, AnExchangeOfTwoTextsIsNoticed) {
  auto box = open();
  ASSERT_TRUE(box.post(key(1), Plaintext("a"), 1));
  ASSERT_TRUE(box.post(key(1), Plaintext("b"), 1));
  execute("UPDATE letter SET text = (SELECT text FROM letter WHERE id = 2) WHERE id = 1");
  EXPECT_EQ(box.load(key(1), LetterId{0}, 16).fault, Fault::letter_unreadable);
}

TEST_F(OutboxFile, TakesEachLetterOnce) {
  auto one = open(), other = open();
  EXPECT_TRUE(*one.keep(key(1), letter(1, 1)));
  EXPECT_FALSE(*other.keep(key(1), letter(1, 1))) << "the same, by another process";
  EXPECT_TRUE(*other.keep(key(1), letter(1, 5))) << "what was dropped leaves a hole";
  EXPECT_FALSE(*one.keep(key(1), letter(1, 4)));
  EXPECT_TRUE(*one.keep(key(1), letter(2, 1))) << "another series";
  EXPECT_TRUE(*one.keep(key(2), letter(1, 1))) << "another peer";
}

TEST_F(OutboxFile, RemembersTheSeriesThatWereUsedLast) {
  auto box = open();
  for (int n = 1; n <= Outbox::series_per_peer; ++n)
    ASSERT_TRUE(*box.keep(key(1), letter(n, 1))) << n;
  ASSERT_TRUE(*box.keep(key(1), letter(1, 2)));
  ASSERT_TRUE(*box.keep(key(1), letter(1'000, 1)));
  EXPECT_FALSE(*box.keep(key(1), letter(1, 2))) << "was used again";
  EXPECT_FALSE(*box.keep(key(1), letter(3, 1)));
  EXPECT_TRUE(*box.keep(key(1), letter(2, 1))) << "the one that was used longest ago is forgotten";
}

TEST_F(OutboxFile, WhatALivingProcessHoldsIsItsOwn) {
  auto living = open();
  const auto held = *living.keep(key(1), letter(1, 1));
  auto next = open();
  EXPECT_TRUE(next.take_over().letters.empty());
  EXPECT_TRUE(living.take_over().letters.empty());
  ASSERT_TRUE(living.shown(*held));
}

TEST_F(OutboxFile, WhatADeadProcessHeldIsTakenOverOnceAndInOrder) {
  const auto child = fork();
  if (child == 0) {
    auto box = open();
    bool done = true;
    for (std::uint64_t n = 1; n <= 3; ++n) done &= box.keep(key(1), letter(1, n)).has_value();
    _exit(done ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  auto one = open(), other = open();
  const auto held = one.take_over();
  ASSERT_FALSE(held.fault);
  ASSERT_EQ(held.letters.size(), 3u);
  for (std::uint64_t n = 1; n <= 3; ++n) EXPECT_EQ(held.letters[n - 1].name.number, n);
  EXPECT_EQ(held.letters[0].text, Plaintext("hello"));
  EXPECT_TRUE(other.take_over().letters.empty());
  ASSERT_TRUE(one.shown(held.letters[0].id));
}

/// The book and the letters are two connections of one process to one file.
TEST_F(OutboxFile, SeesWhatAnotherProcessWritesBesideTheBook) {
  int start[2];
  ASSERT_EQ(pipe(start), 0);
  const auto child = fork();
  if (child == 0) {
    char word = 0;
    if (read(start[0], &word, 1) != 1) _exit(2);
    bool done = false;
    {
      auto box = open();
      done = box.post(key(1), Plaintext("from elsewhere"), 1).has_value();
    }
    _exit(done ? 0 : 1);
  }
  auto peers = book();
  auto box = open();
  ASSERT_TRUE(peers.all());
  EXPECT_TRUE(box.load(key(1), LetterId{0}, 16).letters.empty());
  ASSERT_EQ(write(start[1], "x", 1), 1);
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(box.load(key(1), LetterId{0}, 16).letters.size(), 1u);
  EXPECT_TRUE(peers.set_blocked(key(1), true));
  EXPECT_TRUE(book().all()->at(0).is_blocked || book().all()->at(1).is_blocked);
}

TEST_F(OutboxFile, OfWhatCannotBeReadTheRestIsShown) {
  {
    auto box = open();
    ASSERT_TRUE(box.keep(key(1), letter(1, 1)));
    ASSERT_TRUE(box.keep(key(1), letter(1, 2)));
  }
  execute("UPDATE held SET text = zeroblob(40) WHERE number = 1");
  const auto held = open().take_over();
  EXPECT_EQ(held.letters.size(), 1u);
  EXPECT_EQ(held.fault, Fault::letter_unreadable);
}

TEST_F(OutboxFile, GoesWithItsPeer) {
  auto box = open();
  ASSERT_TRUE(box.post(key(1), Plaintext("a"), 1));
  ASSERT_TRUE(box.post(key(2), Plaintext("b"), 1));
  ASSERT_TRUE(box.keep(key(1), letter(1, 1)));
  ASSERT_TRUE(book().forget(key(1)));
  EXPECT_EQ(box.all()->size(), 1u);
  EXPECT_TRUE(*box.keep(key(1), letter(1, 1))) << "what was heard of it is forgotten too";
}

TEST_F(OutboxFile, IsMadeInABookThatIsThereAlready) {
  const auto file = folder_ / "old" / "peers.db";
  std::filesystem::create_directory(folder_ / "old");
  {
    auto database = Database::open(file);
    ASSERT_TRUE(database->execute(
        "CREATE TABLE peer (public_key BLOB PRIMARY KEY NOT NULL CHECK (length(public_key) = 32),"
        " name TEXT, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL) WITHOUT ROWID;"
        "INSERT INTO peer VALUES (zeroblob(32), 'Ana', '1', '2'); PRAGMA user_version = 1"));
  }
  auto box = Outbox::open(folder_ / "old", secret(1));
  ASSERT_TRUE(box);
  EXPECT_TRUE(box->post({}, Plaintext("a"), 1));
}

TEST_F(OutboxFile, IsForItsOwnerOnly) {
  auto box = open();
  struct stat status {};
  ASSERT_EQ(stat((folder_ / "letters.lock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(OutboxFile, ReadsOneThatIsKept) {
  auto box = open();
  const auto held = *box.keep(key(1), letter(1, 1, "hello"));
  EXPECT_EQ(*open().held_text(*held), Plaintext("hello"));
  EXPECT_EQ(open(8).held_text(*held).error(), Fault::letter_unreadable) << "another identity";
  ASSERT_TRUE(box.shown(*held));
  EXPECT_EQ(box.held_text(*held).error(), Fault::store_failed);
}

}  // namespace
}  // namespace culver::store::sqlite
