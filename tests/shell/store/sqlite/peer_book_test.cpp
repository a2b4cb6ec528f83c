#include "shell/store/sqlite/peer_book.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/shell/host/temporary_folder.hpp"
#include "tests/support/keys.hpp"

namespace culver::store::sqlite {
namespace {

using culver::test::key;

class PeerBookFile : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_ / "peers.db"; }
  PeerBook open() {
    auto book = PeerBook::open(file());
    EXPECT_TRUE(book) << book.error().sentence;
    return std::move(*book);
  }
  void expect_unusable() {
    const auto book = PeerBook::open(file());
    ASSERT_FALSE(book);
    EXPECT_EQ(book.error().fault, Fault::store_failed);
    EXPECT_NE(book.error().sentence.find(file().string()), std::string::npos);
  }
  TemporaryFolder folder_;
};

TEST_F(PeerBookFile, KeepsFirstSeenAndTheNameAcrossVisits) {
  {
    auto book = open();
    ASSERT_TRUE(book.remember({key(1), Plaintext("Ana"), false}, "2025-01-01T00:00:00Z"));
    ASSERT_TRUE(book.remember({key(1), std::nullopt, false}, "2025-02-01T00:00:00Z"));
    ASSERT_TRUE(book.remember({key(1), Plaintext(""), false}, "2025-03-01T00:00:00Z"));
  }
  const auto peers = open().all();
  ASSERT_TRUE(peers);
  ASSERT_EQ(peers->size(), 1u);
  EXPECT_EQ(peers->front().key, key(1));
  EXPECT_EQ(peers->front().name, Plaintext("Ana"));
  EXPECT_EQ(peers->front().first_seen, "2025-01-01T00:00:00Z");
  EXPECT_EQ(peers->front().last_seen, "2025-03-01T00:00:00Z");
}

TEST_F(PeerBookFile, TakesANewNameAndListsTheLatestFirst) {
  auto book = open();
  ASSERT_TRUE(book.remember({key(1), std::nullopt, false}, "1"));
  ASSERT_TRUE(book.remember({key(2), Plaintext("Robert'); DROP TABLE peer;--"), false}, "2"));
  ASSERT_TRUE(book.remember({key(3), Plaintext("Ben"), false}, "0"));
  ASSERT_TRUE(book.remember({key(3), Plaintext("Benjamin"), false}, "3"));
  const auto peers = book.all();
  ASSERT_EQ(peers->size(), 3u);
  EXPECT_EQ(peers->at(0).name, Plaintext("Benjamin"));
  EXPECT_EQ(peers->at(1).name, Plaintext("Robert'); DROP TABLE peer;--"));
  EXPECT_EQ(peers->at(2).name, std::nullopt);
}

TEST_F(PeerBookFile, IsForItsOwnerOnly) {
  auto book = open();
  ASSERT_TRUE(book.remember({key(1), std::nullopt, false}, "1"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u) << entry.path();
  }
}

TEST_F(PeerBookFile, DamagedIsNotUsedAndNotReplaced) {
  write_file(file(), std::string(4096, 'x'));
  expect_unusable();
  EXPECT_EQ(read_file(file()), std::string(4096, 'x'));
}

TEST_F(PeerBookFile, OfANewerCulverIsLeftAlone) {
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database->execute("PRAGMA user_version = 99"));
  }
  expect_unusable();
}

TEST_F(PeerBookFile, InAFolderThatIsNotThereIsATrouble) {
  const auto book = PeerBook::open(folder_ / "absent" / "peers.db");
  ASSERT_FALSE(book);
  EXPECT_EQ(book.error().fault, Fault::store_failed);
}

TEST_F(PeerBookFile, IsSharedByProcesses) {
  constexpr int processes = 4, peers_each = 25;
  for (int p = 0; p < processes; ++p) {
    if (fork() != 0) continue;
    bool good = true;
    for (int i = 0; i < peers_each; ++i) {
      auto book = PeerBook::open(file());
      good &= book && book->remember({key(p * peers_each + i), std::nullopt, false}, "1");
    }
    _exit(good ? 0 : 1);
  }
  for (int p = 0; p < processes; ++p) {
    int status = 0;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(open().all()->size(), static_cast<std::size_t>(processes * peers_each));
}

TEST_F(PeerBookFile, RefusesARowThatIsNotAPeer) {
  auto book = open();
  auto database = Database::open(file());
  EXPECT_FALSE(database->execute(
      "INSERT INTO peer (public_key, first_seen, last_seen) VALUES (x'00', '1', '1')"));
}

/// The only row.
KnownPeer only(PeerBook& book) {
  const auto peers = book.all();
  EXPECT_TRUE(peers && peers->size() == 1);
  return peers->at(0);
}

TEST_F(PeerBookFile, OfTheFirstVersionKeepsItsRows) {
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database->execute(
        "CREATE TABLE peer (public_key BLOB PRIMARY KEY NOT NULL CHECK (length(public_key) = 32),"
        " name TEXT, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL) WITHOUT ROWID;"
        "INSERT INTO peer VALUES (zeroblob(32), 'A' || char(27) || 'na', 'then', 'now');"
        "PRAGMA user_version = 1"));
  }
  auto book = open();
  const auto peer = only(book);
  EXPECT_EQ(peer.name, Plaintext("Ana"));
  EXPECT_EQ(peer.first_seen, "then");
  EXPECT_FALSE(peer.alias || peer.is_verified || peer.is_blocked || peer.is_culver);
  EXPECT_TRUE(peer.offered.empty());
}

TEST_F(PeerBookFile, KeepsWhatAPersonSaysOfAPeer) {
  {
    auto book = open();
    ASSERT_TRUE(book.remember({key(1), Plaintext("Ana"), true}, "1"));
    ASSERT_TRUE(book.rename(key(1), Plaintext(" Sister\n")));
    ASSERT_TRUE(book.set_verified(key(1), true));
    ASSERT_TRUE(book.set_blocked(key(1), true));
    ASSERT_TRUE(book.keep_offered(key(1), key(9), engine::KeyStanding::proven));
    ASSERT_TRUE(book.remember({key(1), Plaintext("Anna"), true}, "2"));
  }
  auto book = open();
  const auto peer = only(book);
  EXPECT_EQ(peer.name, Plaintext("Anna"));
  EXPECT_EQ(peer.alias, Plaintext("Sister"));
  EXPECT_EQ(peer.as_known().called(), Plaintext("Sister"));
  EXPECT_EQ(peer.offered, std::vector{key(9)});
  EXPECT_TRUE(peer.is_verified && peer.is_blocked && peer.is_culver);
  ASSERT_TRUE(book.rename(key(1), std::nullopt));
  ASSERT_TRUE(book.set_verified(key(1), false));
  ASSERT_TRUE(book.set_blocked(key(1), false));
  EXPECT_EQ(only(book).as_known().called(), Plaintext("Anna"));
  EXPECT_FALSE(only(book).is_verified || only(book).is_blocked);
  ASSERT_TRUE(book.forget(key(1)));
  EXPECT_TRUE(book.all()->empty());
}

TEST_F(PeerBookFile, AKeyThatWasOnceACulversStaysOne) {
  auto book = open();
  ASSERT_TRUE(book.remember({key(1), std::nullopt, true}, "1"));
  EXPECT_TRUE(only(book).is_culver);
  ASSERT_TRUE(book.remember({key(1), std::nullopt, false}, "2"));
  EXPECT_TRUE(only(book).is_culver);
}

TEST_F(PeerBookFile, KeepsTheNamesThatAPeerHadBefore) {
  auto book = open();
  for (const char* name : {"ana", "Ana", "laptop", "ana", "ana"})
    ASSERT_TRUE(book.remember({key(1), Plaintext(name), true}, "1"));
  const std::vector<Plaintext> before{Plaintext("ana"), Plaintext("Ana"), Plaintext("laptop")};
  EXPECT_EQ(only(book).earlier, before);
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(book.remember({key(1), Plaintext("n" + std::to_string(i)), true}, "1"));
  EXPECT_EQ(only(book).earlier.size(), engine::Known::earlier_names);
  EXPECT_EQ(only(book).earlier.back(), Plaintext("n18"));
  ASSERT_TRUE(book.forget(key(1)));
  ASSERT_TRUE(book.remember({key(1), std::nullopt, true}, "2"));
  EXPECT_TRUE(only(book).earlier.empty());
}

TEST_F(PeerBookFile, SaysThatItDoesNotHaveAPeer) {
  auto book = open();
  ASSERT_TRUE(book.remember({key(1), std::nullopt, false}, "1"));
  const auto nobody = key(2);
  for (const auto& result :
       {book.rename(nobody, Plaintext("x")), book.set_verified(nobody, true),
        book.set_blocked(nobody, true),
        book.keep_offered(nobody, key(3), engine::KeyStanding::proven), book.trust(nobody, key(3)),
        book.trust(key(1), key(3)), book.forget(nobody)})
    EXPECT_EQ(result.error(), Fault::no_such_peer);
  EXPECT_EQ(only(book).key, key(1));
}

class TakingOver : public PeerBookFile {
 protected:
  void SetUp() override {
    auto book = open();
    ASSERT_TRUE(book.remember({key(1), Plaintext("Ana"), true}, "1"));
    ASSERT_TRUE(book.rename(key(1), Plaintext("Sister")));
    ASSERT_TRUE(book.set_verified(key(1), true));
    ASSERT_TRUE(book.set_blocked(key(1), true));
    ASSERT_TRUE(book.keep_offered(key(1), key(2), engine::KeyStanding::proven));
  }
  void expect_taken_over() {
    auto book = open();
    const auto peer = only(book);
    EXPECT_EQ(peer.key, key(2));
    EXPECT_EQ(peer.name, Plaintext("Ana"));
    EXPECT_EQ(peer.alias, Plaintext("Sister"));
    EXPECT_EQ(peer.first_seen, "1");
    EXPECT_FALSE(peer.is_verified);
    EXPECT_TRUE(peer.is_blocked);
    EXPECT_TRUE(peer.offered.empty());
  }
};

TEST_F(TakingOver, IsWhatTrustDoesForTheKeyThatWaits) {
  ASSERT_TRUE(open().trust(key(1), key(2)));
  expect_taken_over();
}

TEST_F(TakingOver, HappensForAKeyThatWaitsOnly) {
  EXPECT_EQ(open().trust(key(1), key(3)).error(), Fault::no_such_peer);
  auto book = open();
  EXPECT_EQ(only(book).key, key(1));
  EXPECT_EQ(only(book).offered, std::vector{key(2)});
  EXPECT_TRUE(only(book).is_verified);
}

/// Whoever asks for a pairing says which key is theirs and how they are called.
TEST_F(TakingOver, IsNotKeptFromTheRightKeyByClaims) {
  auto book = open();
  for (std::uint8_t n = 20; n < 30; ++n)
    ASSERT_TRUE(book.keep_offered(key(1), key(n), engine::KeyStanding::claimed));
  const auto claims = std::vector{key(2), key(27), key(28), key(29)};
  EXPECT_EQ(only(book).offered, claims) << "the newest claims, beside what was proven";
  for (std::uint8_t n = 3; n < 6; ++n)
    ASSERT_TRUE(book.keep_offered(key(1), key(n), engine::KeyStanding::proven));
  ASSERT_TRUE(book.keep_offered(key(1), key(30), engine::KeyStanding::claimed));
  const auto proven = std::vector{key(2), key(3), key(4), key(5)};
  EXPECT_EQ(only(book).offered, proven);
  ASSERT_TRUE(book.trust(key(1), key(2)));
  EXPECT_TRUE(only(book).offered.empty());
}

TEST_F(PeerBookFile, ProvesAKeyThatWasClaimedBefore) {
  auto book = open();
  ASSERT_TRUE(book.remember({key(1), Plaintext("Ana"), true}, "1"));
  ASSERT_TRUE(book.keep_offered(key(1), key(2), engine::KeyStanding::claimed));
  ASSERT_TRUE(book.keep_offered(key(1), key(2), engine::KeyStanding::proven));
  ASSERT_TRUE(book.keep_offered(key(1), key(2), engine::KeyStanding::claimed));
  for (std::uint8_t n = 20; n < 30; ++n)
    ASSERT_TRUE(book.keep_offered(key(1), key(n), engine::KeyStanding::claimed));
  EXPECT_EQ(only(book).offered.front(), key(2));
}

TEST_F(TakingOver, IsPartOfAMeeting) {
  ASSERT_TRUE(open().remember({key(2), std::nullopt, true, key(1)}, "5"));
  expect_taken_over();
  auto book = open();
  EXPECT_EQ(only(book).last_seen, "5");
}

TEST_F(TakingOver, JoinsTwoRows) {
  ASSERT_TRUE(open().remember({key(2), Plaintext("Ana"), true}, "0"));
  EXPECT_TRUE(open().all()->at(0).offered.empty()) << "a key of its own waits no more";
  ASSERT_TRUE(open().remember({key(2), std::nullopt, true, key(1)}, "5"));
  auto book = open();
  EXPECT_EQ(only(book).first_seen, "0");
  EXPECT_EQ(only(book).alias, Plaintext("Sister"));
  EXPECT_TRUE(only(book).is_blocked);
}

TEST_F(TakingOver, OfNobodyIsAMeetingLikeAnyOther) {
  auto book = open();
  ASSERT_TRUE(book.forget(key(1)));
  ASSERT_TRUE(book.remember({key(2), Plaintext("Ana"), true, key(1)}, "5"));
  EXPECT_EQ(only(book).first_seen, "5");
  ASSERT_TRUE(book.remember({key(2), Plaintext("Ana"), true, key(2)}, "6"));
  EXPECT_EQ(only(book).first_seen, "5");
}

TEST_F(TakingOver, HappensAsAWholeOrNotAtAll) {
  auto book = open();
  {
    auto database = Database::open(file());
    ASSERT_TRUE(
        database->execute("CREATE TRIGGER no BEFORE DELETE ON peer BEGIN"
                          " SELECT RAISE(ABORT, 'no'); END"));
  }
  EXPECT_EQ(book.trust(key(1), key(2)).error(), Fault::store_failed);
  EXPECT_EQ(book.remember({key(2), std::nullopt, true, key(1)}, "5").error(), Fault::store_failed);
  EXPECT_EQ(only(book).key, key(1));
  EXPECT_EQ(only(book).offered, std::vector{key(2)});
  EXPECT_EQ(only(book).last_seen, "1");
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database->execute("DROP TRIGGER no"));
  }
  EXPECT_TRUE(book.trust(key(1), key(2))) << "the transaction that failed is over";
}

}  // namespace
}  // namespace culver::store::sqlite
